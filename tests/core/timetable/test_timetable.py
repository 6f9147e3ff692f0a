"""Timetables: their times on the wall clock, through both clock changes of a year."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
import pytz
from hypothesis import given, settings
from hypothesis import strategies as st

from core.posts.repeat_rules import Weekday
from core.time.instants import UnknownZone, instants, wall_time
from core.timetable.timetable import TIMES_LIMIT, NotWholeMinute, Timetable, TooManyTimes, suggested

ZONES = st.sampled_from(
    ["Europe/Berlin", "America/New_York", "America/Santiago", "Australia/Lord_Howe", "Africa/Casablanca"]
    + ["Asia/Gaza", "Pacific/Apia", "America/St_Johns", "Asia/Kolkata", "UTC"]
)
MINUTES = st.builds(time, st.integers(0, 23), st.integers(0, 59))
NIGHT = st.builds(time, st.integers(0, 3), st.integers(0, 59))
"""Times at which most clock changes are."""
TIMETABLES = st.builds(
    Timetable,
    zone=ZONES,
    week=st.tuples(*[st.lists(MINUTES | NIGHT, max_size=4).map(tuple)] * 7),
    days_off=st.lists(st.dates(date(2026, 1, 1), date(2027, 12, 31)), max_size=5).map(tuple),
)
STARTS = st.integers(0, 366 * 86_400).map(lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))
YEAR = timedelta(days=366)


def daily(*times: time, zone: str = "Europe/Berlin") -> Timetable:
    return Timetable(zone=zone, week=(times,) * 7)


def test_the_suggestion_has_odd_minutes_and_other_times_at_the_weekend():
    week = suggested("Europe/Berlin").week
    assert all(each.minute % 5 for day in week for each in day)
    assert len(set(week)) == 2
    assert week[4] != week[5]


def test_times_are_kept_in_order_and_once():
    table = daily(time(17, 41), time(9, 7), time(17, 41))
    assert table.times(Weekday.FRIDAY) == (time(9, 7), time(17, 41))


@pytest.mark.parametrize(
    ("times", "error"),
    [
        ((time(9, 7, 30),), NotWholeMinute),
        (tuple(time(number // 60, number % 60) for number in range(TIMES_LIMIT + 1)), TooManyTimes),
    ],
)
def test_seconds_and_too_many_times_are_refused(times, error):
    with pytest.raises(error):
        daily(*times)


def test_an_unknown_zone_and_too_many_days_off_are_refused():
    with pytest.raises(UnknownZone):
        suggested("Europe/Atlantis")
    with pytest.raises(TooManyTimes, match="367 days off"):
        daily().with_days_off([date(2026, 1, 1) + timedelta(days=number) for number in range(367)])


def test_a_weekday_is_changed_and_copied():
    table = suggested("UTC").with_times(Weekday.MONDAY, [time(8, 8)])
    copied = table.copied(Weekday.MONDAY, [Weekday.SATURDAY, Weekday.SUNDAY])
    assert copied.times(Weekday.SUNDAY) == (time(8, 8),)
    assert copied.times(Weekday.TUESDAY) == table.times(Weekday.TUESDAY)
    assert copied.in_zone("Asia/Tokyo").week == copied.week


def test_a_timetable_without_times_has_no_posting_time():
    assert list(daily().between(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))) == []


def test_the_time_stays_through_a_clock_change_that_skips_another_and_doubles_a_third():
    table = daily(time(2, 30), time(9, 7))
    spring = list(table.between(datetime(2027, 3, 27, 12, tzinfo=UTC), datetime(2027, 3, 29, 12, tzinfo=UTC)))
    assert [f"{each:%d %H:%M}" for each in spring] == ["28 07:07", "29 00:30", "29 07:07"]
    autumn = list(table.between(datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 10, 26, 12, tzinfo=UTC)))
    assert [f"{each:%d %H:%M}" for each in autumn] == ["25 00:30", "25 08:07", "26 01:30", "26 08:07"]


def test_the_period_includes_its_start_and_not_its_end():
    at = datetime(2026, 12, 3, 8, 7, tzinfo=UTC)
    table = daily(time(9, 7))
    assert list(table.between(at, at + timedelta(days=1))) == [at]
    assert next(table.between(at + timedelta(milliseconds=1), at + YEAR)) == at + timedelta(days=1)


@settings(max_examples=15, deadline=None)
@given(TIMETABLES, STARTS)
def test_every_posting_time_of_a_year_is_on_the_wall_clock_once_and_in_order(table, start):
    found = list(table.between(start, start + YEAR))
    assert all(one < other for one, other in pairwise(found))
    walls = [wall_time(each, table.zone).replace(tzinfo=None) for each in found]
    assert len(set(walls)) == len(walls)
    for at, wall in zip(found, walls, strict=True):
        assert wall.time() in table.week[wall.weekday()]
        assert wall.date() not in table.days_off
        assert instants(wall, table.zone)[0] == at


@settings(max_examples=15, deadline=None)
@given(TIMETABLES, STARTS)
def test_no_posting_time_of_a_year_is_left_out(table, start):
    found = set(table.between(start, start + YEAR))
    first = wall_time(start, table.zone).date() - timedelta(days=1)
    for number in range(370):
        day = first + timedelta(days=number)
        for each in () if day in table.days_off else table.week[day.weekday()]:
            expected = [
                at for at in instants(datetime.combine(day, each), table.zone)[:1] if start <= at < start + YEAR
            ]
            assert set(expected) <= found


@settings(max_examples=15, deadline=None)
@given(TIMETABLES, STARTS, st.integers(0, 366))
def test_a_year_in_two_parts_has_the_same_times(table, start, days):
    middle, end = start + timedelta(days=days), start + YEAR
    assert [*table.between(start, middle), *table.between(middle, end)] == list(table.between(start, end))


def test_every_zone_has_the_posting_times_of_a_week():
    start = datetime(2026, 6, 1, tzinfo=UTC)
    for zone in pytz.common_timezones:
        table = daily(time(9, 7), zone=zone)
        assert len(list(table.between(start, start + timedelta(days=7)))) == 7, zone


def test_the_quick_way_between_clock_changes_finds_what_single_conversions_find():
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
    times = (time(0, 0), time(1, 30), time(2, 30), time(23, 59))
    for zone in pytz.common_timezones[::40]:
        days = [date(2025, 12, 31) + timedelta(days=number) for number in range(733)]
        walls = [datetime.combine(day, each) for day in days for each in times]
        single = [at for wall in walls for at in instants(wall, zone)[:1] if start <= at < end]
        assert list(daily(*times, zone=zone).between(start, end)) == single, zone
