"""Conversions of wall times, at every clock change of ten years in every zone and at the ends of the calendar."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import pytz
from hypothesis import given, settings
from hypothesis import strategies as st

from core.time.instants import (
    DateOutOfRange,
    DoubledHour,
    SkippedHour,
    UnknownZone,
    epoch_ms,
    from_epoch_ms,
    from_utc_text,
    instant,
    instants,
    offset_label,
    utc_text,
    wall_time,
)

WALLS = st.datetimes(datetime.fromisoformat("1971-01-01"), datetime.fromisoformat("2199-01-01"))
MINUTE = timedelta(minutes=1)
FIRST, LAST = "2020-01-01", "2030-01-01"


@dataclass(frozen=True)
class Change:
    """One clock change of a zone, found in steps of an hour."""

    zone: str
    instant: datetime
    before: timedelta
    after: timedelta
    first_of_its_kind: bool
    """Whether no earlier one has the same offsets."""

    def minutes(self) -> list[datetime]:
        """Return the skipped or doubled wall times: all of the first change of a kind, and the ends of a later one."""
        jump = self.wall(self.before), self.wall(self.after)
        count = (max(jump) - min(jump)) // MINUTE
        numbers = range(count) if self.first_of_its_kind else (0, 1, count - 2, count - 1)
        return [min(jump) + number * MINUTE for number in numbers]

    def wall(self, offset: timedelta) -> datetime:
        return (self.instant + offset).replace(tzinfo=None)


@cache
def changes() -> list[Change]:
    ticks = pd.date_range(FIRST, LAST, freq="1h", tz="UTC")
    utc = ticks.tz_localize(None).to_numpy()
    found: list[Change] = []
    kinds: set[tuple[timedelta, timedelta]] = set()
    for zone in pytz.common_timezones:
        walls = ticks.tz_convert(pytz.timezone(zone)).tz_localize(None).to_numpy()
        offsets = (walls - utc) // np.timedelta64(1, "m")
        for tick in np.flatnonzero(np.diff(offsets)):
            before, after = (timedelta(minutes=int(offsets[tick + step])) for step in (0, 1))
            minute = minute_of_change(ticks[tick].to_pydatetime(), before, zone)
            found.append(Change(zone, minute, before, after, (before, after) not in kinds))
            kinds.add((before, after))
    return found


def minute_of_change(hour: datetime, before: timedelta, zone: str) -> datetime:
    """Return the first minute with another offset. It is not always a quarter: Casey changed its clocks at 00:01."""
    minutes = [hour.astimezone(UTC) + number * MINUTE for number in range(61)]
    return next(minute for minute in minutes if minute.astimezone(pytz.timezone(zone)).utcoffset() != before)


def refusal(wall: datetime, zone: str) -> Exception | None:
    """Return the error for a wall time, or None. It is faster than pytest.raises for thousands of minutes."""
    try:
        instant(wall, zone)
    except (SkippedHour, DoubledHour) as error:
        return error
    return None


def test_ten_years_have_thousands_of_clock_changes():
    zones = {change.zone for change in changes()}
    assert len(changes()) > 2000
    assert {"Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca", "Antarctica/Troll"} <= zones
    assert "Asia/Kolkata" not in zones


def test_every_skipped_minute_is_refused_with_the_nearest_times():
    for change in changes():
        if change.after < change.before:
            continue
        last_before, first_after = change.wall(change.before) - MINUTE, change.wall(change.after)
        for wall in change.minutes():
            refused = refusal(wall, change.zone)
            assert isinstance(refused, SkippedHour), change
            assert (refused.before, refused.after) == (last_before, first_after), change
        assert instant(last_before, change.zone) == change.instant - MINUTE
        assert instant(first_after, change.zone) == change.instant


def test_every_doubled_minute_needs_which_and_obeys_it():
    for change in changes():
        if change.after > change.before:
            continue
        for wall in change.minutes():
            both = (wall.replace(tzinfo=UTC) - change.before, wall.replace(tzinfo=UTC) - change.after)
            refused = refusal(wall, change.zone)
            assert isinstance(refused, DoubledHour), change
            assert refused.instants == both, change
        assert (instant(wall, change.zone, which=1), instant(wall, change.zone, which=2)) == both


def test_the_minutes_next_to_a_change_have_one_instant():
    for change in changes():
        for wall in (change.minutes()[0] - MINUTE, change.minutes()[-1] + MINUTE):
            assert wall_time(instant(wall, change.zone), change.zone).replace(tzinfo=None) == wall


@settings(max_examples=500, deadline=None, database=None)
@given(zone=st.sampled_from(pytz.all_timezones), when=WALLS)
def test_an_instant_survives_the_conversion_to_wall_time_and_back(zone, when):
    original = when.replace(tzinfo=UTC)
    wall = wall_time(original, zone).replace(tzinfo=None)
    found = instants(wall, zone)
    assert original in found
    assert list(found) == sorted(set(found))
    assert all(wall_time(each, zone).replace(tzinfo=None) == wall and each.tzinfo is UTC for each in found)


def test_a_skipped_day_is_refused_with_the_nearest_times():
    with pytest.raises(SkippedHour) as refused:  # Samoa crossed the date line and skipped this day
        instant(datetime.fromisoformat("2011-12-30T12:00"), "Pacific/Apia")
    assert refused.value.before == datetime.fromisoformat("2011-12-29T23:59")
    assert refused.value.after == datetime.fromisoformat("2011-12-31T00:00")


def test_no_zone_changes_its_clocks_twice_within_two_days():
    """`instants` relies on this property of the zone data."""
    for zone in pytz.all_timezones:
        tz = pytz.timezone(zone)
        times = getattr(tz, "_utc_transition_times", [])
        offsets = [info[0] for info in getattr(tz, "_transition_info", [])]
        changed = [
            time for time, before, after in zip(times[1:], offsets, offsets[1:], strict=False) if before != after
        ]
        recent = [time for time in changed if time.year >= 1970]
        assert all(later - earlier > timedelta(days=4) for earlier, later in pairwise(recent)), zone


def test_the_hint_offers_the_possible_times():
    skipped, doubled = (datetime.fromisoformat(text) for text in ("2026-03-29T02:30", "2026-10-25T02:30"))
    with pytest.raises(SkippedHour, match="02:30 does not exist in Europe/Berlin on 29 Mar 2026") as refused:
        instant(skipped, "Europe/Berlin")
    assert "01:59 before" in refused.value.hint
    assert "03:00 after" in refused.value.hint
    with pytest.raises(DoubledHour, match="02:30 occurs twice in Europe/Berlin on 25 Oct 2026") as refused:
        instant(doubled, "Europe/Berlin")
    assert "the first (UTC+02:00) or the second (UTC+01:00)" in refused.value.hint


def test_which_has_no_effect_where_there_is_one_instant():
    noon = datetime.fromisoformat("2026-11-24T12:00")
    assert instant(noon, "Asia/Kathmandu", which=2) == instant(noon, "Asia/Kathmandu")


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "europe/berlin", "../etc/passwd", "CEST"])
def test_a_zone_name_must_be_exact(zone):
    with pytest.raises(UnknownZone):
        instant(datetime.fromisoformat("2026-11-24T12:00"), zone)


@pytest.mark.parametrize(
    ("zone", "label"),
    [
        ("Asia/Kathmandu", "UTC+05:45"),
        ("America/St_Johns", "UTC-03:30"),
        ("UTC", "UTC+00:00"),
        ("Pacific/Marquesas", "UTC-09:30"),
    ],
)
def test_the_offset_has_its_sign(zone, label):
    assert offset_label(datetime.fromisoformat("2026-11-24T12:00Z"), zone) == label


@pytest.mark.parametrize("wall", ["0001-01-01T00:00", "0001-01-01T12:00", "9999-12-31T00:00", "9999-12-31T23:59"])
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "America/Adak"])
def test_dates_at_the_ends_of_the_calendar_are_refused(wall, zone):
    with pytest.raises(DateOutOfRange, match="outside the supported range of dates"):
        instant(datetime.fromisoformat(wall), zone)


def test_utc_text_survives_the_conversion_to_an_instant_and_back():
    for text in ("2026-11-24T08:00:00Z", "2026-11-24T08:00:00.250Z"):
        assert utc_text(from_utc_text(text)) == text
    assert utc_text(from_utc_text("2026-11-24T09:00:00+01:00")) == "2026-11-24T08:00:00Z"
    with pytest.raises(ValueError, match="no UTC offset"):
        from_utc_text("2026-11-24T08:00:00")


@pytest.mark.parametrize("count", [1_795_507_200_000, 1_795_507_200_001, -1, 0])
def test_epoch_milliseconds_survive_the_conversion_to_an_instant_and_back(count):
    assert epoch_ms(from_epoch_ms(count)) == count
