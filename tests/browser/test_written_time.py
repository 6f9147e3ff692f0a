"""Times that are typed in Compose, in words and into the time field."""

import pytest
from playwright.sync_api import Page, expect


@pytest.fixture
def form(page, running, application) -> Page:
    """Open Compose and wait until it is complete."""
    page.goto(running.url)
    expect(page.get_by_role("button", name="Post now")).to_be_visible()
    expect(page.locator("[data-test-script-state=notRunning]")).to_be_visible()
    return page


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
    form.get_by_label("Text", exact=True).click()
    expect(when).to_contain_text("Thu 1 Feb 2035, 20:15")

    words.fill("today 0:00")
    expect(when.get_by_role("alert")).to_contain_text("has passed")
