"""The cron grammar: what is read, what is refused, and which days a month has."""

from datetime import datetime
from itertools import islice

import pytest

from core.engine import cron


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


def days(day_of_month: str, day_of_week: str, month: int, year: int = 2026) -> list[int]:
    """The days of one month on which a rule runs."""
    rule = cron.parse(f"0 9 {day_of_month} {month} {day_of_week} {year}")
    return [run.day for run in rule.walls(wall(f"{year}-01-01"))]


@pytest.mark.parametrize(
    ("text", "month", "expected"),
    [
        ("1,15", 11, [1, 15]),
        ("28-31", 2, [28]),
        ("30-2", 11, [1, 2, 30]),
        ("*/10", 2, [1, 11, 21]),
        ("5/10", 4, [5, 15, 25]),
        ("1-10/4", 4, [1, 5, 9]),
        ("08", 4, [8]),
        ("31", 4, []),
        ("L", 2, [28]),
        ("L-3", 2, [25]),
        ("L-30", 4, []),
        ("L-30", 5, [1]),
        ("LW", 1, [30]),  # the 31st is a Saturday
        ("LW", 5, [29]),  # the 31st is a Sunday
        ("LW", 6, [30]),  # a Tuesday itself
        ("1W", 8, [3]),  # a Saturday: not the Friday before, which is another month's
        ("1W", 11, [2]),  # a Sunday
        ("15W", 8, [14]),  # a Saturday
        ("15W", 11, [16]),  # a Sunday
        ("31W", 5, [29]),  # a Sunday: not the Monday after
        ("31W", 4, []),  # April has no 31st
        ("lw", 6, [30]),
    ],
)
def test_a_day_of_month_names_these_days_of_2026(text, month, expected):
    assert days(text, "?", month) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", [1, 8, 15, 22, 29]),  # Sundays, though cron elsewhere counts them as 0
        ("SUN", [1, 8, 15, 22, 29]),
        ("2-6", [2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 16, 17, 18, 19, 20, 23, 24, 25, 26, 27, 30]),
        ("FRI-MON", [1, 2, 6, 7, 8, 9, 13, 14, 15, 16, 20, 21, 22, 23, 27, 28, 29, 30]),
        ("mOn,wed", [2, 4, 9, 11, 16, 18, 23, 25, 30]),
        ("L", [7, 14, 21, 28]),  # the last day of the week
        ("L,2", None),
        ("6L", [27]),
        ("FRIL", [27]),
        ("MON#1", [2]),
        ("2#5", [30]),
        ("3#5", []),
    ],
)
def test_a_day_of_week_names_these_days_of_november_2026(text, expected):
    if expected is None:
        with pytest.raises(ValueError, match="L"):
            days("?", text, 11)
    else:
        assert days("?", text, 11) == expected


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
        "0 9 ? * 3#1,6#3 *",  # AWS's guide: one # only
        "0 9 ? * 2L,3L *",
        "0 9 ? * ſUN *",  # upper() makes an S of this
    ],
)
def test_anything_outside_the_grammar_is_refused(fields):
    with pytest.raises(ValueError):  # noqa: PT011 (any ValueError: expressions.parse turns it into AWS's sentence)
        cron.parse(fields)


def test_hours_and_months_wrap_and_step():
    rule = cron.parse("0 22-4/2 1 NOV-FEB/3 ? *")
    assert rule.hours == (0, 2, 4, 22)
    assert rule.months == (2, 11)


def test_years_step_and_end_with_2199():
    assert cron.parse("0 9 * * ? 2190/5").years == (2190, 2195)
    assert cron.parse("0 9 * * ? *").years[-1] == 2199


def test_a_date_that_never_comes_ends_the_search():
    assert list(cron.parse("0 9 31 2,4,6,9,11 ? *").walls(wall("1970-01-01"))) == []


def test_the_search_begins_with_the_very_minute_asked_about():
    rule = cron.parse("30 9 * * ? *")
    assert next(rule.walls(wall("2026-11-24T09:30:59"))) == wall("2026-11-24T09:30")
    assert next(rule.walls(wall("2026-11-24T09:31"))) == wall("2026-11-25T09:30")


def test_leap_days_on_a_weekday_are_found_decades_ahead():
    rule = cron.parse("0 9 ? 2 SUN#5 *")  # a fifth Sunday in February: only the 29th of a leap year
    assert [run.year for run in islice(rule.walls(wall("2026-01-01")), 4)] == [2032, 2060, 2088, 2128]


def test_equal_rules_are_equal_values():
    assert cron.parse("0 9 ? * MON-FRI *") == cron.parse("0 9 ? * 2-6 *")
