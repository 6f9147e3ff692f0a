"""Health: what was looked at, what was found, and what to do about it."""

import streamlit as st

from core.checkup import Check, checks
from core.engine.invocations import DeadLetter
from core.phrases import moment
from ui.answers import answering, refusal
from ui.application import application
from ui.server import posting_url
from ui.state import of
from ui.viewer import viewer_zone
from ui.wording import plain

ICONS = {"fine": ("check_circle", "green"), "look": ("warning", "orange"), "broken": ("error", "red")}


def line(check: Check) -> None:
    """Draw one check."""
    icon, colour = ICONS[check.verdict]
    with st.container(horizontal=True, vertical_alignment="top", gap="xsmall"):
        st.markdown(f":{colour}[:material/{icon}:] **{check.name}**", width=210)
        with st.container(width="stretch", gap="xxsmall"):
            st.text(check.found)
            if check.remedy:
                st.caption(check.remedy)


def letter(found: DeadLetter) -> None:
    """Draw one hand-over that was given up, with what can be done about it."""
    with st.container(border=True, key=of("card-letter", found.id)):
        st.markdown(
            f"**{plain(found.schedule_name or 'Post now')}**, given up {moment(found.failed_at, viewer_zone())}"
        )
        st.caption(plain(found.error))
        with st.container(horizontal=True):
            st.button("Retry", key=of("retry", found.id), icon=":material/replay:", on_click=retry, args=(found.id,))
            st.button(
                "Discard", key=of("discard", found.id), icon=":material/delete:", on_click=discard, args=(found.id,)
            )


@answering
def retry(letter_id: str) -> None:
    """Hand it over again."""
    app = application()
    if app.engine is not None:
        app.engine.store.retry(letter_id, now=app.clock())


@answering
def discard(letter_id: str) -> None:
    """Forget it."""
    engine = application().engine
    if engine is not None:
        engine.store.discard(letter_id)


@st.fragment(run_every="5s")
def report() -> None:
    """Draw every check, and what was given up."""
    app = application()
    with st.container(border=True, key="card-checks"):
        for check in checks(app, app.settings.posting_url or posting_url(), viewer_zone()):
            line(check)
    refusal()
    letters = [] if app.engine is None else app.engine.store.dead_letters()
    if letters:
        st.subheader("Given up", anchor=False)
        for found in letters:
            letter(found)


st.title("Health")
report()
