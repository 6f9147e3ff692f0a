"""The bar of Compose with the Schedule button: a part of the time card, and fixed at the bottom on a phone."""

from pathlib import Path

import streamlit as st

from core.errors import PunctualError
from core.time.instants import wall_time
from core.time.phrases import calendar_day, city, clock_time
from ui.compose import draft_fields, next_free, time_fields
from ui.frame.class_name import class_name
from ui.frame.state import widget_key
from ui.frame.wording import promised_time

SHORTCUT = "Ctrl+Enter"
_HTML = """
<div>
<button type="button" class="time-button" data-sheet="when" aria-expanded="false" aria-label="Change the time">
<span class="time"></span>
</button>
<button type="button" data-sheet="preview" aria-expanded="false">Preview</button>
</div>
"""
_CSS = """
div { display: flex; gap: 0.5rem; align-items: stretch; }
.time-button { flex: 1 1 auto; min-width: 0; }
button {
    padding: 0.3rem 0.6rem; border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius, 0.6rem);
    background: var(--st-secondary-background-color); color: var(--st-text-color); font: inherit; font-size: 0.8rem;
    line-height: 1.25; text-align: left; cursor: pointer; min-height: 2.75rem;
}
button[aria-expanded="true"] { border-color: var(--st-primary-color); }
button:focus-visible { outline: 2px solid var(--st-link-color); outline-offset: 2px; }
"""
_sheet_buttons = st.components.v2.component(
    "punctual_compose_bar", html=_HTML, css=_CSS, js=Path(__file__).with_suffix(".js").read_text()
)


def schedule_key(draft: str) -> str:
    """Return the key of the Schedule button."""
    return widget_key("schedule", draft)


def sheet_buttons(draft: str) -> None:
    """Draw the buttons of a phone that open the time and the preview. They also listen for the shortcut of Schedule."""
    keys = {"schedule": schedule_key(draft), "text": draft_fields.text_key(draft)}
    data = {"time": _planned_time(draft), "draft": draft} | {name: class_name(key) for name, key in keys.items()}
    with st.container(key="compose-sheets"):
        _sheet_buttons(key="compose-sheet-buttons", data=data)


def _planned_time(draft: str) -> str:
    """Return the time at which the post would go out, in a few words."""
    key = draft_fields.time_key(draft)
    try:
        if next_free.is_next_free(key):
            chosen = next_free.named_time(key, st.session_state[draft_fields.destinations_key(draft)])
            return f"Next free: {_in_words(chosen)}"
        return _in_words(time_fields.time_to_schedule(key))
    except PunctualError:
        return "Choose a time"


def _in_words(chosen: time_fields.ChosenTime) -> str:
    at, zone = chosen.instant, chosen.zone
    return f"{calendar_day(wall_time(at, zone).date())}, {promised_time(clock_time(at, zone), zone)} {city(zone)}"
