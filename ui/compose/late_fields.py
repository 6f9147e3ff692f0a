"""Values of fields that the tab sends before it shows the ones that replaced them.

A click or a timer sends all fields as the tab shows them. If an action has put other values into the fields a moment
before, the old ones would return with it: an old text would be saved, or a post scheduled for an old time.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import streamlit as st

from ui.frame.state import widget_key

LATE = timedelta(seconds=5)
"""How long after new values old ones count as late. Later, a person has entered them again."""


@dataclass(frozen=True, kw_only=True)
class _Replaced:
    """The new values of the changed fields, by key, and what the `deciding` fields showed `before`, latest last."""

    at: datetime
    deciding: tuple[str, ...]
    before: tuple[list[Any], ...]
    values: dict[str, Any]


@contextmanager
def replacing(owner: str, deciding: Sequence[str], now: datetime) -> Iterator[None]:
    """Note what the body puts into the fields whose keys contain `owner`, a draft or a post.

    `deciding` are the keys of fields by which `bring_back` knows the old values.
    """
    shown, before = _shown(deciding), _values(owner)
    yield
    changed = {key: value for key, value in _values(owner).items() if key in before and before[key] != value}
    if changed:
        noted = _fresh(owner, now)
        if noted is None or noted.deciding != tuple(deciding):
            noted = _Replaced(at=now, deciding=tuple(deciding), before=(), values={})
        st.session_state[_key(owner)] = replace(
            noted, at=now, before=(*noted.before, shown), values=noted.values | changed
        )


def bring_back(owner: str, now: datetime) -> bool:
    """Put the new values back, if the tab has sent older ones; return whether it has.

    Call it in a callback, or before the fields are drawn. Once a person has changed a field, nothing is late.
    """
    noted = _fresh(owner, now)
    if noted is None:
        return False
    shown = _shown(noted.deciding)
    if shown == [noted.values.get(key, value) for key, value in zip(noted.deciding, shown, strict=True)]:
        return False
    if shown not in noted.before:
        del st.session_state[_key(owner)]
        return False
    for key, value in noted.values.items():
        st.session_state[key] = value
    return True


def _fresh(owner: str, now: datetime) -> _Replaced | None:
    noted: _Replaced | None = st.session_state.get(_key(owner))
    return noted if noted is not None and now - noted.at < LATE else None


def _shown(keys: Sequence[str]) -> list[Any]:
    return [st.session_state.get(key) for key in keys]


def _values(owner: str) -> dict[str, Any]:
    return {str(key): value for key, value in st.session_state.items() if owner in str(key)}


def _key(owner: str) -> str:
    return widget_key("replaced-fields", owner)
