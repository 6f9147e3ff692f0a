from datetime import UTC, datetime

import pytest
import pytz
from hypothesis import given
from hypothesis import strategies as st

from core.time.phrases import city
from core.time.zone_names import ABBREVIATIONS, city_rows
from core.time.zone_search import search_zones, zones_named

NOW = datetime(2026, 12, 1, tzinfo=UTC)

BEST = {
    "India": "Asia/Kolkata",
    "PST": "America/Los_Angeles",
    "CET": "Europe/Berlin",
    "+5:30": "Asia/Kolkata",
    "UTC+05:30": "Asia/Kolkata",
    "gmt-3": "America/Sao_Paulo",
    "São Paulo": "America/Sao_Paulo",
    "sao paulo": "America/Sao_Paulo",
    "Mumbai": "Asia/Kolkata",
    "Bombay": "Asia/Kolkata",
    "Beijing": "Asia/Shanghai",
    "Zürich": "Europe/Zurich",
    "zurich": "Europe/Zurich",
    "Köln": "Europe/Berlin",
    "new_york": "America/New_York",
    "San Fran": "America/Los_Angeles",
    "california": "America/Los_Angeles",
    "uk": "Europe/London",
    "europe/berlin": "Europe/Berlin",
    "utc": "UTC",
}


@pytest.mark.parametrize(("words", "zone"), BEST.items())
def test_the_best_zone_comes_first(words, zone):
    assert search_zones(words, NOW)[0] == zone


def test_an_abbreviation_with_several_meanings_finds_all_of_them():
    assert search_zones("IST", NOW)[:3] == ["Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"]
    assert len(zones_named("IST", "Europe/Berlin", NOW)) == 3
    assert zones_named("IST", "Asia/Kolkata", NOW) == ("Asia/Kolkata",)


def test_an_offset_finds_the_zones_that_have_it_at_the_time():
    assert "America/New_York" in search_zones("-5", NOW)
    assert "America/New_York" in search_zones("-4", datetime(2026, 7, 1, tzinfo=UTC))


@pytest.mark.parametrize("words", ["", " ", "?", "xyzzy", "+99"])
def test_words_that_mean_no_zone_find_none(words):
    assert search_zones(words, NOW) == []


@given(st.sampled_from(pytz.common_timezones))
def test_every_zone_is_found_by_its_name_and_by_its_city(zone):
    if zone.casefold() not in ABBREVIATIONS:
        assert search_zones(zone, NOW)[0] == zone
        assert zone in search_zones(city(zone), NOW)


@given(st.text(max_size=20))
def test_any_words_find_zones_that_exist_and_none_twice(words):
    found = search_zones(words, NOW)
    assert len(set(found)) == len(found)
    assert set(found) <= pytz.all_timezones_set


def test_every_city_has_a_zone_that_exists():
    assert {zone for _, zone in city_rows()} <= pytz.all_timezones_set
