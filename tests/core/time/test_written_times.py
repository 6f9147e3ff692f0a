"""What people write, and what it means on Tuesday 1 December 2026, 15:23:45 in Berlin."""

from datetime import UTC, datetime, timedelta

import pytest
import pytz
from hypothesis import given
from hypothesis import strategies as st

from core.errors import PunctualError
from core.time.instants import instants, wall_time
from core.time.phrases import date_and_time
from core.time.written_refusals import (
    NoSuchTime,
    NoTimeOfDay,
    NotUnderstood,
    TimeInPast,
    UnclearTime,
    WrittenTime,
)
from core.time.written_times import read_time, understood
from core.time.zone_names import ABBREVIATIONS

NOW = datetime(2026, 12, 1, 14, 23, 45, 123, tzinfo=UTC)
BERLIN = "Europe/Berlin"

MEANINGS = """
tomorrow 9am => 2026-12-02T09:00:00
next fri 17:30 => 2026-12-04T17:30:00
in 2 weeks => 2026-12-15T15:24:00
25 dec 9:30pm => 2026-12-25T21:30:00
9:30pm => 2026-12-01T21:30:00
2026-12-04T17:30 => 2026-12-04T17:30:00
2026-12-04 17:30:05 => 2026-12-04T17:30:05
2026-12-04T17:30Z => 2026-12-04T18:30:00
2026-12-04T17:30+05:30 => 2026-12-04T13:00:00
25/12 9:00 => 2026-12-25T09:00:00
12/25/2026 9pm => 2026-12-25T21:00:00
dec 25 9:30 => 2026-12-25T09:30:00
december 25, 2026 at 9:30 pm => 2026-12-25T21:30:00
fri 9am => 2026-12-04T09:00:00
tue 9am => 2026-12-08T09:00:00
tue 15:00 => 2026-12-08T15:00:00
tue 16:00 => 2026-12-01T16:00:00
next tue 15:30 => 2026-12-08T15:30:00
fri next week 9am => 2026-12-11T09:00:00
in 90 minutes => 2026-12-01T16:54:00
in an hour and a half => 2026-12-01T16:54:00
in 2 hours and 30 minutes => 2026-12-01T17:54:00
3 days from now => 2026-12-04T15:24:00
in 2 weeks 9am => 2026-12-15T09:00:00
in 2 weeks at noon => 2026-12-15T12:00:00
in a month => 2027-01-01T15:24:00
midnight => 2026-12-02T00:00:00
noon tomorrow => 2026-12-02T12:00:00
29 feb 9am => 2028-02-29T09:00:00
fri 25 dec 2026 9pm => 2026-12-25T21:00:00
9pm tokyo => 2026-12-02T21:00:00 Asia/Tokyo
9pm PST => 2026-12-01T21:00:00 America/Los_Angeles
tomorrow 9am new york => 2026-12-02T09:00:00 America/New_York
12am => 2026-12-02T00:00:00
12pm => 2026-12-02T12:00:00
25.12. 9:30 => 2026-12-25T09:30:00
03.04.2027 9:00 => 2027-04-03T09:00:00
9.30pm => 2026-12-01T21:30:00
tonight 8 => 2026-12-01T20:00:00
tonight 8pm => 2026-12-01T20:00:00
tomorrow morning 9 => 2026-12-02T09:00:00
tomorrow 9 in the evening => 2026-12-02T21:00:00
17h30 => 2026-12-01T17:30:00
17 uhr => 2026-12-01T17:00:00
25. Dezember 9:30 => 2026-12-25T09:30:00
morgen 9:00 => 2026-12-02T09:00:00
demain à 9h => 2026-12-02T09:00:00
mañana a las 9:30 => 2026-12-02T09:30:00
25 décembre 9h30 => 2026-12-25T09:30:00
the 25th 9pm => 2026-12-25T21:00:00
31st 9am => 2026-12-31T09:00:00
1st jan 9am => 2027-01-01T09:00:00
9am 1st of jan 2028 => 2028-01-01T09:00:00
9:30 am utc+2 => 2026-12-02T08:30:00
Thu 24 Dec 2026, 09:00 America/Argentina/Buenos_Aires => 2026-12-24T09:00:00 America/Argentina/Buenos_Aires
tomorrow 9am! => 2026-12-02T09:00:00
25-dec-2026 9am => 2026-12-25T09:00:00
2026/12/25 9am => 2026-12-25T09:00:00
9pm london time => 2026-12-01T21:00:00 Europe/London
in 1 day 2 hours => 2026-12-02T17:24:00
in 30 seconds => 2026-12-01T15:24:16
9:30:15pm => 2026-12-01T21:30:15
12:00 12/12 => 2026-12-12T12:00:00
9am fri 11 dec => 2026-12-11T09:00:00
5 dec 5pm => 2026-12-05T17:00:00
tmrw 8:15 => 2026-12-02T08:15:00
day after tomorrow 7pm => 2026-12-03T19:00:00
saturday noon => 2026-12-05T12:00:00
wed at 6 p.m. => 2026-12-02T18:00:00
thurs 18:00 => 2026-12-03T18:00:00
sept 3 2027 10am => 2027-09-03T10:00:00
3rd of september 2027 10am => 2027-09-03T10:00:00
2 feb 11pm => 2027-02-02T23:00:00
friday 9:30 new york => 2026-12-04T09:30:00 America/New_York
5pm tomorrow in Tokyo => 2026-12-02T17:00:00 Asia/Tokyo
tomorrow 9am Zürich => 2026-12-02T09:00:00 Europe/Zurich
tomorrow 9am Sao Paulo => 2026-12-02T09:00:00 America/Sao_Paulo
tomorrow 9am Mumbai => 2026-12-02T09:00:00 Asia/Kolkata
9am gmt+2 => 2026-12-02T08:00:00
in a fortnight => 2026-12-15T15:24:00
in 3 days at 9am => 2026-12-04T09:00:00
in half an hour => 2026-12-01T15:54:00
in 45 min => 2026-12-01T16:09:00
two weeks from now => 2026-12-15T15:24:00
in 6 months => 2027-06-01T15:24:00
5/5 9:00 => 2027-05-05T09:00:00
31/12/2027 23:59 => 2027-12-31T23:59:00
"""

