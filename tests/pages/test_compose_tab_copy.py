"""The data that Compose sends to the browser's tab."""

import json

import pytest

from core.accounts.port import Account
from ui.compose.tab_copy import STASH_LIMIT


@pytest.fixture
def compose(browse):
    return browse("compose")


@pytest.fixture
def stash(compose, plan):
    """Write a text into the current draft and replace that draft with another one."""

    def write_and_replace(text):
        compose.write(text)
        queued = plan("In the queue")
        compose.open("queue").choose("Duplicate", queued)
        compose.open("compose")

    return write_and_replace


def sent(session) -> dict:
    """Return the data that the component gets."""
    return next(
        json.loads(found.proto.json)
        for found in session.get("bidi_component")
        if found.proto.component_name == "punctual_tab_copy"
    )


def test_the_tab_gets_the_current_draft_and_the_stashed_ones(compose, stash):
    stash("Half a thought")
    data = sent(compose)
    assert data["draft"]["text"] == "In the queue"
    assert [each["text"] for each in data["stashed"]] == ["Half a thought"]
    assert data["known"] == [each["draft"] for each in (*data["stashed"], data["draft"])]


def test_the_tab_gets_the_latest_stashed_drafts_within_the_limit(compose, stash):
    for text in ("x" * STASH_LIMIT, "Short", "Shorter"):
        stash(text)
    assert [each["text"] for each in sent(compose)["stashed"]] == ["Short", "Shorter"]


def test_the_tab_gets_no_credentials(compose, application):
    account = Account(
        destination="mastodon:ada",
        label="Ada",
        address="https://social.example",
        limits={"characters": 500},
        credentials={"token": "hush-hush"},
    )
    application.accounts.connect(account)
    compose.run()
    compose.address("mastodon:ada")
    assert sent(compose)["draft"]["destinations"] == ["mastodon:ada"]
    assert "hush-hush" not in json.dumps(sent(compose))
