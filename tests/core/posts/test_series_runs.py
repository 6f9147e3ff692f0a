"""The runs of a series equal the firings of its schedule that the relay lets pass, over both clock changes."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile

from hypothesis import given, settings
from hypothesis import strategies as st

from core.posts.models import Post
from core.posts.payload import (
    SCHEDULED_TIME,
    TargetSettings,
    invocation_of,
    occurrence_key,
    read_payload,
    read_scheduled,
    write_schedule,
)
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
from core.time.earlier_cron import EARLIER
from core.time.expressions import parse_expression
from core.time.instants import utc_text, wall_time
from lambda_pkg.event import read_event

TARGET = TargetSettings(group="g", function_arn="f", role_arn="r", dead_letter_arn=None, lead=timedelta(0))
AHEAD = replace(TARGET, repeat_lead=lambda: EARLIER)
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


def fired(repeat, zone, target):
    """Return the events within a year that the relay lets pass, with the firings of their schedule."""
    post = post_of(repeat, zone)
    schedule = write_schedule(post, target, enabled=True)
    assert read_scheduled(schedule) == post
    lead = target.lead_of(repeat, zone)
    bounds = {"start": schedule.get("StartDate"), "end": schedule.get("EndDate")}
    firings = parse_expression(schedule["ScheduleExpression"], zone, **bounds).after(NOW - lead)
    year = takewhile(lambda each: each <= YEAR_END - lead, firings)
    inputs = [(each, schedule["Target"]["Input"].replace(SCHEDULED_TIME, utc_text(each), 1)) for each in year]
    events = [(each, read_event(json.loads(text)), read_payload(text)) for each, text in inputs]
    for _, event, payload in events:
        assert (event.due, event.occurrence_key, event.excluded) == (
            payload.due,
            payload.occurrence_key,
            payload.excluded,
        )
        assert read_payload(event.body) == payload == invocation_of(post, event.due)
    return [(each, event) for each, event, _ in events if not event.excluded]


def expected(repeat, zone, until=None):
    year = repeat.model_copy(update={"ends_at": min(until or YEAR_END, YEAR_END)})
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
    on_time = [event.due for _, event in fired(repeat, zone, TARGET)]
    assert on_time == expected(repeat, zone)
    assert [event.due for _, event in fired(repeat, zone, AHEAD)] == on_time


@settings(deadline=None, database=None, max_examples=30)
@given(rules, times, st.sampled_from(ZONES), first_dates, first_dates, st.integers(1, 12))
def test_a_lead_is_the_same_at_each_run_from_the_first_to_the_last(rule, at, zone, first, another, count):
    """Midnight of the first date, the end of the last one and the changes of the clocks are no exceptions."""
    for bounds in ({"last": max(first, another)}, {} if isinstance(rule, CustomCron) else {"runs": count}):
        try:
            repeat = build_series(rule, at, zone, first=min(first, another), **bounds, now=NOW)
        except NeverRuns:
            continue
        firings = fired(repeat, zone, AHEAD)
        assert [event.due for _, event in firings] == expected(repeat, zone, until=repeat.ends_at)
        assert {event.due - each for each, event in firings} <= {AHEAD.lead_of(repeat, zone)}
        assert [event.occurrence_key for _, event in firings] == [
            occurrence_key("0" * 12, run) for run in expected(repeat, zone, until=repeat.ends_at)
        ]


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
