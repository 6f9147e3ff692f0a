"""Values of a draft's fields that the tab sends before it shows the ones that replaced them.

A click or a timer sends all fields as the tab shows them. If another content was put into the fields a moment before,
the old values would return with it, and be saved over the new ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import streamlit as st

from ui.frame.state import widget_key

LATE = timedelta(seconds=5)
"""How long after new values old ones count as late. Later, a person has entered them again."""


@dataclass(frozen=True, kw_only=True)
class _Replaced:
    """The changed values of fields, each before and after, by key. `deciding` are keys of fields that tell whether a
    request is late.
    """

    at: datetime
    values: Mapping[str, tuple[Any, Any]]
    deciding: Sequence[str]


def field_values(draft: str) -> dict[str, Any]:
    """Return the values of the fields of a draft, by key."""
    return {str(key): value for key, value in st.session_state.items() if draft in str(key)}


def note_replaced(draft: str, before: Mapping[str, Any], text_keys: Sequence[str], now: datetime) -> None:
    """Note that the fields of a draft, whose values were `before`, have new ones."""
    after = field_values(draft)
    changed = {key: (before[key], after[key]) for key in before.keys() & after.keys() if before[key] != after[key]}
    deciding = [key for key in text_keys if key in changed] or list(changed)
    st.session_state[_key(draft)] = _Replaced(at=now, values=changed, deciding=deciding)


def bring_back(draft: str, now: datetime) -> bool:
    """Put the new values back, if the tab has sent the ones before; return whether it has.

    Call it before a run uses the fields. Once a person has changed a field, nothing is late.
    """
    noted: _Replaced | None = st.session_state.get(_key(draft))
    if noted is None:
        return False
    shown = {key: st.session_state.get(key) for key in noted.deciding}
    late = now - noted.at < LATE and any(shown[key] == noted.values[key][0] for key in shown)
    if late:
        for key, (_, new) in noted.values.items():
            st.session_state[key] = new
    elif any(shown[key] != noted.values[key][1] for key in shown):
        del st.session_state[_key(draft)]
    return late


def _key(draft: str) -> str:
    return widget_key("replaced-fields", draft)
