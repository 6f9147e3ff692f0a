"""The second look in Compose: warnings about the draft above the Schedule button, and the choice of warnings."""

from collections.abc import Callable
from datetime import time, timedelta

import streamlit as st
from babel import Locale

from core.errors import PunctualError
from core.posts.models import Post
from core.scheduling.caution_settings.port import (
    MAX_CLOSE_MINUTES,
    MAX_SAME_TEXT_DAYS,
    CautionKind,
    CautionSettings,
)
from core.scheduling.cautions import Caution
from core.time.holidays import countries
from ui.frame.application import application
from ui.frame.callbacks import callback, dialog_callback, flash, show_error
from ui.frame.dialogs import defer, dialog_buttons
from ui.frame.redraw import draw_again
from ui.frame.wording import escape

CHECKING_EVERY = timedelta(seconds=2)
"""How often the warnings are read while links are checked."""
SWITCHES: dict[CautionKind, str] = {
    "same text": "The same text to the same account",
    "close posts": "Two posts to an account close to each other",
    "quiet hours": "Posts in quiet hours",
    "holidays": "Posts on public holidays",
    "alt text": "Pictures without a description",
    "links": "Links to pages that do not exist",
}
"""The warnings by their names in the dialog."""


def second_look(planned: Callable[[], Post]) -> None:
    """Draw the warnings about the post that `planned` returns. An incomplete draft has none."""
    post = _post(planned)
    checking = post is not None and application().second_look.is_checking(post)
    st.fragment(_warnings, run_every=CHECKING_EVERY if checking else None)(planned, checking)


def choose_warnings_button() -> None:
    """Draw the button that opens the dialog of the settings."""
    st.button(
        "Choose warnings",
        key="choose-warnings",
        type="tertiary",
        icon=":material/tune:",
        on_click=_open_dialog,
    )


def _post(planned: Callable[[], Post]) -> Post | None:
    try:
        return planned()
    except PunctualError:  # Schedule says what is missing
        return None


def _warnings(planned: Callable[[], Post], was_checking: bool) -> None:
    post = _post(planned)
    if post is None:
        return
    app = application()
    try:
        found = app.second_look.cautions(post)
    except PunctualError as error:
        st.caption(f":material/visibility_off: {escape(str(error))} {error.hint}")
        return
    if found:
        st.warning("\n\n".join(map(_line, found)), icon=":material/visibility:")
    if app.second_look.is_checking(post) != was_checking:
        draw_again()  # the next run of the page starts or stops the refresh


def _line(caution: Caution) -> str:
    return f"**{escape(caution.problem)}**  \n{escape(caution.remedy)}"


@callback
def _open_dialog() -> None:
    """Fill the fields of the dialog, and open it."""
    settings = application().second_look.settings()
    for kind in SWITCHES:
        st.session_state[_switch(kind)] = kind not in settings.off
    st.session_state["caution-days"] = settings.same_text_days
    st.session_state["caution-minutes"] = settings.close_minutes
    st.session_state["caution-quiet-from"] = settings.quiet_from
    st.session_state["caution-quiet-until"] = settings.quiet_until
    st.session_state["caution-countries"] = [each for each in settings.countries if each in countries()]
    defer(_dialog)


@st.dialog("Choose warnings", icon=":material/tune:")
def _dialog() -> None:
    """Draw a switch for each warning, with its limits."""
    st.caption(
        "Compose shows these warnings before you schedule, to everyone who uses Punctual here. None keeps a post"
        " from being scheduled."
    )
    if _switched("same text"):
        st.number_input("Within days", 1, MAX_SAME_TEXT_DAYS, key="caution-days")
    if _switched("close posts"):
        st.number_input("Closer than minutes", 1, MAX_CLOSE_MINUTES, key="caution-minutes")
    if _switched("quiet hours"):
        with st.container(horizontal=True):
            st.time_input("From", key="caution-quiet-from", help="In the time zone of the post.")
            st.time_input("Until", key="caution-quiet-until")
    if _switched("holidays"):
        names = dict(Locale("en").territories)
        st.multiselect(
            "Countries",
            countries(),
            format_func=lambda code: names.get(code, code),
            key="caution-countries",
            placeholder="The country of the post's time zone",
        )
    _switched("alt text")
    _switched("links")
    show_error()
    dialog_buttons("Save", "save-warnings", _save)


def _switched(kind: CautionKind) -> bool:
    return st.toggle(SWITCHES[kind], key=_switch(kind))


@dialog_callback
def _save() -> None:
    before, state = application().second_look.settings(), st.session_state
    quiet_from, quiet_until = state.get("caution-quiet-from"), state.get("caution-quiet-until")
    settings = CautionSettings(
        off=frozenset(kind for kind in SWITCHES if not state[_switch(kind)]),
        same_text_days=state.get("caution-days") or before.same_text_days,
        close_minutes=state.get("caution-minutes") or before.close_minutes,
        quiet_from=quiet_from if isinstance(quiet_from, time) else before.quiet_from,
        quiet_until=quiet_until if isinstance(quiet_until, time) else before.quiet_until,
        countries=tuple(state.get("caution-countries", before.countries)),
    )
    application().second_look.save(settings)
    flash("The warnings are saved.")


def _switch(kind: CautionKind) -> str:
    return f"caution-{kind.replace(' ', '-')}"