REFUSALS = {
    UnclearTime: [
        "03/04 9:00",
        "tomorrow 9",
        "tomorrow 17",
        "9",
        "tomorrow midnight",
        "9pm IST",
        "tomorrow 9am CST",
        "tomorrow at 9 o'clock",
        "2026-12-04T17",
        "next fri 5",
        "9 dec 9",
        "tomorrow 12",
        "10am 11/12",
        "fri 4 dec 5",
    ],
    NoTimeOfDay: ["tomorrow", "tonight", "tomorrow morning", "9 may", "fri"],
    NoSuchTime: [
        "24:00",
        "tomorrow 24:00",
        "25:00",
        "30 feb 9am",
        "31 apr 9am",
        "mon 25 dec 9pm",
        "13pm",
        "0am",
        "17:30pm",
        "tonight 1:30",
        "in 99999 years",
        "9:75",
        "1/2/26 9am",
        "2026-13-04 9:00",
        "tomorrow 9:30 24:00",
        "tomorrow 99",
    ],
    NotUnderstood: [
        "9:30 dec",
        "dec 9:30",
        "next week 9am",
        "tomorrow 9am nowhere",
        "9am tomorrow blurb",
        "tomorrow 9am 10am",
        "tomorrow today 9am",
        "9.30",
        "mar 9:00",
        "",
        "hello",
        "0 9 * * *",
        "in 5",
        "in 5 minutes tomorrow",
        "25 dec 20266 9am",
        "dec 2026 9am",
        "may 9pm",
        "next 25 dec 9am",
        "tomorrow 9am or 10am",
        "20261204T1730",
        "next month",
        "weekend",
        "soon",
        "9:3",
        "half past nine",
        "-5",
    ],
    TimeInPast: ["yesterday 9am", "today 9am", "1 dec 9am", "Tue 24 Nov 2026, 09:00 Europe/Berlin"],
}


def read(text, now=NOW):
    return read_time(text, BERLIN, now)


@pytest.mark.parametrize("line", MEANINGS.strip().splitlines())
def test_a_written_time_has_its_meaning(line):
    text, meaning = (part.strip() for part in line.split("=>"))
    wall, *zone = meaning.split()
    assert read(text) == WrittenTime(datetime.fromisoformat(wall), *zone or [BERLIN])


