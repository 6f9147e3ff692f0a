"""Repeating rules: cron expressions, descriptions, next runs and warnings."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.posts.models import Repeat
from core.posts.recurrence import (
    NeverRuns,
    SecondsInRule,
    cron_expression,
    crosses_clock_change,
    describe_rule,
    next_runs,
    parse_rule,
    skipped_run_warnings,
)
from core.posts.repeat_rules import (
    ChosenWeekdays,
    CustomCron,
    Daily,
    EveryWeekday,
    MonthlyDate,
    MonthlyLastDay,
    MonthlyWeekday,
    RepeatRule,
    Weekday,
    Yearly,
)
from core.time.expressions import InvalidExpression, parse_expression
from core.time.instants import UnknownZone, wall_time

BERLIN = "Europe/Berlin"
NINE = time(9, 0)
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
MON_THU = (Weekday.MONDAY, Weekday.THURSDAY)

EACH_RULE = [
    (Daily(), "cron(0 9 * * ? *)", "Every day at 09:00 Europe/Berlin"),
    (EveryWeekday(), "cron(0 9 ? * MON-FRI *)", "Every weekday at 09:00 Europe/Berlin"),
    (ChosenWeekdays(days=MON_THU), "cron(0 9 ? * MON,THU *)", "Every Monday and Thursday at 09:00 Europe/Berlin"),
    (ChosenWeekdays(days=("SUN",)), "cron(0 9 ? * SUN *)", "Every Sunday at 09:00 Europe/Berlin"),
    (MonthlyDate(day=22), "cron(0 9 22 * ? *)", "On the 22nd of every month at 09:00 Europe/Berlin"),
    (MonthlyLastDay(), "cron(0 9 L * ? *)", "On the last day of every month at 09:00 Europe/Berlin"),
    (Yearly(month=12, day=24), "cron(0 9 24 12 ? *)", "Every year on 24 December at 09:00 Europe/Berlin"),
    (
        MonthlyWeekday(nth=2, weekday=Weekday.TUESDAY),
        "cron(0 9 ? * TUE#2 *)",
        "On the second Tuesday of every month at 09:00 Europe/Berlin",
    ),
    (
        MonthlyWeekday(nth=None, weekday=Weekday.FRIDAY),
        "cron(0 9 ? * FRIL *)",
        "On the last Friday of every month at 09:00 Europe/Berlin",
    ),
]


@pytest.mark.parametrize(("rule", "expression", "words"), EACH_RULE)
def test_each_rule_has_a_cron_expression_and_a_description_and_can_be_parsed(rule, expression, words):
    assert cron_expression(rule, NINE) == expression
    assert describe_rule(rule, NINE, BERLIN) == words
    assert parse_rule(expression) == (rule, NINE)


RULES = st.one_of(
    st.just(Daily()),
    st.just(EveryWeekday()),
    st.just(MonthlyLastDay()),
    st.builds(MonthlyDate, day=st.integers(1, 31)),
    st.builds(ChosenWeekdays, days=st.lists(st.sampled_from(Weekday), min_size=1).map(tuple)),
    st.builds(MonthlyWeekday, nth=st.sampled_from([1, 2, 3, 4, None]), weekday=st.sampled_from(Weekday)),
)


@settings(deadline=None, database=None)
@given(rule=RULES, hour=st.integers(0, 23), minute=st.integers(0, 59))
def test_a_parsed_rule_runs_at_the_same_times(rule, hour, minute):
    expression = cron_expression(rule, time(hour, minute))
    found, at = parse_rule(expression)
    assert at == time(hour, minute)
    assert parse_expression(cron_expression(found, at)).next(20, after=NOW) == parse_expression(expression).next(
        20, after=NOW
    )


@pytest.mark.parametrize(
    ("expression", "rule"),
    [
        ("cron(00 09 ? * 2-6 *)", EveryWeekday()),
        ("cron(0 9 ? * * *)", Daily()),
        ("cron(0 9 ? * SUN-SAT *)", Daily()),
        ("cron(0 9 1-31 * ? *)", Daily()),
        ("cron(0 9 ? * fri,mon,mon *)", ChosenWeekdays(days=("MON", "FRI"))),
        ("cron(0 9 ? * L *)", ChosenWeekdays(days=("SAT",))),
        ("cron(0 9 ? * 6L *)", MonthlyWeekday(nth=None, weekday=Weekday.FRIDAY)),
        ("cron(0 9 ? 1-12 1#1 *)", MonthlyWeekday(nth=1, weekday=Weekday.SUNDAY)),
    ],
)
def test_equivalent_cron_expressions_are_parsed_into_the_same_rule(expression, rule):
    assert parse_rule(expression) == (rule, NINE)


@pytest.mark.parametrize(
    "expression",
    [
        "cron(0,30 9 * * ? *)",
        "cron(0 9-17 * * ? *)",
        "cron(0 9 * 6 ? *)",
        "cron(0 9 * * ? 2027)",
        "cron(0 9 1,15 * ? *)",
        "cron(0 9 L-1 * ? *)",
        "cron(0 9 LW * ? *)",
        "cron(0 9 15W * ? *)",
        "cron(0 9 ? * MON#5 *)",
    ],
)
def test_any_other_cron_expression_is_a_custom_cron(expression):
    rule, at = parse_rule(expression)
    assert (rule, at) == (CustomCron(expression=expression), None)
    assert cron_expression(rule, at) == expression
    assert describe_rule(rule, at, BERLIN) == f"Custom schedule {expression}, Europe/Berlin"
    late = describe_rule(rule, at, BERLIN, timedelta(minutes=1))
    assert late == f"Custom schedule {expression}, within a minute of its times, Europe/Berlin"


@pytest.mark.parametrize("expression", ["rate(5 minutes)", "at(2026-11-24T08:00:00)", "every day"])
def test_expressions_of_other_kinds_are_refused(expression):
    with pytest.raises(InvalidExpression):
        parse_rule(expression)


def test_a_time_with_seconds_is_refused():
    with pytest.raises(SecondsInRule, match="not 09:00:30") as refused:
        cron_expression(Daily(), time(9, 0, 30))
    assert "09:00" in refused.value.hint


# The next runs


def test_runs_keep_the_wall_time_across_a_clock_change():
    before_the_change = datetime(2026, 10, 21, 12, 0, tzinfo=UTC)
    runs = next_runs(Repeat(expression="cron(0 9 * * ? *)"), BERLIN, after=before_the_change)
    assert [wall_time(run, BERLIN).hour for run in runs] == [9] * 5
    assert [run.hour for run in runs] == [7, 7, 7, 8, 8]
    assert crosses_clock_change(runs, BERLIN)
    assert not crosses_clock_change(runs, "Asia/Tokyo")
    assert not crosses_clock_change([], BERLIN)


def test_runs_stay_between_the_start_and_the_end():
    start, end = datetime(2026, 12, 1, tzinfo=UTC), datetime(2026, 12, 3, tzinfo=UTC)
    runs = next_runs(Repeat(expression="cron(0 9 * * ? *)", starts_at=start, ends_at=end), "UTC", after=NOW)
    assert [run.day for run in runs] == [1, 2]


def test_a_rule_without_a_run_is_refused():
    end = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
    with pytest.raises(NeverRuns) as refused:
        next_runs(Repeat(expression="cron(0 9 * * ? *)", ends_at=end), BERLIN, after=NOW)
    assert str(refused.value) == (
        "cron(0 9 * * ? *) has no run after 22 Nov 2026, 11:00 and up to 23 Nov 2026, 08:00 in Europe/Berlin."
    )
    with pytest.raises(NeverRuns, match="has no run after"):
        next_runs(Repeat(expression="cron(0 9 31 2 ? *)"), BERLIN, after=NOW)


def test_runs_in_an_unknown_zone_are_refused():
    with pytest.raises(UnknownZone):
        next_runs(Repeat(expression="cron(0 9 * * ? *)"), "Mars/Olympus", after=NOW)


# Warnings


def warnings(rule: RepeatRule, at: time | None, zone: str, *, after: datetime) -> list[str]:
    return skipped_run_warnings(Repeat(expression=cron_expression(rule, at)), zone, after=after)


def test_a_month_without_the_day_is_a_warning():
    assert warnings(MonthlyDate(day=31), NINE, BERLIN, after=NOW) == [
        "Months without a 31st are skipped. Choose the last day of the month to post in each."
    ]
    assert warnings(MonthlyDate(day=28), NINE, BERLIN, after=NOW) == []


def test_the_29th_of_february_is_a_warning():
    leap_day = Yearly(month=2, day=29)
    assert describe_rule(leap_day, NINE, BERLIN) == "Every leap year on 29 February at 09:00 Europe/Berlin"
    assert warnings(leap_day, NINE, BERLIN, after=NOW) == [
        "Only leap years have a 29 February. Choose 28 February to post every year."
    ]
    assert warnings(Yearly(month=2, day=28), NINE, BERLIN, after=NOW) == []


def test_a_run_in_a_skipped_hour_is_a_warning():
    half_past_two = time(2, 30)
    assert warnings(Daily(), half_past_two, BERLIN, after=NOW) == [
        "No post on 28 Mar 2027: the clocks go forward over 02:30."
    ]
    assert warnings(EveryWeekday(), half_past_two, BERLIN, after=NOW) == []  # it is a Sunday
    assert warnings(Daily(), half_past_two, "Asia/Tokyo", after=NOW) == []


def test_a_custom_cron_has_no_warnings():
    assert warnings(CustomCron(expression="30 2 1,31 * ? *"), None, BERLIN, after=NOW) == []
