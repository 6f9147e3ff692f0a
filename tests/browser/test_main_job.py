"""From a text in Compose to a published post, as a person sees it."""

import csv
import re
import urllib.error
import urllib.request

import pytest
from playwright.sync_api import expect

from core.time.instants import utc_text
from core.worker.record import WorkerFiles, WorkerRecord
from tests.browser.conftest import text_of


def card(page, plan):
    return page.locator(f".st-key-card-{plan.post.post_id}")


def test_a_first_post_is_published_to_the_outbox(form):
    text_of(form).fill("My very first post")
    form.get_by_role("button", name="Post now").click()
    dialog = form.get_by_role("dialog")
    expect(dialog).to_contain_text("This post goes out now to Outbox (built in).")
    dialog.get_by_role("button", name="Post now").click()
    expect(form.locator(".st-key-card-outcome")).to_contain_text("Published to Outbox")
    form.locator(".st-key-card-outcome").get_by_role("link", name="Open").click()
    expect(form.get_by_role("heading", name="Outbox")).to_be_visible()
    expect(form.get_by_text("My very first post")).to_be_visible()


def test_a_post_is_scheduled_cancelled_and_restored(form):
    text_of(form).fill("See you later")
    form.get_by_role("button", name="Schedule").click()
    outcome = form.locator(".st-key-card-outcome")
    expect(outcome).to_contain_text("Scheduled for")
    expect(text_of(form)).to_have_value("")
    outcome.get_by_role("link", name="View in Queue").click()
    expect(form.get_by_text("See you later", exact=True)).to_be_visible()
    form.get_by_role("button", name="Cancel").click()
    expect(form.locator("[class*=st-key-content-]")).to_contain_text("Cancelled")
    form.get_by_role("button", name="Undo").click()
    expect(form.get_by_role("button", name="Cancel")).to_be_visible()


def test_a_post_is_published_while_no_browser_is_connected(running, application, plan, page, eventually):
    plan("Nobody is looking", seconds=4)
    eventually(lambda: any(entry.text == "Nobody is looking" for entry in application.outbox.feed(limit=5)))
    page.goto(f"{running.url}/outbox")
    expect(page.get_by_text("Nobody is looking")).to_be_visible()


def test_a_card_changes_from_scheduled_to_published_without_moving_the_next_card(running, plan, page):
    soon, later = plan("Any moment now", seconds=6), plan("Much later", seconds=600)
    page.goto(f"{running.url}/queue")
    expect(card(page, soon)).to_contain_text("Any moment now")
    expect(card(page, later).get_by_role("button", name="More")).to_be_visible()
    expect(page.get_by_text("2 posts", exact=True)).to_be_visible()  # the last element above the cards
    below = card(page, later).bounding_box()
    expect(card(page, soon)).to_contain_text("Published")
    expect(card(page, soon)).to_contain_text(re.compile(r"\bms late|on time"))
    expect(page.get_by_text("2 posts", exact=True)).to_be_visible()
    assert card(page, later).bounding_box() == pytest.approx(below, abs=1)


def test_history_is_exported_as_csv_with_instants_in_utc(running, application, plan, page, eventually):
    post = plan("Grüße, with a comma", seconds=4)
    eventually(lambda: any(entry.text == "Grüße, with a comma" for entry in application.outbox.feed(limit=5)))
    page.goto(f"{running.url}/history")
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    assert download.value.suggested_filename == "punctual-history.csv"
    with download.value.path().open(encoding="utf-8-sig", newline="") as file:
        [line] = [line for line in csv.DictReader(file) if line["key"] == post.post.post_id]
    assert line["due_at"] == utc_text(post.post.due_at)
    assert (line["text"], line["state"], line["zone"]) == ("Grüße, with a comma", "published", "Europe/Berlin")
    assert int(line["lag_ms"]) >= 0


def test_the_worker_rejects_a_forged_signature_and_the_dashboard_takes_no_posts(running, eventually):
    worker = eventually(lambda: WorkerRecord.read(WorkerFiles(running.home)))
    forged = {"webhook-id": "x", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"}
    for url, status in ((worker.url, "401"), (running.url, "405")):
        request = urllib.request.Request(f"{url}/publish", b"{}", forged)
        with pytest.raises(urllib.error.HTTPError, match=status):
            urllib.request.urlopen(request)
