"""The report of the last action on posts: what happened to each, with one Undo."""

from collections.abc import Callable

import streamlit as st

from core.scheduling.selection import RefusedPost, SelectionReport
from core.time.instants import wall_time
from core.time.phrases import calendar_day, excerpt, plural
from ui.frame.announcements import announce
from ui.frame.application import application
from ui.frame.callbacks import callback
from ui.frame.card_places import reset_list
from ui.frame.state import REPORT
from ui.frame.viewer import viewer_zone
from ui.frame.wording import SUBJECT_LENGTH, escape, post_subject

LISTED = 20
"""Refused posts that are listed one by one."""


def report(found: SelectionReport, message: str = "") -> None:
    """Keep a report for the next run, under a message; by default, under its numbers."""
    report_keeper()(found, message)


def report_keeper() -> Callable[[SelectionReport, str], None]:
    """Return the function that keeps the report of a long action. Call this before the action.

    A click during the action ends its callback at the next access to the session, which would lose the report.
    """
    kept: list[tuple[str, SelectionReport]] = st.session_state.setdefault(REPORT, [])

    def keep(found: SelectionReport, message: str) -> None:
        kept[:] = [(message or f"{found.summary}.", found)]
        application().waiting.forget()

    return keep


def report_notice() -> None:
    """Draw the last report until the person dismisses it, with the reasons of refusals and the Undo."""
    if not st.session_state.get(REPORT):
        return
    ((message, found),) = st.session_state[REPORT]
    announce(message)
    with st.container(border=True, key="card-report", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center"):
            icon = "warning" if found.refused else "check_circle"
            st.markdown(f":material/{icon}: **{escape(message)}**", width="stretch")
            if found.undoable:
                st.button("Undo", key="undo-report", icon=":material/undo:", on_click=_undo)
            st.button("Dismiss", key="dismiss-report", type="tertiary", on_click=_dismiss)
        if found.refused:
            st.markdown("  \n".join(_line(each) for each in found.refused[:LISTED]))
        if len(found.refused) > LISTED:
            st.caption(f"and {plural(len(found.refused) - LISTED, 'more refused post')}")


def _line(refused: RefusedPost) -> str:
    post, reason = refused.plan.post if refused.plan else None, refused.reason
    if post is None:
        return escape(f"{reason} {reason.hint}")
    if post.due_at is None:
        name = excerpt(post.text, SUBJECT_LENGTH)
    else:
        day = calendar_day(wall_time(post.due_at, viewer_zone()).date())
        name = f"{day}, {post_subject(post.due_at, post.text)}"
    return f"{escape(name)}: :gray[{escape(f'{reason} {reason.hint}')}]"


@callback
def _undo() -> None:
    keep = report_keeper()
    ((_, found),) = st.session_state[REPORT]
    keep(application().selection.undo(found), "")
    reset_list()


@callback
def _dismiss() -> None:
    st.session_state.pop(REPORT, None)
