"""English texts for times, durations, counts and lists."""

from datetime import UTC, date, datetime, timedelta

import pytest

from core.time.phrases import (
    city,
    clock_time,
    date_and_time,
    day_heading,
    duration,
    excerpt,
    join_names,
    lateness,
    lateness_in_words,
    opening,
    plural,
    relative_time,
    zone_label,
)

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(seconds=1), "1 second"),
        (timedelta(seconds=59.9), "59 seconds"),
        (timedelta(seconds=61), "1 minute"),
        (timedelta(hours=2, minutes=5, seconds=7), "2 hours 5 minutes"),
        (timedelta(days=2, hours=3, minutes=59), "2 days 3 hours"),
        (timedelta(days=1, minutes=30), "1 day"),
        (timedelta(days=1200), "1,200 days"),
    ],
)
def test_a_duration_has_its_two_largest_adjacent_units(length, text):
    assert duration(length) == text


def test_a_relative_time_is_ahead_or_ago():
    assert relative_time(NOW + timedelta(days=2, hours=3), NOW) == "in 2 days 3 hours"
    assert relative_time(NOW - timedelta(minutes=5), NOW) == "5 minutes ago"
    assert relative_time(NOW + timedelta(milliseconds=999), NOW) == "now"


@pytest.mark.parametrize(("hour", "offset"), [(0, "UTC+02:00"), (1, "UTC+01:00")])
def test_a_wall_time_that_occurs_twice_has_its_offset(hour, offset):
    due = datetime(2027, 10, 31, hour, 30, tzinfo=UTC)
    assert date_and_time(due, "Europe/Berlin") == f"Sun 31 Oct 2027, 02:30 Europe/Berlin ({offset})"


def test_a_date_and_time_is_the_wall_time_with_its_zone():
    assert (
        date_and_time(datetime(2026, 11, 24, 8, tzinfo=UTC), "Europe/Berlin") == "Tue 24 Nov 2026, 09:00 Europe/Berlin"
    )
    assert date_and_time(datetime(2026, 11, 24, 3, tzinfo=UTC), "America/New_York").startswith("Mon 23 Nov 2026, 22:00")


def test_seconds_are_shown_only_where_there_are_any():
    assert clock_time(NOW, "UTC") == "08:00"
    assert clock_time(NOW + timedelta(seconds=5), "UTC") == "08:00:05"


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (date(2026, 11, 21), "Yesterday, Sat 21 Nov 2026"),
        (date(2026, 11, 22), "Today, Sun 22 Nov 2026"),
        (date(2026, 11, 23), "Tomorrow, Mon 23 Nov 2026"),
        (date(2026, 11, 24), "Tue 24 Nov 2026"),
    ],
)
def test_near_days_have_a_prefix(day, text):
    assert day_heading(day, date(2026, 11, 22)) == text


def test_a_zone_label_has_the_city_and_the_offset_of_the_date():
    assert zone_label("America/New_York", NOW) == "New York (UTC-05:00) - America/New_York"
    assert zone_label("America/New_York", datetime(2026, 7, 1, tzinfo=UTC)).startswith("New York (UTC-04:00)")
    assert city("America/Argentina/Buenos_Aires") == "Buenos Aires"
    assert city("UTC") == "UTC"


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (1, "1 ms late"),
        (999, "999 ms late"),
        (1204, "1.204 s late"),
        (181_204, "3 min 1.204 s late"),
        (0, "on time"),
        (-3, "on time"),
        (-2000, "on time"),
    ],
)
def test_lateness_has_millisecond_precision(milliseconds, text):
    assert lateness(milliseconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1, "on time"),
        (1.5, "1 s late"),
        (119, "119 s late"),
        (275, "4 min late"),
        (7200, "2 h late"),
        (260_000, "3 days late"),
    ],
)
def test_lateness_at_a_glance_is_a_word_or_one_number(seconds, text):
    assert lateness_in_words(int(seconds * 1000)) == text


def test_lists_and_counts_are_english_phrases():
    assert join_names(["Outbox"]) == "Outbox"
    assert join_names(["Outbox", "Sales", "Ada"]) == "Outbox, Sales and Ada"
    assert plural(1, "post") == "1 post"
    assert plural(1204, "post") == "1,204 posts"


def test_an_excerpt_is_one_line_that_ends_at_a_word():
    assert excerpt("short\ntext", 20) == "short text"
    assert excerpt("a text that is cut somewhere", 15) == "a text that is…"
    assert excerpt("x" * 30, 10) == "xxxxxxxxx…"


def test_an_opening_keeps_the_lines_as_they_are_written():
    assert opening("First line\n\nשלום\nlast\n", 40, lines=4) == "First line\n\nשלום\nlast"
    assert opening("one\ntwo\nthree", 40, lines=2) == "one\ntwo\n…"
    assert opening("one two\nthree", 10, lines=9) == "one two…"
    assert opening("x" * 30, 10, lines=1) == "xxxxxxxxx…"


def test_an_excerpt_cuts_no_grapheme_cluster():
    family = "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}"
    assert excerpt(family * 10, 12) == f"{family * 2}…"
    assert excerpt(family, 3) == "\N{MAN}\N{ZERO WIDTH JOINER}…"
