"""The calendar in a browser: a post moves to another day by mouse, by keyboard and by touch, and opens beside it."""

import re
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

DAY = 86_400


@pytest.fixture
def calendar(running):
    """Open the calendar, and wait until it is complete."""

    def visit(window: Page, address: str = "") -> Page:
        window.goto(f"{running.url}/calendar{address}")
        expect(window.get_by_role("grid", name="Calendar")).to_be_visible()
        expect(window.locator("[data-test-script-state=notRunning]")).to_be_visible()
        return window

    return visit


@pytest.fixture
def week_from_now(application) -> datetime:
    """Return noon of a day whose whole week is ahead and in one month, whatever today is."""
    day = application.clock().replace(hour=11, minute=0, second=0, microsecond=0) + timedelta(days=7)
    while day.weekday() != 0 or day.day < 8 or (day + timedelta(days=13)).month != day.month:
        day += timedelta(days=1)
    return day


@pytest.fixture
def planned(application, plan, week_from_now):
    """Schedule a post on that day, and return a function that returns its present wall time."""
    seconds = (week_from_now - application.clock()).total_seconds()
    post = plan("Move me", seconds=seconds).post
    return lambda: application.schedules.plan(post.post_id).post.wall


def address(day: datetime) -> str:
    return f"?on={day:%Y-%m-%d}"


def chip(window: Page):
    return window.get_by_role("button", name=re.compile("Scheduled, Outbox.*: Move me"))


def cell(window: Page, day: datetime):
    return window.locator(f".cell[data-at='{day:%Y-%m-%d}']")


def centre(locator) -> tuple[float, float]:
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_post_moves_by_mouse_and_comes_back_by_undo(page, calendar, planned, week_from_now, eventually):
    before, target = planned(), week_from_now + timedelta(days=2)
    calendar(page, address(week_from_now))
    page.mouse.move(*centre(chip(page)))
    page.mouse.down()
    page.mouse.move(*centre(cell(page, target)), steps=6)
    expect(page.locator(".ghost")).to_contain_text(f"{target.day} ")
    page.mouse.up()
    eventually(lambda: planned() == f"{target:%Y-%m-%d}{before[10:]}")
    expect(cell(page, target).locator(".chip")).to_have_count(1)
    page.get_by_role("button", name="Undo").click()
    eventually(lambda: planned() == before)
    expect(cell(page, week_from_now).locator(".chip")).to_have_count(1)


def test_a_post_is_found_moved_and_opened_by_keyboard(page, calendar, planned, week_from_now, eventually):
    before, target = planned(), week_from_now + timedelta(days=8)
    calendar(page, address(week_from_now))
    cell(page, week_from_now - timedelta(days=7)).locator(".day").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(chip(page)).to_be_focused()
    page.keyboard.press("m")
    expect(page.get_by_role("status").filter(has_text="Picked up")).to_contain_text("Enter drops it")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    assert planned() == before
    page.keyboard.press("m")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("status").filter(has_text=f"{target.day} {target:%b}")).to_be_attached()
    page.keyboard.press("Enter")
    eventually(lambda: planned() == f"{target:%Y-%m-%d}{before[10:]}")
    expect(page.get_by_role("status").filter(has_text="Moved to")).to_be_attached()
    expect(chip(page)).to_be_focused()
    page.keyboard.press("Control+z")
    eventually(lambda: planned() == before)
    expect(page.get_by_role("status").filter(has_text="Back at")).to_be_attached()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=re.compile("Cancel .*Move me"))).to_be_in_viewport()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name=re.compile("Cancel .*Move me"))).to_have_count(0)


def test_a_post_moves_by_touch_on_a_phone_and_an_empty_day_opens_compose(
    browser, calendar, planned, week_from_now, eventually
):
    before, target = planned(), week_from_now + timedelta(days=3)
    phone = browser.browser.new_context(
        timezone_id="Europe/Berlin", locale="en-US", viewport={"width": 390, "height": 844}, has_touch=True
    )
    window = calendar(phone.new_page(), address(week_from_now))
    expect(window.get_by_role("columnheader").first).to_have_accessible_name("Sunday")
    chip(window).scroll_into_view_if_needed()
    touch = phone.new_cdp_session(window)

    def touched(kind: str, *points: tuple[float, float]) -> None:
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    touched("touchStart", centre(chip(window)))
    expect(window.locator(".ghost")).to_be_visible()  # after a long press
    touched("touchMove", centre(cell(window, target)))
    expect(cell(window, target)).to_have_class(re.compile("target"))
    touched("touchEnd")
    eventually(lambda: planned() == f"{target:%Y-%m-%d}{before[10:]}")
    expect(cell(window, target).locator(".chip")).to_have_count(1)
    cell(window, target + timedelta(days=1)).tap()
    expect(window.get_by_role("heading", name="Compose")).to_be_visible()
    phone.close()


def test_a_drag_on_the_button_of_the_next_month_turns_the_page(page, calendar, planned, week_from_now, eventually):
    following = (week_from_now.replace(day=1) + timedelta(days=31)).replace(day=15)
    calendar(page, address(week_from_now))
    page.mouse.move(*centre(chip(page)))
    page.mouse.down()
    page.mouse.move(*centre(page.get_by_role("button", name="Next month")), steps=6)
    expect(page.locator(".ghost")).to_have_text("Next month …")
    expect(cell(page, following)).to_be_visible()
    page.mouse.move(*centre(cell(page, following)), steps=6)
    page.mouse.up()
    eventually(lambda: planned()[:10] == f"{following:%Y-%m-%d}")
    expect(cell(page, following).locator(".chip")).to_have_count(1)


def test_a_week_on_a_phone_shows_three_whole_days_and_turns_to_the_others(browser, calendar, planned, week_from_now):
    phone = browser.browser.new_context(
        timezone_id="Europe/Berlin", locale="en-GB", viewport={"width": 390, "height": 844}
    )
    window = calendar(phone.new_page(), f"{address(week_from_now)}&view=week")
    expect(window.get_by_role("columnheader")).to_have_count(4)  # with that of the hours
    expect(chip(window)).to_be_visible()
    frame = window.locator(".frame")
    assert frame.evaluate("each => each.scrollWidth - each.clientWidth") == 0
    window.get_by_role("button", name="Later days").click()
    expect(window.get_by_role("columnheader").nth(1)).to_have_accessible_name(re.compile("Thu "))
    window.get_by_role("button", name="Earlier days").click()
    window.get_by_role("button", name="Earlier days").click()
    last = week_from_now - timedelta(days=1)
    expect(window.get_by_role("columnheader").last).to_have_accessible_name(re.compile(f"Sun {last.day} "))
    phone.close()