@pytest.mark.parametrize(
    ("refusal", "text"), [(refusal, text) for refusal, texts in REFUSALS.items() for text in texts]
)
def test_what_is_no_clear_time_is_refused(refusal, text):
    with pytest.raises(refusal) as refused:
        read(text)
    assert refused.value.hint


@pytest.mark.parametrize("text", REFUSALS[UnclearTime])
def test_each_choice_of_a_question_is_read_as_another_time(text):
    with pytest.raises(UnclearTime) as asked:
        read(text)
    meanings = [read(choice) for choice in asked.value.choices]
    assert len(set(meanings)) == len(meanings) > 0


def test_a_weekday_is_today_only_while_its_time_is_to_come():
    assert read("tue 16:00").wall.day == 1
    assert read("tue 15:00").wall.day == 8
    assert read("next tue 16:00").wall.day == 8


def test_a_time_in_the_past_is_named_with_its_refusal():
    with pytest.raises(TimeInPast, match="6 hours 23 minutes ago") as refused:
        read("today 9am")
    assert refused.value.written == WrittenTime(datetime.fromisoformat("2026-12-01T09:00"), BERLIN)


def test_an_abbreviation_of_the_own_zone_means_the_own_zone():
    assert read_time("9pm IST", "Asia/Kolkata", NOW).zone == "Asia/Kolkata"
    assert read_time("9pm CET", "Europe/Paris", NOW).zone == "Europe/Paris"
    assert read("9pm PST").zone == "America/Los_Angeles"


def test_a_skipped_time_is_returned_and_said():
    written = read("28 mar 2027 2:30")
    assert understood(written, NOW) == "Sun 28 Mar 2027, 02:30 Europe/Berlin, which the clocks skip"


def test_a_doubled_time_is_said_unless_its_offset_is_written():
    assert understood(read("31 oct 2027 2:30"), NOW).endswith("which occurs twice")
    assert read("31 oct 2027 2:30 Europe/Berlin (UTC+02:00)").which == 1
    assert read("2027-10-31T02:30+01:00").which == 2
    with pytest.raises(NoSuchTime):
        read("31 oct 2027 2:30 Europe/Berlin (UTC+03:00)")


def test_a_delay_into_a_doubled_hour_keeps_its_instant():
    before = datetime(2027, 10, 30, 23, 30, tzinfo=UTC)  # 01:30
    assert [read(f"in {hours} hours", before).which for hours in (1, 2, 3)] == [1, 2, None]


def test_what_was_understood_names_day_time_zone_and_the_time_until_then():
    assert understood(read("next fri 17:30"), NOW) == "Fri 4 Dec 2026, 17:30 Europe/Berlin, in 3 days 2 hours"


FIRST, LAST = datetime.fromisoformat("2024-01-01"), datetime.fromisoformat("2036-12-01")


@given(
    st.datetimes(FIRST, LAST),
    st.sampled_from(pytz.all_timezones),
    st.timedeltas(timedelta(minutes=1), timedelta(days=1000)),
)
def test_every_printed_time_is_read_back(due, zone, ahead):
    instant = due.replace(tzinfo=UTC, microsecond=0)
    wall = wall_time(instant, zone).replace(tzinfo=None)
    both = instants(wall, zone)
    which = 1 + both.index(instant) if len(both) == 2 else None
    own = zone if zone.casefold() in ABBREVIATIONS else BERLIN
    assert read_time(date_and_time(instant, zone), own, instant - ahead) == WrittenTime(wall, zone, which)


@given(st.datetimes(FIRST, LAST), st.datetimes(FIRST, LAST))
def test_every_form_of_a_date_and_a_time_means_the_same(due, other):
    wall, now = max(due, other).replace(second=0, microsecond=0), min(due, other).replace(tzinfo=UTC)
    forms = ["%Y-%m-%dT%H:%M", "%d %b %Y %I:%M%p", "%B %d, %Y at %I:%M %p", "%H:%M on %a %d %B %Y", "%d.%m.%Y %H:%M"]
    if wall.replace(tzinfo=UTC) > now:
        assert {read_time(wall.strftime(form), "UTC", now) for form in forms} == {WrittenTime(wall, "UTC")}


@given(st.text(alphabet=st.sampled_from("0123456789:/.-+ apmfrinextdc,24hTZü\n"), max_size=25) | st.text(max_size=30))
def test_any_text_is_read_or_refused_in_words(text):
    try:
        written = read(text)
    except PunctualError as error:
        written = error.hint
    assert written
