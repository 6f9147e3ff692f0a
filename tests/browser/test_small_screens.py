"""Compose on screens that are shorter or narrower than the page: a phone and a small laptop."""

import re

import pytest
from playwright.sync_api import expect

from core.drafts.draft import DraftContent
from core.posts.models import new_post_id
from core.time.instants import wall_time
from tests.browser.conftest import settle

WIDER = "document.querySelector('[data-testid=stMain]').scrollWidth - document.documentElement.clientWidth"
"""The pixels by which the page is wider than the screen."""

ROOM_BESIDE = """time => {
    const chip = time.closest("button"), style = getComputedStyle(chip);
    const inside = parseFloat(style.paddingRight) + parseFloat(style.borderRightWidth);
    return chip.getBoundingClientRect().right - inside - time.getBoundingClientRect().right;
}"""
"""The pixels between a time and the edge of its chip. Below 0, the time is cut."""


@pytest.fixture
def form(page, running, application):
    """Open Compose on a phone and wait until it is complete."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(running.url)
    expect(page.get_by_role("button", name="Post now")).to_be_visible()
    settle(page)
    return page


def test_schedule_at_the_end_of_the_page_shows_its_result_no_wider_than_the_screen(form):
    form.get_by_role("textbox", name="Text", exact=True).fill("Written on a phone")
    form.get_by_role("button", name="Schedule").click()
    outcome = form.locator(".st-key-card-outcome")
    expect(outcome).to_contain_text("Scheduled for")
    expect(outcome).to_be_in_viewport(ratio=1)
    assert form.evaluate(WIDER) == 0


def test_the_bar_has_the_time_and_schedule_and_opens_the_time_and_the_preview_above_it(form):
    form.get_by_role("textbox", name="Text", exact=True).fill("Written on a phone")
    bar, when = form.locator(".st-key-compose-bar"), form.locator(".st-key-compose-when")
    expect(bar.get_by_role("button", name="Schedule")).to_be_in_viewport(ratio=1)
    expect(bar).to_contain_text(re.compile(r"\d\d:\d\d Berlin"))
    expect(when).to_be_hidden()
    bar.get_by_role("button", name="Change the time").click()
    expect(when.get_by_label("Time", exact=True)).to_be_in_viewport(ratio=1)
    assert when.bounding_box()["y"] + when.bounding_box()["height"] <= bar.bounding_box()["y"] + 1
    bar.get_by_role("button", name="Preview").click()
    expect(when).to_be_hidden()
    expect(form.locator(".st-key-compose-preview")).to_be_in_viewport()
    form.keyboard.press("Escape")
    expect(form.locator(".st-key-compose-preview")).to_be_hidden()
    form.evaluate("document.querySelector('[data-testid=stMain]').scrollTo(0, 1e6)")
    last = form.get_by_role("button", name="Choose warnings")
    assert last.bounding_box()["y"] + last.bounding_box()["height"] <= bar.bounding_box()["y"]


def test_schedule_of_a_time_in_words_shows_its_result_on_a_small_laptop(form):
    form.set_viewport_size({"width": 1280, "height": 800})
    form.get_by_role("textbox", name="Text", exact=True).fill("Written at a desk")
    form.get_by_role("textbox", name="When, in words").fill("tomorrow 3am")
    expect(form.get_by_text(re.compile("03:00"))).not_to_have_count(0)
    form.get_by_role("button", name="Schedule").click()
    outcome = form.locator(".st-key-card-outcome")
    expect(outcome).to_contain_text("Scheduled for")
    expect(outcome).to_be_in_viewport(ratio=1)


def test_schedule_at_the_end_of_the_page_shows_its_error_each_time(form):
    error = form.get_by_text(re.compile("The post has no text"))
    for _ in range(2):
        form.get_by_role("button", name="Schedule").click()
        expect(error).to_be_in_viewport(ratio=1)


def test_a_month_on_a_phone_shows_the_whole_time_of_a_draft(form, running, application):
    today = wall_time(application.clock(), "Europe/Berlin").date()
    content = DraftContent(text="Some day", zone="Europe/Berlin", wall=f"{today:%Y-%m-%d}T20:48:00")
    application.drafts.save(new_post_id(), content, base=0, now=application.clock())
    form.goto(f"{running.url}/calendar?view=month")
    draft = form.get_by_role("button", name=re.compile("20:48.*Some day"))
    expect(draft).to_be_visible()
    assert draft.locator(".time").evaluate(ROOM_BESIDE) >= 0
