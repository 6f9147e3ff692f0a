"""Dates and times in the forms of spreadsheets."""

from datetime import UTC, datetime

import pytest

from core.bulk.row_times import (
    AmbiguousDate,
    IncompleteTime,
    UnreadableTime,
    WrongWeekday,
    date_order,
    read_row_time,
)
from core.time.written_refusals import NotUnderstood, UnclearTime, WrittenTime

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
NINE = datetime.fromisoformat("2026-12-24T09:00")


@pytest.mark.parametrize(
    "text",
    [
        "2026-12-24 09:00",
        "2026-12-24T09:00:00",
        "2026-12-24T09:00:00.000",
        "2026/12/24 9:00",
        "24.12.2026 9:00",
        "24/12/2026 09:00",
        "12/24/2026 9:00 AM",
        "12/24/2026, 9am",
        "24 Dec 2026, 09:00",
        "24 December 2026 at 9:00 a.m.",
        "Thu, 24 Dec 2026 09:00",
        "Dec 24, 2026 9:00 AM",
        "December 24th 2026 09:00",
        "2026-12-24T08:00:00Z",
        "2026-12-24 10:00+02:00",
        "2026-12-24 03:00 -0500",
        "24 december, 9 am",
        "2026-12-24 09:00 Europe/Berlin",
    ],
)
def test_a_time_is_read(text):
    assert read_row_time(text, "Europe/Berlin", None, NOW) == WrittenTime(wall=NINE, zone="Europe/Berlin")


@pytest.mark.parametrize(("text", "hour"), [("12am", 0), ("12pm", 12), ("12:30 pm", 12), ("11 PM", 23)])
def test_noon_and_midnight(text, hour):
    assert read_row_time(f"2026-12-24 {text}", "UTC", None, NOW).wall.hour == hour


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("soon", NotUnderstood),
        ("2026-13-24 09:00", UnreadableTime),
        ("2026-12-24 25:00", UnreadableTime),
        ("2026-12-24 13pm", UnreadableTime),
        ("2026-12-24 9", UnreadableTime),
        ("24/12/26 09:00", UnreadableTime),
        ("09:00", UnreadableTime),
        ("2026-12-24", IncompleteTime),
        ("24.12.2026", IncompleteTime),
        ("04/05/2026 09:00", AmbiguousDate),
        ("Fri 24 Dec 2026 09:00", WrongWeekday),
        ("0001-01-01T00:00:00+23:00", UnreadableTime),
    ],
)
def test_what_is_no_time_is_refused(text, error):
    with pytest.raises(error):
        read_row_time(text, "UTC", None, NOW)


def test_other_dates_of_the_file_tell_the_order_of_day_and_month():
    assert date_order(["04/05/2026 09:00", "24/12/2026 09:00"]) == "day first"
    assert date_order(["04/05/2026 09:00", "12/24/2026 09:00"]) == "month first"
    assert date_order(["04/05/2026 09:00", "", "2026-12-24"]) is None
    may, april = datetime.fromisoformat("2026-05-04T09:00"), datetime.fromisoformat("2026-04-05T09:00")
    assert read_row_time("04/05/2026 09:00", "UTC", "day first", NOW).wall == may
    assert read_row_time("04/05/2026 09:00", "UTC", "month first", NOW).wall == april
    assert read_row_time("04.05.2026 09:00", "UTC", "month first", NOW).wall == may


def test_words_are_read_as_a_person_means_them():
    assert read_row_time("tomorrow 9am", "Europe/Berlin", None, NOW).wall == datetime.fromisoformat("2026-12-02T09:00")
    with pytest.raises(UnclearTime):
        read_row_time("tomorrow at 9", "Europe/Berlin", None, NOW)


def test_an_offset_selects_one_of_two_equal_times():
    first = read_row_time("2026-10-25 02:30+02:00", "Europe/Berlin", None, NOW)
    second = read_row_time("2026-10-25 02:30 +01:00", "Europe/Berlin", None, NOW)
    assert (first.wall, first.which) == (datetime.fromisoformat("2026-10-25T02:30"), 1)
    assert (second.wall, second.which) == (datetime.fromisoformat("2026-10-25T02:30"), 2)
