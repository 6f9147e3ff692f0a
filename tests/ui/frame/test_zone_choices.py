from datetime import datetime

import pytz

from ui.frame.zone_choices import labels

NOVEMBER = datetime.fromisoformat("2026-11-24T09:00")


def test_every_common_zone_is_offered_with_its_country():
    offered = labels(NOVEMBER, "UTC")
    assert set(offered) == set(pytz.common_timezones)
    assert offered["Asia/Tokyo"] == "Tokyo (UTC+09:00) - Asia/Tokyo · Japan"
    assert offered["UTC"] == "UTC (UTC+00:00) - UTC"


def test_a_browsers_older_zone_name_is_offered_too():
    assert labels(NOVEMBER, "Asia/Calcutta")["Asia/Calcutta"] == "Calcutta (UTC+05:30) - Asia/Calcutta"


def test_the_offset_is_that_of_the_wall_time_in_each_zone():
    assert "(UTC+01:00)" in labels(datetime.fromisoformat("2027-03-28T01:59"), "UTC")["Europe/Berlin"]
    assert "(UTC+02:00)" in labels(datetime.fromisoformat("2027-03-28T03:00"), "UTC")["Europe/Berlin"]


def test_zones_are_ordered_from_west_to_east():
    offsets = [label.partition("(UTC")[2][:6] for label in labels(NOVEMBER, "UTC").values()]
    minutes = [int(offset[0] + "1") * (int(offset[1:3]) * 60 + int(offset[4:6])) for offset in offsets]
    assert minutes == sorted(minutes)


def test_a_skipped_hour_has_a_label():
    assert "Berlin" in labels(datetime.fromisoformat("2027-03-28T02:30"), "UTC")["Europe/Berlin"]
