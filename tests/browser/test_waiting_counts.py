"""The numbers in the navigation follow posts that fail while a page is open."""

from playwright.sync_api import expect

from core.ledger.port import Receipt
from core.posts.payload import invocation_of


def fail(application, plan):
    post = plan.post
    application.ledger.record(
        invocation_of(post, post.due_at), Receipt(kind="failed", at=post.due_at, revision=post.revision)
    )


def test_an_open_page_counts_a_post_that_fails_and_keeps_an_open_dialog(page, running, plan, application, eventually):
    first, second, edited = (plan(text, seconds=seconds) for text, seconds in (("1", 7200), ("2", 7300), ("3", 7400)))
    page.clock.install()
    page.goto(f"{running.url}/queue")
    card = page.locator(f".st-key-card-{edited.post.post_id}")
    expect(card).to_be_visible()
    fail(application, first)
    link = page.locator(".st-key-navigation").get_by_role("link", name="History")
    eventually(lambda: page.clock.run_for(16_000) or "1" in link.inner_text())
    expect(link).to_have_attribute("href", "history")
    card.get_by_role("button", name="Edit").click()
    page.clock.run_for(1000)
    expect(page.get_by_role("dialog")).to_be_visible()
    fail(application, second)
    eventually(lambda: page.clock.run_for(16_000) or application.waiting.read().count("history") == 2)
    page.clock.run_for(32_000)
    expect(page.get_by_role("dialog")).to_be_visible()
