"""The runs of a series equal the firings of its schedule that the relay lets pass, over both clock changes."""

import json
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile

from hypothesis import given, settings
from hypothesis import strategies as st

from core.posts.models import Post
from core.posts.payload import TargetSettings, invocation_of, read_scheduled, write_invocation, write_schedule
from core.posts.recurrence import NeverRuns, next_runs, rule_of
from core.posts.repeat_rules import (
    ChosenWeekdays,
    CustomCron,
    Daily,
    EveryNWeeks,
    EveryWeekday,
    MonthlyDate,
    MonthlyLastDay,
    MonthlyWeekday,
    Weekday,
    Yearly,
)
from core.posts.series import build_series, end_of_day, runs_of
from core.time.expressions import parse_expression
from core.time.instants import wall_time
from lambda_pkg.event import read_event

TARGET = TargetSettings(group="g", function_arn="f", role_arn="r", dead_letter_arn=None, lead=timedelta(0))
NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
YEAR_END = NOW + timedelta(days=400)
# Both hemispheres, a change of half an hour, a zone beside the date line, and none.
ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Auckland", "Asia/Kolkata", "UTC"]

weekdays = st.sets(st.sampled_from(list(Weekday)), min_size=1).map(tuple)
every_n_weeks = st.builds(EveryNWeeks, days=weekdays, weeks=st.integers(2, 9))
rules = st.one_of(
    st.just(Daily()),
    st.just(EveryWeekday()),
    st.builds(ChosenWeekdays, days=weekdays),
    every_n_weeks,
    st.builds(MonthlyDate, day=st.integers(1, 31)),
    st.just(MonthlyLastDay()),
    st.builds(MonthlyWeekday, nth=st.none() | st.integers(1, 4), weekday=st.sampled_from(list(Weekday))),
    st.dates(date(2028, 1, 1), date(2028, 12, 31)).map(lambda day: Yearly(month=day.month, day=day.day)),
    st.just(CustomCron(expression="15 */6 1-7 * ? *")),
)
times = st.builds(time, st.integers(0, 23), st.sampled_from([0, 7, 30, 59])) | st.sampled_from([time(2, 30), time(0)])
first_dates = st.dates(date(2026, 10, 20), date(2027, 4, 30))


def post_of(repeat, zone):
    return Post(
        post_id="0" * 12, text="Hi", destinations=("outbox",), zone=zone, wall="2026-11-02T09:00:00", repeat=repeat
    )


def passed(repeat, zone):
    """Return the firings within a year that the relay lets pass, as it reads the payload."""
    post = read_scheduled(write_schedule(post_of(repeat, zone), TARGET, enabled=True))
    firings = parse_expression(repeat.expression, zone, start=repeat.starts_at, end=repeat.ends_at).after(NOW)
    year = takewhile(lambda each: each <= YEAR_END, firings)
    invocations = [(each, json.loads(write_invocation(invocation_of(post, each)))) for each in year]
    return [each for each, payload in invocations if not read_event(payload).excluded]


def expected(repeat, zone):
    year = repeat.model_copy(update={"ends_at": YEAR_END})
    return runs_of(post_of(year, zone), after=NOW, count=2000)


@settings(deadline=None, database=None, max_examples=60)
@given(rules, times, st.sampled_from(ZONES), first_dates, st.data())
def test_the_runs_are_the_firings_that_the_relay_lets_pass(rule, at, zone, first, data):
    repeat = build_series(rule, at, zone, first=first, now=NOW)
    runs = expected(repeat, zone)
    if runs:
        skipped = data.draw(st.lists(st.sampled_from(runs), max_size=5, unique=True))
        repeat = repeat.model_copy(update={"skipped": tuple(skipped)})
        assert expected(repeat, zone) == [run for run in runs if run not in skipped]
    assert passed(repeat, zone) == expected(repeat, zone)


@settings(deadline=None, database=None, max_examples=60)
@given(every_n_weeks, times, st.sampled_from(ZONES), first_dates)
def test_every_n_weeks_counts_whole_weeks_of_the_calendar(rule, at, zone, first):
    repeat = build_series(rule, at, zone, first=first, now=NOW)
    monday = first - timedelta(days=first.weekday())
    for run in expected(repeat, zone):
        wall = wall_time(run, zone)
        assert ((wall.date() - monday).days // 7) % rule.weeks == 0
        assert (wall.hour, wall.minute) == (at.hour, at.minute)
        assert list(Weekday)[wall.weekday()] in rule.days
    assert rule_of(repeat) == (rule, at)


@settings(deadline=None, database=None, max_examples=60)
@given(rules, times, st.sampled_from(ZONES), first_dates, st.integers(1, 12))
def test_an_end_after_n_runs_gives_exactly_n(rule, at, zone, first, count):
    if isinstance(rule, CustomCron):
        return
    repeat = build_series(rule, at, zone, first=first, runs=count, now=NOW)
    runs = next_runs(repeat, zone, after=NOW, count=count + 5)
    assert len(runs) == count
    assert repeat.ends_at == end_of_day(wall_time(runs[-1], zone).date(), zone)


@settings(deadline=None, database=None, max_examples=30)
@given(times, st.sampled_from(ZONES), first_dates)
def test_a_series_whose_runs_are_all_skipped_has_none(at, zone, first):
    repeat = build_series(Daily(), at, zone, first=first, runs=3, now=NOW)
    runs = next_runs(repeat, zone, after=NOW, count=10)
    empty = repeat.model_copy(update={"skipped": tuple(runs)})
    assert runs_of(post_of(empty, zone), after=NOW) == []
    try:
        next_runs(empty, zone, after=NOW)
    except NeverRuns:
        return
    raise AssertionError("a skipped run counts")
