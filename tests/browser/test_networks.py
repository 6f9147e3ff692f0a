import re
import secrets
from datetime import timedelta
from io import BytesIO

import pytest
import requests
from PIL import Image
from playwright.sync_api import expect

from core.time.instants import wall_time
from tests.browser.conftest import text_of

TEXT = "Grüße vom Leuchtturm"
ALT = "A lighthouse at dusk"


@pytest.fixture
def picture():
    """Return a small picture as a file to upload."""
    content = BytesIO()
    Image.new("RGB", (64, 48), "#0e6674").save(content, "PNG")
    return {"name": "lighthouse.png", "mimeType": "image/png", "buffer": content.getvalue()}


@pytest.fixture
def pds_user(fake_pds):
    """Create a user on a Bluesky server; return the handle, the password and the DID."""
    handle, password = f"a{secrets.token_hex(4)}.test", secrets.token_hex(8)
    account = {"handle": handle, "email": f"{handle}@example.org", "password": password}
    response = requests.post(f"{fake_pds}/xrpc/com.atproto.server.createAccount", json=account, timeout=10)
    return handle, password, response.json()["did"]


def reschedule_soon(application):
    """Reschedule the only post of the queue to 8 seconds from now, as another process does."""
    now = application.clock()
    [listed] = application.listing.window(now, now + timedelta(days=1), limit=2)
    due = now.replace(microsecond=0) + timedelta(seconds=8)
    wall = wall_time(due, "Europe/Berlin")
    plan = application.schedules.plan(listed.post_id)
    application.schedules.reschedule(plan, due_at=due, wall=f"{wall:%Y-%m-%dT%H:%M:%S}", zone="Europe/Berlin")


def descriptions(mastodon_server, pds, application, did):
    """Return the picture descriptions of this post on each network. Other tests use the same Mastodon server."""
    account = application.accounts.get(f"mastodon:testuser@{mastodon_server.removeprefix('http://')}")
    statuses = requests.get(
        f"{mastodon_server}/api/v1/accounts/{account.identity}/statuses",
        headers={"Authorization": "Bearer mock_token"},
        timeout=10,
    ).json()
    query = {"repo": did, "collection": "app.bsky.feed.post"}
    records = requests.get(f"{pds}/xrpc/com.atproto.repo.listRecords", params=query, timeout=10).json()["records"]
    return [
        *(
            media["description"]
            for status in statuses
            if TEXT in status["content"]
            for media in status["media_attachments"]
        ),
        *(image["alt"] for record in records for image in record["value"]["embed"]["images"]),
    ]


@pytest.fixture
def connect(page, running, application):
    """Connect an account on the Accounts page. Every account is removed in the end."""

    def fill(network, values):
        page.goto(f"{running.url}/accounts")
        page.get_by_role("button", name="Connect an account").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name=network, exact=True).click()
        for label, value in values.items():  # the form before lacks the first field, so fill waits
            dialog.get_by_label(re.compile(f"^{label}")).fill(value)
        dialog.get_by_role("button", name="Connect", exact=True).click()
        expect(dialog).to_be_hidden()

    yield fill
    for account in application.accounts.all()[1:]:  # the first is the outbox
        application.accounts.remove(account.destination)


def test_a_post_with_a_picture_is_published_to_two_networks_and_history_links_to_both(
    page, running, application, connect, mastodon_server, fake_pds, pds_user, picture
):
    handle, password, did = pds_user
    connect("Mastodon", {"Access token": "mock_token", "Server": mastodon_server})
    expect(page.locator("[class*=st-key-card-account-mastodon]")).to_contain_text("Works")
    face = page.locator("[class*=st-key-card-account-mastodon] img")
    assert face.evaluate("image => image.decode().then(() => image.naturalWidth)") == 48
    connect("Bluesky", {"App password": password, "Handle": handle, "Server": fake_pds})
    assert application.accounts.get(f"bluesky:{handle}").identity == did

    page.get_by_role("link", name="Compose").click()
    text_of(page).fill(TEXT)
    for name in ("Outbox", "Mastodon", "Bluesky"):  # the outbox is selected at first and is deselected
        page.get_by_role("button", name=name).click()
    expect(page.get_by_text("Different text for")).to_be_visible()
    page.locator("input[type=file]").set_input_files(picture)
    page.get_by_label("Description of picture 1").fill(ALT)
    page.keyboard.press("Tab")
    expect(page.get_by_test_id("stImageContainer").get_by_role("img", name=ALT)).to_be_visible()
    page.get_by_role("button", name="Schedule").click()
    expect(page.locator(".st-key-card-outcome")).to_contain_text("Scheduled for")

    reschedule_soon(application)
    page.get_by_role("link", name="History").click()
    card = page.locator("[class*=st-key-card-run-]").filter(has_text=TEXT)
    expect(card.get_by_text("on time").filter(visible=True)).to_have_count(2)
    permalinks = card.get_by_role("link", name="Open")
    expect(permalinks.nth(0)).to_have_attribute("href", re.compile(r"/@testuser/"))
    expect(permalinks.nth(1)).to_have_attribute("href", re.compile(f"^https://bsky.app/profile/{did}/post/"))
    assert descriptions(mastodon_server, fake_pds, application, did) == [ALT, ALT]
