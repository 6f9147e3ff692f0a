"""The cron grammar, and the order of the selected wall times."""

from datetime import datetime
from itertools import islice

import pytest

from core.time import cron


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    "fields",
    [
        "",
        "INVALID",
        "* * * * ?",
        "* * * * ? * *",
        "0  9 * * ? *",
        " 0 9 * * ? *",
        "0 9 * * ? * ",
        "0\t9 * * ? *",
        "0 1 * * * *",  # neither day field is ?: recorded from AWS
        "7 20 * * NOT *",  # recorded from AWS
        "0 dummy ? * MON-FRI *",  # recorded from AWS
        "71 8 1 * ? *",  # recorded from AWS
        "0 9 ? * ? *",
        "60 9 * * ? *",
        "0 24 * * ? *",
        "0 9 0 * ? *",
        "0 9 32 * ? *",
        "0 9 1 0 ? *",
        "0 9 1 13 ? *",
        "0 9 1 JANUARY ? *",
        "0 9 ? * 0 *",
        "0 9 ? * 8 *",
        "0 9 ? * 01 *",
        "0 9 ? * MONDAY *",
        "0 9 * * ? 1969",
        "0 9 * * ? 2200",
        "0 9 * * ? 26",
        "0 9 * * ? 2030-2026",
        "*/60 * * * ? *",  # reported as refused by AWS
        "*/0 * * * ? *",
        "/5 * * * ? *",
        "5/ * * * ? *",
        "1,,2 * * * ? *",
        "1, * * * ? *",
        "*,5 * * * ? *",
        "*-5 * * * ? *",
        "5-* * * * ? *",
        "1-2-3 * * * ? *",
        "-1 * * * ? *",
        "+1 * * * ? *",
        "1.5 * * * ? *",
        "001 * * * ? *",
        "٣ * * * ? *",
        "? 9 * * ? *",
        "0 9 1,? * ? *",
        "0 9 L,1 * ? *",
        "0 9 1,L * ? *",
        "0 9 L-0 * ? *",
        "0 9 L-31 * ? *",
        "0 9 L- * ? *",
        "0 9 L3 * ? *",
        "0 9 3L * ? *",
        "0 9 W * ? *",
        "0 9 WL * ? *",
        "0 9 L-3W * ? *",
        "0 9 32W * ? *",
        "0 9 10W,20W * ? *",
        "0 9 1-5W * ? *",
        "0 9 1#2 * ? *",
        "0 9 ? * 2W *",
        "0 9 ? * L-3 *",
        "0 9 ? * 2/2 *",
        "0 9 ? * 2#0 *",
        "0 9 ? * 2#6 *",
        "0 9 ? * 2# *",
        "0 9 ? * #2 *",
        "0 9 ? * 3#1,6#3 *",  # AWS's guide allows one # only
        "0 9 ? * 2L,3L *",
        "0 9 ? * ſUN *",  # upper() turns the first letter into an S
    ],
)
def test_fields_that_violate_the_grammar_are_refused(fields):
    with pytest.raises(ValueError):  # noqa: PT011 - parse_expression replaces any ValueError
        cron.parse_cron(fields)


def test_hours_and_months_wrap_and_step():
    rule = cron.parse_cron("0 22-4/2 1 NOV-FEB/3 ? *")
    assert rule.hours == (0, 2, 4, 22)
    assert rule.months == (2, 11)


def test_years_step_and_end_with_2199():
    assert cron.parse_cron("0 9 * * ? 2190/5").years == (2190, 2195)
    assert cron.parse_cron("0 9 * * ? *").years[-1] == 2199


def test_a_date_that_never_occurs_yields_nothing():
    assert list(cron.parse_cron("0 9 31 2,4,6,9,11 ? *").wall_times(wall("1970-01-01"))) == []


def test_the_minute_of_the_earliest_time_is_included():
    rule = cron.parse_cron("30 9 * * ? *")
    assert next(rule.wall_times(wall("2026-11-24T09:30:59"))) == wall("2026-11-24T09:30")
    assert next(rule.wall_times(wall("2026-11-24T09:31"))) == wall("2026-11-25T09:30")


def test_leap_days_on_a_weekday_are_found_decades_ahead():
    rule = cron.parse_cron("0 9 ? 2 SUN#5 *")  # a fifth Sunday in February: only the 29th of a leap year
    assert [run.year for run in islice(rule.wall_times(wall("2026-01-01")), 4)] == [2032, 2060, 2088, 2128]


def test_equal_rules_are_equal_values():
    assert cron.parse_cron("0 9 ? * MON-FRI *") == cron.parse_cron("0 9 ? * 2-6 *")
