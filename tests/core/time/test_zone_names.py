from datetime import UTC, datetime

import pytest
import pytz

from core.time.zone_names import city_rows, zones_named

NOW = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "zone"),
    [
        ("uk", "Europe/London"),
        ("california", "America/Los_Angeles"),
        ("Zürich", "Europe/Zurich"),
        ("zurich", "Europe/Zurich"),
        ("new_york", "America/New_York"),
        ("Bombay", "Asia/Kolkata"),
        ("europe/berlin", "Europe/Berlin"),
        ("utc", "UTC"),
    ],
)
def test_a_name_means_a_zone(words, zone):
    assert zones_named(words, "Europe/Berlin", NOW) == (zone,)


def test_an_abbreviation_with_several_meanings_means_the_zone_of_the_person_if_it_has_it():
    assert zones_named("IST", "Europe/Berlin", NOW) == ("Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem")
    assert zones_named("IST", "Asia/Kolkata", NOW) == ("Asia/Kolkata",)


@pytest.mark.parametrize("words", ["", " ", "?", "xyzzy", "+99"])
def test_words_that_mean_no_zone_find_none(words):
    assert zones_named(words, "Europe/Berlin", NOW) == ()


def test_every_city_has_a_zone_that_exists():
    assert {zone for _, zone in city_rows()} <= pytz.all_timezones_set
