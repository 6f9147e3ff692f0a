"""The editor of a timetable: its zone, the times of each weekday, and the days off."""

from collections.abc import Sequence
from datetime import date, time

import streamlit as st

from core.errors import PunctualError
from core.posts.destinations import Destination
from core.posts.repeat_rules import Weekday
from core.time.instants import wall_time
from core.time.phrases import calendar_day, plural
from core.timetable.timetable import Timetable
from core.timetable.written_minutes import read_minute
from ui.frame import zone_choices
from ui.frame.application import application
from ui.frame.callbacks import callback
from ui.frame.state import widget_key
from ui.frame.wording import accessible_label
from ui.timetable import changes

WEEK = list(Weekday)
COPY_TARGETS: dict[str, Sequence[Weekday]] = {
    "Copy to every day": WEEK,
    "Copy to Monday to Friday": WEEK[:5],
    "Copy to Saturday and Sunday": WEEK[5:],
}
CLEAR = "Remove all times"
OFFERED_MINUTES = (7, 23, 41, 13, 37, 53)
OFFERED = tuple(time(hour, OFFERED_MINUTES[hour % len(OFFERED_MINUTES)]) for hour in range(6, 23))
"""The times that a day offers to choose from; any other can be typed."""


def editor(account: Destination | None, timetable: Timetable, *, refill: bool) -> None:
    """Draw the fields of a timetable. With `refill`, they are filled with its values again."""
    owner = account or "all"
    if refill:
        _fill(owner, timetable)
    _zone_field(account, owner, timetable)
    for day in WEEK:
        _day_row(account, owner, day, timetable)
    _days_off(account, owner, timetable)


def _fill(owner: str, timetable: Timetable) -> None:
    st.session_state[widget_key("times-zone", owner)] = timetable.zone
    for day in WEEK:
        st.session_state[_day_key(owner, day)] = _labels(timetable.times(day))
    st.session_state[widget_key("days-off", owner)] = list(timetable.days_off)
    st.session_state.pop(widget_key("new-days-off", owner), None)  # the field is empty again


def _zone_field(account: Destination | None, owner: str, timetable: Timetable) -> None:
    now = application().clock()
    labels = zone_choices.labels(wall_time(now, timetable.zone).replace(tzinfo=None, second=0), timetable.zone)
    st.selectbox(
        "Time zone",
        labels,
        key=widget_key("times-zone", owner),
        format_func=lambda zone: labels.get(zone, zone),
        filter_mode="contains",
        required=True,
        help=zone_choices.HELP,
        on_change=_set_zone,
        args=(account, owner),
    )


def _day_row(account: Destination | None, owner: str, day: Weekday, timetable: Timetable) -> None:
    """Draw one weekday: its times, which can be removed and typed, and the menu that copies them."""
    with st.container(horizontal=True, vertical_alignment="center", key=widget_key(f"day-{day}", owner)):
        st.markdown(f"**{day.title_case[:3]}**", width=44)
        st.multiselect(
            f"Times on {day.title_case}",
            _labels(sorted({*OFFERED, *timetable.times(day)})),
            key=_day_key(owner, day),
            accept_new_options=True,
            filter_mode="prefix",
            select_all=False,
            wrap=True,
            placeholder="Day off. Choose or type a time, such as 09:07",
            label_visibility="collapsed",
            on_change=_set_times,
            args=(account, owner, day),
        )
        st.menu_button(
            accessible_label(":material/content_copy:", f"Copy or remove the times of {day.title_case}"),
            [*COPY_TARGETS, CLEAR],
            key=widget_key(f"copy-{day}", owner),
            type="tertiary",
            on_click=_run_day_item,
            args=(account, owner, day),
        )


def _days_off(account: Destination | None, owner: str, timetable: Timetable) -> None:
    today = wall_time(application().clock(), timetable.zone).date()
    with st.expander("Days off", icon=":material/beach_access:"):  # another label would close it
        st.date_input(
            "Add days off, first to last",
            [],
            min_value=today,
            key=widget_key("new-days-off", owner),
            format="YYYY-MM-DD",
            on_change=_add_days_off,
            args=(account, owner),
        )
        if timetable.days_off:
            st.multiselect(
                "Days without posting times",
                list(timetable.days_off),
                key=widget_key("days-off", owner),
                format_func=calendar_day,
                on_change=_set_days_off,
                args=(account, owner),
            )


@callback
def _set_zone(account: Destination | None, owner: str) -> None:
    zone = st.session_state[widget_key("times-zone", owner)]
    _change(account, owner, lambda timetable: timetable.in_zone(zone), f"Times are in {zone} now")


@callback
def _set_times(account: Destination | None, owner: str, day: Weekday) -> None:
    """Save the times of a day. A text that is no time is removed from the field, and the error is shown."""
    typed: list[str] = st.session_state[_day_key(owner, day)]
    try:
        times = [read_minute(each) for each in typed]
    except PunctualError:
        found = changes.stored(account).timetable
        st.session_state[_day_key(owner, day)] = _labels(found.times(day)) if found else []
        raise
    count = plural(len(set(times)), "time") if times else "no times"
    _change(account, owner, lambda timetable: timetable.with_times(day, times), f"{day.title_case} has {count} now")


@callback
def _run_day_item(account: Destination | None, owner: str, day: Weekday) -> None:
    item = st.session_state[widget_key(f"copy-{day}", owner)]
    if item == CLEAR:
        _change(account, owner, lambda timetable: timetable.with_times(day, ()), f"{day.title_case} is a day off now")
    else:
        message = f"Times of {day.title_case} copied"
        _change(account, owner, lambda timetable: timetable.copied(day, COPY_TARGETS[item]), message)


@callback
def _add_days_off(account: Destination | None, owner: str) -> None:
    chosen: tuple[date, ...] = st.session_state[widget_key("new-days-off", owner)]
    if len(chosen) < 2:
        return  # the person has chosen the first day only
    days = [date.fromordinal(number) for number in range(chosen[0].toordinal(), chosen[1].toordinal() + 1)]
    _change(
        account,
        owner,
        lambda timetable: timetable.with_days_off((*_coming(timetable), *days)),
        f"{plural(len(days), 'day')} off added",
    )


@callback
def _set_days_off(account: Destination | None, owner: str) -> None:
    days: list[date] = st.session_state[widget_key("days-off", owner)]
    _change(account, owner, lambda timetable: timetable.with_days_off(days), "Days off changed")


def _change(account: Destination | None, owner: str, work: changes.Work, message: str) -> None:
    """Change the timetable, and fill the fields with the result, or with what is stored if the change is refused."""
    try:
        changes.change(account, work, message)
    finally:
        found = changes.stored(account).timetable
        if found is not None:
            _fill(owner, found)


def _coming(timetable: Timetable) -> list[date]:
    """Return the days off that have not passed."""
    today = wall_time(application().clock(), timetable.zone).date()
    return [each for each in timetable.days_off if each >= today]


def _day_key(owner: str, day: Weekday) -> str:
    return widget_key(f"times-{day}", owner)


def _labels(times: Sequence[time]) -> list[str]:
    return [f"{each:%H:%M}" for each in times]
