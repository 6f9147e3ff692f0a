"""A series begins and ends on the chosen dates in the zone of the post."""

from datetime import UTC, date, datetime, time

import pytest

from core.posts.recurrence import NeverRuns, next_runs
from core.posts.repeat_rules import Daily, MonthlyDate
from core.posts.series import EndsBeforeStart, build_series, start_of_day
from core.time.instants import DateOutOfRange, wall_time

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


def runs(repeat, zone, count=5):
    return next_runs(repeat.expression, zone, repeat.starts_at, repeat.ends_at, after=NOW, count=count)


def test_the_last_date_has_a_run():
    repeat = build_series(
        Daily(), time(23, 30), "Europe/Berlin", first=date(2026, 11, 10), last=date(2026, 11, 12), now=NOW
    )
    assert [run.day for run in runs(repeat, "Europe/Berlin")] == [10, 11, 12]


def test_midnight_after_the_last_date_has_no_run():
    repeat = build_series(Daily(), time(0), "Europe/Berlin", first=date(2026, 11, 10), last=date(2026, 11, 12), now=NOW)
    assert [wall_time(run, "Europe/Berlin").day for run in runs(repeat, "Europe/Berlin")] == [10, 11, 12]


def test_a_series_from_today_begins_with_the_next_run():
    repeat = build_series(Daily(), time(9), "UTC", first=date(2026, 11, 2), last=None, now=NOW)
    assert repeat.starts_at is None
    assert runs(repeat, "UTC", 1) == [datetime(2026, 11, 3, 9, tzinfo=UTC)]


def test_a_series_keeps_its_wall_time_across_a_clock_change():
    repeat = build_series(Daily(), time(9), "Europe/Berlin", first=date(2027, 3, 27), last=date(2027, 3, 29), now=NOW)
    assert [run.hour for run in runs(repeat, "Europe/Berlin")] == [8, 7, 7]


def test_a_last_date_before_the_first_is_refused():
    with pytest.raises(EndsBeforeStart, match="11 Nov 2026"):
        build_series(Daily(), time(9), "UTC", first=date(2026, 11, 12), last=date(2026, 11, 11), now=NOW)


def test_a_series_without_a_run_is_refused():
    with pytest.raises(NeverRuns):
        build_series(MonthlyDate(day=31), time(9), "UTC", first=date(2026, 11, 5), last=date(2026, 11, 30), now=NOW)


@pytest.mark.parametrize("last", [date(9999, 12, 30), date.max])
def test_a_last_date_at_the_end_of_the_calendar_is_refused(last):
    with pytest.raises(DateOutOfRange, match="outside the supported range of dates"):
        build_series(Daily(), time(9), "UTC", first=date(2026, 11, 5), last=last, now=NOW)


def test_a_day_with_a_skipped_midnight_starts_after_the_clock_change():
    assert start_of_day(date(2024, 4, 26), "Africa/Cairo") == datetime(2024, 4, 25, 22, tzinfo=UTC)
