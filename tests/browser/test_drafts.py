"""Drafts in a browser: typed text is never lost."""

import json
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from core.drafts.draft import DraftContent
from core.posts.models import Post, new_post_id
from tests.browser.conftest import expect_first_visit, page_link, settle, text_of

AUTOSAVE = "document.querySelector('.st-key-autosave [data-testid=stBidiComponentIsolated]').shadowRoot.autosave"
"""Is set when the script that keeps the text in the tab begins, a moment after the page is complete."""


@pytest.fixture
def open_compose(running, page, eventually):
    """Open Compose at an address, and wait until it is complete."""

    def visit(address="/", window: Page = page) -> Page:
        window.goto(f"{running.url}{address}")
        expect(window.get_by_role("button", name="Post now")).to_be_visible()
        settle(window)
        eventually(lambda: window.evaluate(f"Boolean({AUTOSAVE})"))
        return window

    return visit


def write(window, text):
    text_of(window).press_sequentially(text)


def unsaved(window) -> dict:
    return json.loads(window.evaluate("sessionStorage.getItem('punctual-unsaved')") or "{}")


def keep_in_tab(window, draft, text, **changed):
    """Let the tab keep a text that the server has not saved, as after its end."""
    copy = {
        "draft": draft,
        "version": 0,
        "content": DraftContent(zone="UTC", destinations=("outbox",)).model_dump(mode="json"),
        "texts": {f"text-{draft}": text},
        **changed,
    }
    stored = json.dumps(json.dumps({draft: copy}))
    window.evaluate(f"sessionStorage.setItem('punctual-unsaved', {stored})")


def texts(application) -> list[str]:
    return [each.content.text for each in application.drafts.page(limit=100)]


def test_a_draft_survives_a_closed_tab_and_is_opened_by_its_address(
    running, application, open_compose, browser, eventually
):
    window = browser.new_page()
    open_compose(window=window)
    write(window, "Half a thought")
    eventually(lambda: "Half a thought" in texts(application))
    expect(window.get_by_text("Saved")).to_be_visible()
    expect(window).to_have_url(f"{running.url}/?draft={application.drafts.page(limit=1)[0].draft_id}")
    assert unsaved(window) == {}
    address = window.url.removeprefix(running.url)
    window.close()
    other = open_compose(address)
    expect(text_of(other)).to_have_value("Half a thought")


def test_a_draft_survives_the_kill_of_the_dashboard_and_letters_that_it_had_not_saved_too(
    fresh_server, page, fresh_port, eventually
):
    fresh_server.start("--server.port", fresh_port)
    expect_first_visit(page, fresh_server, "Compose")
    write(page, "Half a thought")
    expect(page.get_by_text("Saved")).to_be_visible()
    write(page, " and the rest")
    fresh_server.process.kill()
    fresh_server.process.wait(20)
    fresh_server.start("--server.port", fresh_port)
    page.reload()
    expect(text_of(page)).to_have_value("Half a thought and the rest")
    eventually(lambda: unsaved(page) == {})


def test_letters_typed_just_before_a_reload_are_kept(open_compose, application, eventually):
    form = open_compose()
    write(form, "Typed")
    form.reload()
    expect(text_of(form)).to_have_value("Typed")
    eventually(lambda: "Typed" in texts(application))


def test_the_later_save_of_two_tabs_wins_and_the_other_tab_shows_it(
    page, open_compose, application, browser, eventually
):
    page.clock.install()
    first = open_compose()
    write(first, "Begun")
    eventually(lambda: "Begun" in texts(application))
    drafts = page_link(first, "Drafts")  # once it has the number of drafts, nothing draws the first tab again
    eventually(lambda: first.clock.run_for(16_000) or "1" in drafts.inner_text())
    second = browser.new_page()
    draft = application.drafts.page(limit=1)[0].draft_id
    open_compose(f"/?draft={draft}", second)
    write(second, ", from the second tab")
    eventually(lambda: "Begun, from the second tab" in texts(application))
    write(first, ", from the first tab")
    eventually(lambda: "Begun, from the first tab" in texts(application))
    application.drafts.save(
        new_post_id(), DraftContent(text="Counted", zone="UTC"), base=0, now=application.clock()
    )  # another number in the navigation draws the first tab again, while its text is not sent by the field
    assert application.drafts.get(draft).earlier.text == "Begun, from the second tab"
    second.close()
    replaced = first.get_by_text("Another tab or device replaced this text.")
    eventually(lambda: first.clock.run_for(16_000) or replaced.is_visible())
    expect(text_of(first)).to_have_value("Begun, from the first tab")
    expect(text_of(first)).to_be_focused()
    first.get_by_role("button", name="Show earlier text").click()
    expect(text_of(first)).to_have_value("Begun, from the second tab")


def test_half_an_emoji_in_the_copy_of_a_tab_is_dropped_and_the_draft_survives_reloads(open_compose):
    form = open_compose()
    keep_in_tab(form, new_post_id(), "\ud83dHalf written")
    for _ in range(2):
        form.reload()
        settle(form)
        expect(text_of(form)).to_have_value("Half written")


def test_the_tab_keeps_a_draft_that_the_session_has_not_taken_over(open_compose):
    form = open_compose()
    form.evaluate("""sessionStorage.setItem('punctual-unsaved', '{"x": {"draft": "of another version"}}')""")
    for _ in range(2):
        form.reload()
        settle(form)
        write(form, "x")
    assert unsaved(form)["x"] == {"draft": "of another version"}


def test_a_reload_during_scheduling_shows_the_scheduled_post(open_compose, application):
    form, draft = open_compose(), new_post_id()
    keep_in_tab(form, draft, "Impatient")
    due_at = application.clock().replace(microsecond=0) + timedelta(hours=1)
    post = Post(
        post_id=draft,
        text="Impatient",
        destinations=("outbox",),
        zone="UTC",
        wall=due_at.strftime("%Y-%m-%dT%H:%M:%S"),
        due_at=due_at,
    )
    application.schedules.schedule(post)  # like a click on Schedule whose result the reload does not wait for
    form.reload()
    expect(form.locator(".st-key-card-outcome")).to_contain_text("Scheduled for")
    expect(text_of(form)).to_have_value("")
