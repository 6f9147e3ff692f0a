"""Move to: a date and a time for the open post or draft, and moves whose result becomes the calendar's notice."""

from datetime import date, datetime, time

import streamlit as st

from core.drafts.draft import DraftContent
from core.errors import PunctualError
from core.time.instants import epoch_ms, wall_time
from ui.calendar import notices
from ui.calendar.moves import RunKept, Target, move
from ui.compose import drafts
from ui.frame import links
from ui.frame.dialogs import defer
from ui.frame.state import widget_key
from ui.frame.viewer import viewer_zone
from ui.frame.wording import accessible_label


def make_move(key: str, target: Target) -> None:
    """Move the post or the draft of a chip, and tell its new time with Undo. Raises the errors of `move`.

    Of a run of a series, offer a post of its own.
    """
    try:
        made = move(key, target)
    except RunKept as refusal:
        content = refusal.content
        notices.offer(f"{refusal} {refusal.hint}", "Change this run", lambda: open_in_compose(content))
        return
    if made.message:
        notices.tell(made.message, undo=made.undo)


def open_in_compose(content: DraftContent) -> None:
    """Open Compose with a new draft."""
    drafts.start(content)
    defer(lambda: st.switch_page(links.COMPOSE))


def move_field(key: str, due_at: datetime, subject: str) -> None:
    """Draw the button that opens the date and the time of a chip, and moves it there."""
    zone = viewer_zone()
    wall = wall_time(due_at, zone)
    owner = f"{key}-{epoch_ms(due_at)}"  # after the move, the button is another one, which is closed
    with st.popover(
        accessible_label("Move to…", subject),
        icon=":material/event:",
        key=widget_key("move-to", owner),
        width="stretch",
    ):
        day, at = widget_key("move-day", owner), widget_key("move-time", owner)
        st.date_input("Date", wall.date(), key=day, format="YYYY-MM-DD")
        st.time_input("Time", wall.time().replace(second=0, microsecond=0), key=at, step=60, help=f"In {zone}")
        args = (key, day, at)
        st.button("Move", key=widget_key("move", owner), type="primary", on_click=_move, args=args, width="stretch")


def _move(key: str, day_key: str, time_key: str) -> None:
    day: date | None = st.session_state[day_key]
    at: time | None = st.session_state[time_key]
    if day is None or at is None:
        notices.tell("Choose a date and a time.")
        return
    wall = datetime.combine(day, at)
    try:
        make_move(key, Target(at=f"{wall:%Y-%m-%d}", zone=viewer_zone(), wall=wall))
    except PunctualError as error:
        notices.tell_error(error)
