"""Posting times in a browser: from none to a post at the next free one, by keyboard and in two tabs."""

from datetime import timedelta

from playwright.sync_api import expect

from core.posts.destinations import Destination
from core.time.instants import wall_time
from core.time.phrases import calendar_day, clock_time
from tests.browser.conftest import text_of

ZONE = "Europe/Berlin"


def named(instant) -> str:
    return f"{calendar_day(wall_time(instant, ZONE).date())}, {clock_time(instant, ZONE)}"


def due(application) -> list:
    now = application.clock()
    return [
        plan.post.due_at for plan in application.ledger.due(due_from=now, due_before=now + timedelta(days=30), limit=9)
    ]


def test_a_newcomer_sets_posting_times_and_two_tabs_take_different_ones(
    running, page, browser, application, eventually
):
    page.goto(running.url)
    text_of(page).fill("From the first tab")
    page.get_by_role("radio", name="Next free time").click()
    page.get_by_role("link", name="Set posting times").click()
    page.get_by_role("button", name="Use these times").click()
    expect(page.get_by_text("Next posting times")).to_be_visible()

    monday = page.locator(".st-key-times-MON-all")
    monday.locator("input").click()
    page.keyboard.type("8:05")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Monday has 4 times now")).to_be_visible()
    expect(monday.get_by_label("08:05", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Undo").click()
    expect(monday.get_by_label("08:05", exact=True)).to_have_count(0)
    page.get_by_role("button", name="Copy or remove the times of Saturday").click()
    page.get_by_text("Remove all times").click()
    expect(page.get_by_text("Saturday is a day off now")).to_be_visible()

    first, second = application.free_times.next([Destination("outbox")], count=2)
    page.get_by_role("link", name="Compose").click()
    expect(page.get_by_text(named(first), exact=True)).to_be_visible()
    other = browser.new_page()
    other.goto(running.url)
    expect(other.get_by_text(named(first), exact=True)).to_be_visible()
    text_of(other).fill("From the second tab")
    expect(text_of(page)).to_have_value("From the first tab")
    page.get_by_role("button", name="Schedule", exact=True).click()
    eventually(lambda: due(application) == [first])
    other.get_by_role("button", name="Schedule", exact=True).click()
    eventually(lambda: due(application) == [first, second])
    expect(other.get_by_text(f"Scheduled for {named(second)}")).to_be_visible()
    other.close()
