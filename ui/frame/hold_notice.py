"""The notice on every page while all posts are paused, with the progress and the button that resumes them."""

from datetime import timedelta

import streamlit as st

from core.errors import PunctualError
from core.scheduling.hold.port import Hold
from core.time.instants import wall_time
from core.time.phrases import calendar_day, plural
from ui.frame.application import application
from ui.frame.callbacks import callback, flash
from ui.frame.card_places import reset_list
from ui.frame.redraw import draw_again
from ui.frame.viewer import viewer_zone
from ui.frame.wording import escape

WAITED_FOR = 2.0
"""Seconds that the page waits for the end of Resume. A longer run continues in the background."""
PROGRESS_INTERVAL = timedelta(seconds=1)


def current_hold() -> Hold | None:
    """Return the hold; None if there is none, or if it cannot be read. The page shows the reason then."""
    try:
        return application().hold()
    except PunctualError:
        return None


def hold_notice(hold: Hold | None) -> None:
    """Draw the notice, if there is a hold."""
    if hold is None:
        return
    with st.container(border=True, key="card-hold", gap="xsmall"):
        if hold.in_progress:
            st.fragment(_progress, run_every=PROGRESS_INTERVAL)(hold.phase)
        else:
            _paused(hold)


def _paused(hold: Hold) -> None:
    zone = viewer_zone()
    began = wall_time(hold.began_at, zone)
    day = "" if began.date() == wall_time(application().clock(), zone).date() else f"{calendar_day(began.date())}, "
    with st.container(horizontal=True, vertical_alignment="center"):
        since = f"since {day}{began:%H:%M} {zone}"
        st.markdown(
            f":material/pause_circle: **All posts are paused** {escape(since)} ({plural(len(hold.posts), 'post')}). "
            "Posts that you schedule now go out.",
            width="stretch",
        )
        st.button("Resume", key="resume-all", type="primary", icon=":material/play_circle:", on_click=_resume)


def _progress(phase: str) -> None:
    """Draw the progress of a phase. Draw the whole page again when it has ended."""
    hold = application().held_posts.hold()
    if hold is None or hold.phase != phase:
        shown = current_hold()
        if shown is None or shown.phase != phase:  # else the page would draw the old phase again and again
            draw_again()
        return
    words = "Pausing" if phase == "pausing" else "Resuming"
    share = hold.done / hold.total if hold.total else 0.0
    st.progress(share, text=f"{words} all posts: {hold.done:,} of {hold.total:,}")
    if share == 1.0 and phase == "pausing":
        st.caption("A series with a run under way is paused after it.")
    problem = application().held_posts.problem
    if problem is not None:
        st.caption(f":orange[{escape(f'{problem} {problem.hint}')}] It continues by itself.")
    with st.container(horizontal=True):
        if phase == "pausing":
            st.button("Resume", key="resume-all", icon=":material/play_circle:", on_click=_resume)
        st.button("Continue now", key="continue-hold", type="tertiary", icon=":material/replay:", on_click=_continue)


@callback
def _resume() -> None:
    """Resume the held posts; say how many stay paused because their time has passed."""
    held = application().held_posts
    held.begin_resume()
    _continue()
    passed = len(application().views.passed())
    waiting = f" {plural(passed, 'post')} passed meanwhile: decide about them in the Queue." if passed else ""
    if held.hold() is None:
        flash(f"The posts are resumed.{waiting}")


def _continue() -> None:
    application().held_posts.finish_in_background(within_seconds=WAITED_FOR)
    reset_list()
