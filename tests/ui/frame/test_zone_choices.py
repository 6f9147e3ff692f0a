from datetime import datetime

import pytest
import pytz

from core.time.phrases import city
from ui.frame.zone_choices import labels

NOVEMBER = datetime.fromisoformat("2026-11-24T09:00")


def test_every_common_zone_is_offered_with_its_country():
    offered = labels(NOVEMBER, "UTC")
    assert set(offered) == set(pytz.common_timezones)
    assert offered["Asia/Tokyo"].startswith("Tokyo (UTC+09:00) - Asia/Tokyo · Japan · JST, UTC+9, Yokohama")
    assert offered["UTC"] == "UTC (UTC+00:00) - UTC · UTC+0"


def test_a_browsers_older_zone_name_is_offered_too():
    assert labels(NOVEMBER, "Asia/Calcutta")["Asia/Calcutta"] == "Calcutta (UTC+05:30) - Asia/Calcutta · IST, UTC+5:30"


def test_the_offset_is_that_of_the_wall_time_in_each_zone():
    assert "(UTC+01:00)" in labels(datetime.fromisoformat("2027-03-28T01:59"), "UTC")["Europe/Berlin"]
    assert "(UTC+02:00)" in labels(datetime.fromisoformat("2027-03-28T03:00"), "UTC")["Europe/Berlin"]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("India", "Asia/Kolkata"),
        ("PST", "America/Los_Angeles"),
        ("+5:30", "Asia/Kolkata"),
        ("UTC+05:30", "Asia/Kolkata"),
        ("São Paulo", "America/Sao_Paulo"),
        ("Sao Paulo", "America/Sao_Paulo"),
        ("Mumbai", "Asia/Kolkata"),
        ("Beijing", "Asia/Shanghai"),
        ("Zürich", "Europe/Zurich"),
        ("Zurich", "Europe/Zurich"),
        ("Munich", "Europe/Berlin"),
        ("New York", "America/New_York"),
        ("New_York", "America/New_York"),
        ("San Fran", "America/Los_Angeles"),
        ("Bombay", "Asia/Kolkata"),
        ("Köln", "Europe/Berlin"),
        ("UTC-3", "America/Sao_Paulo"),
        ("europe/berlin", "Europe/Berlin"),
    ],
)
def test_the_zone_that_is_meant_is_the_first_that_contains_the_words(typed, first):
    assert (
        next(zone for zone, label in labels(NOVEMBER, "UTC").items() if typed.casefold() in label.casefold()) == first
    )


@pytest.mark.parametrize(("typed", "zones"), [("CET", {"Europe/Berlin", "Europe/Paris"}), ("IST", {"Asia/Kolkata"})])
def test_an_abbreviation_finds_all_zones_that_have_it(typed, zones):
    assert zones <= {zone for zone, label in labels(NOVEMBER, "UTC").items() if typed in label}


@pytest.mark.parametrize(("month", "offset"), [(11, "UTC-5"), (7, "UTC-4")])
def test_an_offset_finds_a_zone_that_has_it_at_the_time(month, offset):
    label = labels(NOVEMBER.replace(month=month), "UTC")["America/New_York"]
    assert offset in label.split(" · ")[-1].split(", ")


def test_every_zone_is_found_by_its_name_and_by_its_city():
    for zone, label in labels(NOVEMBER, "UTC").items():
        assert zone in label
        assert city(zone) in label


def test_a_skipped_hour_has_a_label():
    assert "Berlin" in labels(datetime.fromisoformat("2027-03-28T02:30"), "UTC")["Europe/Berlin"]
