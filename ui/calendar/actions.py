"""What a click, a drop or a key in the calendar does."""

from datetime import datetime, time, timedelta

import streamlit as st

from core.errors import PunctualError
from core.posts.series import start_of_day
from core.publishing.composing import suggest_time
from core.time.instants import from_utc_text, instant, wall_time
from ui.calendar import address, notices, panel
from ui.calendar.component import CalendarAction
from ui.calendar.move_field import make_move
from ui.calendar.moves import Target
from ui.calendar.periods import Period
from ui.compose import drafts
from ui.compose.time_fields import ChosenTime
from ui.frame import links
from ui.frame.application import application
from ui.frame.dialogs import defer
from ui.frame.viewer import viewer_zone
from ui.posts.filters import current_filter

USUAL_HOUR = 9
"""The hour that is proposed on a day without a free posting time."""


def run(action: CalendarAction, period: Period) -> None:
    """Do what a person asks for. The reason why it cannot be done becomes the notice."""
    try:
        _run(action, period)
    except PunctualError as error:
        notices.tell_error(error)
    except ValueError:  # a day or an instant that is none
        notices.tell("The calendar has changed. Try again.")


def _run(action: CalendarAction, period: Period) -> None:
    match action.name:
        case "open":
            address.change(post=action.key)
        case "close":
            panel.close()
        case "day":
            address.change(view="list", on=action.at[:10])
        case "page":
            address.change(on=action.at[:10] or period.moved(action.by).isoformat())
        case "undo":
            notices.take_back()
        case "answer":
            notices.answer()
        case "move":
            _move(action)
        case "compose":
            _compose(action)


def _move(action: CalendarAction) -> None:
    make_move(action.key, Target(at=action.at, zone=viewer_zone(), instant=action.instant))


def _compose(action: CalendarAction) -> None:
    """Open Compose with a new draft that proposes the time of a free place, of an hour or of a day."""
    at = from_utc_text(action.instant) if action.instant else proposed_time(action.at)
    drafts.start_at(ChosenTime.at(at, viewer_zone()), sorted(current_filter().accounts))
    defer(lambda: st.switch_page(links.COMPOSE))


def proposed_time(at: str) -> datetime:
    """Return the time to propose in a cell: the first free posting time of a day, or a full hour, if it is ahead."""
    app, zone, day = application(), viewer_zone(), datetime.fromisoformat(at[:10]).date()
    now = app.clock()
    if len(at) > 10:
        found = instant(datetime.combine(day, time(int(at[11:]))), zone, which=1)
    else:
        ends = start_of_day(day + timedelta(days=1), zone)
        free = app.free_times.between([], start_of_day(day, zone), ends)
        found = free[0] if free else instant(datetime.combine(day, time(USUAL_HOUR)), zone, which=1)
    if found > now:
        return found
    soon = suggest_time(now)
    return soon if wall_time(soon, zone).date() == day else found
