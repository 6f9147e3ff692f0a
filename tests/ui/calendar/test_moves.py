from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.scheduling.post_time import PostTime
from core.time.instants import SkippedHour, instants, wall_time
from ui.calendar.moves import Target, moved

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
ZONES = st.sampled_from([BERLIN, NEW_YORK, "UTC", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Chatham"])

FIRST, LAST = datetime.fromisoformat("2026-01-01"), datetime.fromisoformat("2027-12-31")
WALLS = st.datetimes(FIRST, LAST).map(lambda each: each.replace(microsecond=0))


def at(wall: str, zone: str = BERLIN) -> PostTime:
    return PostTime(due_at=instants(datetime.fromisoformat(wall), zone)[0], wall=wall, zone=zone)


@given(
    wall=WALLS,
    zone=ZONES,
    viewer=ZONES,
    days=st.integers(-200, 200),
)
def test_a_move_to_another_day_keeps_the_wall_time_in_the_zone_of_the_post(wall, zone, viewer, days):
    assume(instants(wall, zone))
    before = at(wall.isoformat(timespec="seconds"), zone)
    day = wall_time(before.due_at, viewer).date() + timedelta(days=days)
    try:
        after = moved(before, Target(at=day.isoformat(), zone=viewer))
    except SkippedHour:
        assert not instants(wall + timedelta(days=days), zone)
        return
    assert after.wall == (wall + timedelta(days=days)).isoformat(timespec="seconds")
    assert after.due_at == instants(datetime.fromisoformat(after.wall), zone)[0]
    assert after.zone == zone


@given(
    due_at=WALLS,
    zone=ZONES,
    viewer=ZONES,
    day=st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    hour=st.integers(0, 23),
)
def test_a_move_to_an_hour_is_in_that_hour_for_the_viewer_and_keeps_the_minutes(due_at, zone, viewer, day, hour):
    before = PostTime.at(due_at.replace(tzinfo=UTC), zone)
    shown = wall_time(before.due_at, viewer)
    try:
        after = moved(before, Target(at=f"{day}T{hour:02d}", zone=viewer))
    except SkippedHour:
        return
    now_shown = wall_time(after.due_at, viewer)
    assert (now_shown.date(), now_shown.hour) == (day, hour)
    assert (now_shown.minute, now_shown.second) == (shown.minute, shown.second)
    assert after == PostTime.at(after.due_at, zone)


def test_a_move_over_a_clock_change_keeps_nine_in_the_morning():
    after = moved(at("2027-03-27T09:00:00"), Target(at="2027-03-29", zone=BERLIN))
    assert (after.wall, after.due_at.hour) == ("2027-03-29T09:00:00", 7)


def test_a_move_into_the_hour_that_the_clocks_skip_is_refused():
    with pytest.raises(SkippedHour):
        moved(at("2027-03-27T02:30:00"), Target(at="2027-03-28", zone=BERLIN))
    with pytest.raises(SkippedHour):
        moved(at("2027-03-27T09:30:00"), Target(at="2027-03-28T02", zone=BERLIN))


def test_a_move_to_an_hour_that_occurs_twice_takes_the_first():
    after = moved(at("2026-10-24T09:30:00"), Target(at="2026-10-25T02", zone=BERLIN))
    assert after.due_at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_free_place_gives_its_own_instant_in_the_zone_of_the_post():
    after = moved(at("2026-12-01T09:00:00"), Target(at="2026-12-02T15", zone=NEW_YORK, instant="2026-12-02T20:07:00Z"))
    assert after == at("2026-12-02T21:07:00")
