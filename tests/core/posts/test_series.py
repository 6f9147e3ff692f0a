"""A series begins and ends on the chosen dates in the zone of the post."""

from datetime import UTC, date, datetime, time

import pytest

from core.posts.recurrence import NeverRuns, describe_rule, next_runs, rule_of
from core.posts.repeat_rules import CustomCron, Daily, EveryNWeeks, MonthlyDate, MonthlyLastDay, Weekday, Yearly
from core.posts.series import (
    EndsBeforeStart,
    FewerRuns,
    SeveralRunsADay,
    TooManyRuns,
    build_series,
    end_of_day,
    start_of_day,
)
from core.time.instants import DateOutOfRange, wall_time

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


def runs(repeat, zone, count=5):
    return next_runs(repeat, zone, after=NOW, count=count)


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


def test_a_series_of_every_second_week_counts_from_its_first_date():
    rule = EveryNWeeks(days=("MON", "THU"), weeks=2)
    repeat = build_series(rule, time(9), "Europe/Berlin", first=date(2026, 11, 5), now=NOW)  # a Thursday
    days = [wall_time(run, "Europe/Berlin").date() for run in runs(repeat, "Europe/Berlin")]
    assert days == [date(2026, 11, day) for day in (5, 16, 19, 30)] + [date(2026, 12, 3)]
    assert rule_of(repeat) == (rule, time(9))
    assert describe_rule(rule, time(9), "UTC") == "Every 2 weeks on Monday and Thursday at 09:00 UTC"


def test_a_series_of_every_second_week_keeps_its_weeks_when_its_first_run_has_passed():
    rule = EveryNWeeks(days=("MON",), weeks=2)
    repeat = build_series(rule, time(9), "UTC", first=date(2026, 11, 2), now=NOW)  # today at 9, and it is noon
    assert runs(repeat, "UTC", 2) == [datetime(2026, 11, day, 9, tzinfo=UTC) for day in (16, 30)]


@pytest.mark.parametrize("days", [tuple(Weekday), tuple(Weekday)[:5]])
def test_a_series_of_every_third_week_may_have_all_days(days):
    rule = EveryNWeeks(days=days, weeks=3)
    repeat = build_series(rule, time(9), "UTC", first=date(2026, 11, 9), now=NOW)
    found = runs(repeat, "UTC", 2 * len(days))
    assert {run.isocalendar().week for run in found} == {46, 49}
    assert rule_of(repeat)[0] == rule


def test_a_yearly_series_on_the_leap_day_skips_other_years():
    repeat = build_series(Yearly(month=2, day=29), time(9), "UTC", first=date(2026, 11, 5), now=NOW)
    assert [run.date() for run in runs(repeat, "UTC", 2)] == [date(2028, 2, 29), date(2032, 2, 29)]


@pytest.mark.parametrize(
    ("rule", "last"),
    [
        (Daily(), date(2026, 11, 14)),
        (MonthlyDate(day=31), date(2027, 7, 31)),
        (MonthlyLastDay(), date(2027, 3, 31)),
        (Yearly(month=2, day=28), date(2031, 2, 28)),
        (EveryNWeeks(days=("MON", "FRI"), weeks=4), date(2027, 1, 8)),
        (CustomCron(expression="0 9,17 ? * MON *"), None),
    ],
)
def test_an_end_after_five_runs_is_the_date_of_the_fifth(rule, last):
    def build():
        return build_series(rule, time(9), "Europe/Berlin", first=date(2026, 11, 10), runs=5, now=NOW)

    if last is None:
        with pytest.raises(SeveralRunsADay, match="After 5 runs, on 30 Nov 2026"):
            build()
        return
    repeat = build()
    assert repeat.ends_at == end_of_day(last, "Europe/Berlin")
    assert len(runs(repeat, "Europe/Berlin", 10)) == 5


def test_an_end_after_more_runs_than_there_are_is_refused():
    with pytest.raises(FewerRuns, match="only 1 runs, not 3"):
        build_series(CustomCron(expression="0 9 1 3 ? 2027"), time(9), "UTC", first=date(2026, 11, 5), runs=3, now=NOW)


def test_an_end_after_too_many_runs_is_refused_before_they_are_counted():
    with pytest.raises(TooManyRuns, match="at most 1,000 runs, not 1,000,000,000"):
        build_series(CustomCron(expression="* * * * ? *"), time(9), "UTC", first=date(2026, 11, 5), runs=10**9, now=NOW)
