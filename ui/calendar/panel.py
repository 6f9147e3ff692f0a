"""The panel beside the calendar: the open post or draft with the actions that it has in Queue and in Drafts."""

from datetime import datetime

import streamlit as st

from core.drafts.draft import Draft
from core.scheduling.upcoming import QueueEntry
from core.time.instants import wall_time
from core.time.phrases import day_heading
from ui.calendar import address
from ui.calendar.chips import DRAFT_PREFIX, post_of
from ui.calendar.contents import Board, proposed
from ui.frame.application import application
from ui.frame.callbacks import callback
from ui.frame.viewer import viewer_zone
from ui.frame.wording import accessible_label
from ui.posts.cards import card
from ui.posts.draft_cards import draft_card

WIDTH = 300
"""Pixels, where the panel is beside the calendar."""


def opened_item(board: Board) -> QueueEntry | Draft | None:
    """Return the open post or draft, also one that has left the shown period; None if nothing is open."""
    key = address.opened()
    if key is None:
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
        else:
            card(item, day, now)


@callback
def close() -> None:
    """Close the panel."""
    address.change(post=None)
