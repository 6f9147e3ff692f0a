"""The field for a time in words. What it is understood as fills the date, the time and the zone while it is typed."""

import streamlit as st

from core.errors import PunctualError
from core.time.written_refusals import TimeInPast, UnclearTime, WrittenTime
from core.time.written_times import read_time, understood
from ui.compose import late_fields, time_fields
from ui.frame.application import application
from ui.frame.failures import markdown
from ui.frame.wording import escape

PAUSE = "300ms"
"""After a pause of this length, the text is read, while the field keeps the focus."""
_EXAMPLES = "tomorrow 9am, next fri 17:30, in 2 weeks"


def written_field(key: str) -> None:
    """Draw the field, and what its text is understood as, or the reason why it is not, with the choices if it has."""
    with st.container():  # what comes and goes in here does not move the fields below, so they keep the focus
        _field(key)
        _show_reading(key)


def _field(key: str) -> None:
    st.text_input(
        "When, in words (optional)",
        key=time_fields.words_key(key),
        placeholder=_EXAMPLES,
        live=PAUSE,
        on_change=_read,
        args=(key,),
        autocomplete="off",
        persist_state="session",
        help="Type a day and a time, and a city if another time zone is meant. It fills the fields below.",
    )


def _show_reading(key: str) -> None:
    reading: WrittenTime | PunctualError | None = st.session_state.get(time_fields.reading_key(key))
    if isinstance(reading, WrittenTime):
        st.caption(f":green[:material/check:] {escape(understood(reading, application().clock()))}")
    elif isinstance(reading, UnclearTime):
        st.caption(f":red[:material/help: {escape(str(reading))}] Which one?")
        with st.container(horizontal=True):
            for number, choice in enumerate(reading.choices):
                st.button(escape(choice), key=f"{key}-choice-{number}", on_click=_choose, args=(key, choice))
    elif reading is not None:
        st.caption(f":red[:material/error:] {markdown(reading)}")


def catch_up(key: str) -> None:
    """Let the fields have what a person has entered last. Call it first in a callback that uses their time.

    The callback of a button may run before those of the fields, with words that are not read yet, and with a date and a
    time that the tab sent before it showed what the words mean.
    """
    words, read = (st.session_state.get(each(key)) or "" for each in (time_fields.words_key, time_fields.read_key))
    late_fields.bring_back(key, application().clock())
    if words != read:
        _read(key)


def _choose(key: str, words: str) -> None:
    st.session_state[time_fields.words_key(key)] = words
    _read(key)


def _read(key: str) -> None:
    """Read the text, and fill the fields with what it means."""
    state = st.session_state
    state[time_fields.read_key(key)] = state[time_fields.words_key(key)]
    words = (state[time_fields.words_key(key)] or "").strip()
    state[time_fields.reading_key(key)] = None
    if not words:
        return
    chosen = time_fields.chosen_time(key)
    try:
        reading = read_time(words, chosen.zone, application().clock())
    except TimeInPast as error:
        state[time_fields.reading_key(key)] = error
        reading = error.written
    except PunctualError as error:
        state[time_fields.reading_key(key)] = error
        return
    else:
        state[time_fields.reading_key(key)] = reading
    time_fields.replace(key, time_fields.ChosenTime.of(reading))
