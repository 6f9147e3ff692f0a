"""The days of a month that a cron rule selects."""

from datetime import datetime

import pytest

from core.time.cron import parse_cron


def days(day_of_month: str, day_of_week: str, month: int, year: int = 2026) -> list[int]:
    """Return the days of one month on which a rule runs."""
    rule = parse_cron(f"0 9 {day_of_month} {month} {day_of_week} {year}")
    return [run.day for run in rule.wall_times(datetime.fromisoformat(f"{year}-01-01"))]


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
        ("LW", 6, [30]),  # the 30th is a Tuesday
        ("1W", 8, [3]),  # the 1st is a Saturday, and the Friday before is in another month
        ("1W", 11, [2]),  # the 1st is a Sunday
        ("15W", 8, [14]),  # the 15th is a Saturday
        ("15W", 11, [16]),  # the 15th is a Sunday
        ("31W", 5, [29]),  # the 31st is a Sunday, and the Monday after is in another month
        ("31W", 4, []),  # April has no 31st
        ("lw", 6, [30]),
    ],
)
def test_a_day_of_month_selects_these_days_of_2026(text, month, expected):
    assert days(text, "?", month) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", [1, 8, 15, 22, 29]),  # Sundays, which have the number 0 in other crons
        ("SUN", [1, 8, 15, 22, 29]),
        ("2-6", [2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 16, 17, 18, 19, 20, 23, 24, 25, 26, 27, 30]),
        ("FRI-MON", [1, 2, 6, 7, 8, 9, 13, 14, 15, 16, 20, 21, 22, 23, 27, 28, 29, 30]),
        ("mOn,wed", [2, 4, 9, 11, 16, 18, 23, 25, 30]),
        ("L", [7, 14, 21, 28]),  # the last day of the week
        ("6L", [27]),
        ("FRIL", [27]),
        ("MON#1", [2]),
        ("2#5", [30]),
        ("3#5", []),
    ],
)
def test_a_day_of_week_selects_these_days_of_november_2026(text, expected):
    assert days("?", text, 11) == expected


def test_an_l_in_a_list_of_weekdays_is_refused():
    with pytest.raises(ValueError, match="'L' is not within 1-7"):
        days("?", "L,2", 11)
