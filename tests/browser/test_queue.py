"""The queue in a browser: a bookmarked filter, fifty selected posts with one undo, the keys, and the tray."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from core.bulk.batches import batch_scheduling


@pytest.fixture
def planned(post, application):
    """Schedule sixty posts together. Five are about coffee."""
    posts = [post(f"{'Coffee' if n % 12 == 0 else 'Tea'} number {n}", seconds=3600 + 60 * n) for n in range(60)]
    results = batch_scheduling(application).schedule(posts)
    return [results[each.post_id].plan for each in posts]


def desired(application, plans):
    return {application.schedules.plan(each.post.post_id).desired for each in plans}


def test_a_filter_is_bookmarked_and_fifty_posts_are_cancelled_with_one_undo(running, planned, page, application):
    page.goto(f"{running.url}/queue?rows=Dense")
    expect(page.get_by_text("60 posts", exact=True)).to_be_visible()
    expect(page.locator("body[data-queue-keys]")).to_be_attached()
    expect(page.get_by_role("searchbox", name="Search")).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("coffee")
    expect(page.get_by_text("60 posts, 5 shown")).to_be_visible()
    page.wait_for_url(re.compile("search=coffee"))
    page.goto(page.url)
    expect(page.get_by_text("60 posts, 5 shown")).to_be_visible()
    page.get_by_role("button", name="Show all").click()
    expect(page.get_by_text("60 posts", exact=True)).to_be_visible()

    page.get_by_role("button", name="Select", exact=True).click()
    page.get_by_role("button", name="All 50 shown").click()
    expect(page.get_by_text("50 posts selected")).to_be_visible()
    scrolled = page.get_by_test_id("stMain").evaluate("main => { main.scrollTo(0, 2000); return main.scrollTop; }")
    assert scrolled > 500
    bar = page.locator(".st-key-card-selection")
    expect(bar).to_be_in_viewport()
    bar.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.get_by_text("50 posts cancelled.").first).to_be_visible()
    assert desired(application, planned[:50]) == {"cancelled"}
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.get_by_text("50 posts restored.").first).to_be_visible()
    assert desired(application, planned) == {"active"}


def test_the_keys_move_between_cards_edit_and_cancel(running, plan, page, application):
    first, second = plan("First", seconds=3600), plan("Second", seconds=7200)
    page.goto(f"{running.url}/queue")
    expect(page.get_by_text("Keys:")).to_be_visible()
    expect(page.locator("body[data-queue-keys]")).to_be_attached()
    for key in "jj":
        page.keyboard.press(key)
    expect(page.locator(f".st-key-edit-{second.post.post_id} button")).to_be_focused()
    page.keyboard.press("x")
    expect(page.locator(f".st-key-undo-{second.post.post_id} button")).to_be_visible()
    page.keyboard.press("k")
    page.keyboard.press("e")
    expect(page.get_by_role("dialog").get_by_label("Text")).to_have_value("First")
    page.keyboard.press("Escape")
    assert [application.schedules.plan(each.post.post_id).desired for each in (first, second)] == [
        "active",
        "cancelled",
    ]


def test_pause_all_holds_what_is_due_and_its_tray_drops_it_with_an_undo(running, plan, page, application, eventually):
    due, later = plan("Due soon", seconds=1800), plan("Later", seconds=3600)
    page.clock.install()
    page.goto(f"{running.url}/queue")
    page.get_by_role("button", name="Pause all").click()
    page.get_by_role("dialog").get_by_role("button", name="Pause all").click()
    expect(page.get_by_text("All posts are paused")).to_be_visible()
    soon = (application.clock() + timedelta(seconds=4)).replace(microsecond=0)
    application.schedules.reschedule(
        application.schedules.plan(due.post.post_id), due_at=soon, wall=f"{soon:%Y-%m-%dT%H:%M:%S}", zone="UTC"
    )
    eventually(lambda: application.clock() > soon)
    tray = page.get_by_text("1 post passed while paused.")
    eventually(lambda: page.clock.run_for(16_000) or tray.is_visible())
    page.get_by_role("link", name="History").click()
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("1 post passed meanwhile")).to_be_visible()
    page.get_by_role("link", name="Queue").click()
    expect(tray).to_be_visible()
    page.locator(f".st-key-drop-{due.post.post_id} button").click()
    expect(page.get_by_text("1 post cancelled.").first).to_be_visible()
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(tray).to_be_visible()
    assert desired(application, [later]) == {"active"}
    assert desired(application, [due]) == {"paused"}


def test_the_move_menu_closes_after_its_action(running, plan, page):
    plan("Moves", seconds=3600)
    page.goto(f"{running.url}/queue")
    page.get_by_role("button", name="Select", exact=True).click()
    page.get_by_role("button", name="All 1 shown").click()
    expect(page.get_by_text("1 post selected")).to_be_visible()
    page.get_by_role("button", name="Move").first.click()
    menu = page.get_by_test_id("stPopoverBody")
    menu.get_by_role("button", name="Move").click()
    expect(page.get_by_text("1 post moved.").first).to_be_visible()
    expect(menu).to_have_count(0)
