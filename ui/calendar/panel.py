"""The panel beside the calendar: the open post or draft with the actions that it has in Queue and in Drafts."""

from datetime import datetime

import streamlit as st

from core.drafts.draft import Draft
from core.scheduling.changed_run_draft import changed_run
from core.scheduling.upcoming import QueueEntry
from core.time.instants import wall_time
from core.time.phrases import date_and_time, day_heading, excerpt
from ui.calendar import address, notices
from ui.calendar.chips import DRAFT_PREFIX, MOVABLE, key_of, post_of, run_of
from ui.calendar.contents import Board, proposed
from ui.calendar.move_field import move_field, open_in_compose
from ui.frame.application import application
from ui.frame.callbacks import callback
from ui.frame.card_buttons import card_button
from ui.frame.viewer import viewer_zone
from ui.frame.wording import SUBJECT_LENGTH, accessible_label, post_subject
from ui.posts.cards import card
from ui.posts.draft_cards import draft_card

WIDTH = 300
"""Pixels, where the panel is beside the calendar."""


def opened_item(board: Board) -> QueueEntry | Draft | None:
    """Return the open post or draft, also one that has left the shown period; None if nothing is open."""
    key = address.opened()
    if not key:
        return None
    if key.startswith(DRAFT_PREFIX):
        return board.drafts.get(key) or application().drafts.get(post_of(key))
    return board.entries.get(key) or application().views.entry(post_of(key))


def panel(item: QueueEntry | Draft, now: datetime) -> None:
    """Draw the panel."""
    zone = viewer_zone()
    at = proposed(item) if isinstance(item, Draft) else item.due_at
    day = wall_time(at or now, zone).date()
    with st.container(key="calendar-panel", width=WIDTH):
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="calendar-panel-head"):
            st.header(day_heading(day, wall_time(now, zone).date()), anchor=False, width="stretch")
            label = accessible_label("", "Close the post")
            st.button(label, key="close-panel", icon=":material/close:", type="tertiary", help="Close", on_click=close)
        if isinstance(item, Draft):
            draft_card(item, now)
            if at is not None and item.content.repeat is None:
                move_field(f"{DRAFT_PREFIX}{item.draft_id}", at, excerpt(item.content.text, SUBJECT_LENGTH))
        else:
            card(item, day, now)
            if item.post is not None and not item.post.repeats and item.run is None and item.state in MOVABLE:
                move_field(item.post_id, item.due_at, post_subject(item.due_at, item.text or ""))
            _run_buttons(item, now)


@callback
def close() -> None:
    """Close the panel."""
    address.change(post=None)


def _run_buttons(entry: QueueEntry, now: datetime) -> None:
    """Draw the actions on a single run of a series, if it is ahead."""
    run = run_of(key_of(entry))
    if entry.post is None or entry.run is not None or run is None or run <= now:
        return
    subject = post_subject(run, entry.text or "")
    with st.container(horizontal=True, key="calendar-run"):
        args = (entry.post_id, run)
        card_button("Change this run", subject, "change-run", _change_run, *args, icon=":material/edit_calendar:")
        card_button("Skip this run", subject, "skip-run", _skip_run, *args, icon=":material/event_busy:")


@callback
def _change_run(post_id: str, run: datetime) -> None:
    """Start the draft that replaces a run; the run is skipped once the draft is scheduled."""
    open_in_compose(changed_run(application().schedules.plan(post_id).post, run))


@callback
def _skip_run(post_id: str, run: datetime) -> None:
    """Skip a run, and close it."""
    schedules = application().schedules
    skipped = schedules.skip_run(schedules.plan(post_id), run)
    zone = skipped.post.zone

    def undo() -> str:
        schedules.unskip_run(schedules.plan(post_id), run)
        return f"The run on {date_and_time(run, zone)} goes out again."

    notices.tell(f"The run on {date_and_time(run, zone)} is skipped.", undo=undo)
    close()
