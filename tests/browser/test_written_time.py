"""The time and the zone in Compose: typed in words and into the fields, and found by the names of places."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import text_of


def test_the_sentence_follows_what_is_typed_while_the_field_has_the_focus(form):
    words = form.get_by_role("textbox", name="When, in words")
    words.press_sequentially("1 feb 2035 9:30pm")
    when = form.locator(".st-key-card-when")
    expect(when).to_contain_text("Thu 1 Feb 2035, 21:30 Europe/Berlin, in")
    expect(words).to_be_focused()
    expect(words).to_have_value("1 feb 2035 9:30pm")

    hour, minute = (
        form.get_by_role("spinbutton", name="hour, Time"),
        form.get_by_role("spinbutton", name="minute, Time"),
    )
    hour.click()
    form.keyboard.type("8:15pm")
    expect(when).to_contain_text("Thu 1 Feb 2035, 20:15")
    expect(minute).to_be_focused()
    expect(words).to_have_value("")

    hour.click()
    form.keyboard.type("24:00")
    expect(when).to_contain_text("24:00 is not a time: a day ends with 23:59.")
    expect(hour).to_have_text("20")
    expect(minute).to_have_text("15")
    text_of(form).click()
    expect(when).to_contain_text("Thu 1 Feb 2035, 20:15")

    words.fill("today 0:00")
    expect(when.get_by_role("alert")).to_contain_text("has passed")


def test_a_zone_is_found_by_city_country_or_offset(form):
    zone = form.get_by_role("combobox", name="Time zone")
    places = {"yokohama": "Asia/Tokyo", "japan": "Asia/Tokyo", "+5:45": "Kathmandu", "Zürich": "Europe/Zurich"}
    for typed, found in places.items():
        zone.click()
        zone.fill(typed)
        form.get_by_role("option", name=found).click()
        expect(form.locator(".st-key-card-when")).to_contain_text("Europe/Berlin")
        expect(zone).to_have_value(re.compile(found))


def test_a_new_date_updates_the_offset_and_keeps_the_zone(form):
    when = form.locator(".st-key-card-when")
    form.get_by_role("spinbutton", name="month").fill("07")
    form.get_by_role("spinbutton", name="year").fill("2027")
    form.keyboard.press("Escape")
    expect(when).to_contain_text("Jul 2027")
    expect(when).to_contain_text("Berlin (UTC+02:00)")
    expect(form.get_by_role("combobox", name="Time zone")).to_have_value(
        re.compile(r"^Berlin \(UTC\+02:00\) - Europe/Berlin · Germany")
    )
