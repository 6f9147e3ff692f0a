"""Keeps the sentence about a time current while the date or the time field has the focus.

Streamlit sends the value of these fields once they lose the focus, reads "9:30pm" as 09:30 and "24:00" as 04:00. Here
the browser sends what the fields show after each pause, takes am and pm, and refuses what is no time in words.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

import streamlit as st

from ui.compose import time_fields
from ui.frame.class_name import class_name

_HTML = """
<output class="refused" aria-live="assertive"></output>
"""
_CSS = """
.refused { color: var(--st-red-text-color); font-size: 0.875rem; }
.refused:empty { display: none; }
"""
_component = st.components.v2.component(
    "punctual_typed_time", html=_HTML, css=_CSS, js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
)


def watch_typed_time(key: str) -> None:
    """Watch the date and the time field under `key`; draw why typed digits are no time."""
    fields = {name: class_name(f"{key}-{name}") for name in ("date", "time")}
    _component(key=_key(key), data=fields, on_typed_change=lambda: _note(key))


def _note(key: str) -> None:
    sent: Any = st.session_state.get(_key(key))
    try:
        typed = sent["typed"]
        wall = datetime.fromisoformat(f"{typed['date']}T{typed['time']}")
    except (KeyError, TypeError, ValueError):
        return  # a field is half empty
    if wall.tzinfo is None:
        time_fields.note_typed_wall(key, wall)


def _key(key: str) -> str:
    return f"{key}-typing"
