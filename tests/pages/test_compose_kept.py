"""What the browser's tab is given to keep of the drafts."""

import json

import pytest

from core.accounts.port import Account
from ui.compose.tab_copy import ROOM


@pytest.fixture
def compose(browse):
    return browse("compose")


@pytest.fixture
def put_aside(browse, plan):
    """Write a text into the draft in hand, and begin another one so that the first makes way."""

    def write_and_leave(session, text):
        session.text_area(key=f"text-{session.session_state['draft']}").set_value(text).run()
        queued = plan("In the queue")
        queue = browse("queue", session)
        queue.menu_button(key=f"menu-{queued.post.post_id}").click("Duplicate").run()
        browse("compose", session)

    return write_and_leave


def kept(session) -> dict:
    """What the component is handed."""
    return next(
        json.loads(found.proto.json)
        for found in session.get("bidi_component")
        if found.proto.component_name == "punctual_draft_kept"
    )


def test_the_tab_keeps_the_draft_in_hand_and_those_put_aside(compose, put_aside):
    put_aside(compose, "Half a thought")
    assert kept(compose)["draft"]["text"] == "In the queue"
    assert [each["text"] for each in kept(compose)["aside"]] == ["Half a thought"]
    assert kept(compose)["known"] == [each["draft"] for each in (*kept(compose)["aside"], kept(compose)["draft"])]


def test_of_much_that_was_put_aside_it_keeps_the_latest(compose, put_aside):
    for text in ("x" * ROOM, "Short", "Shorter"):
        put_aside(compose, text)
    assert [each["text"] for each in kept(compose)["aside"]] == ["Short", "Shorter"]


def test_the_tab_is_given_nothing_that_an_account_is_signed_in_with(compose, application):
    account = Account(
        destination="mastodon:ada",
        label="Ada",
        address="https://social.example",
        limits={"characters": 500},
        credentials={"token": "hush-hush"},
    )
    application.accounts.connect(account)
    compose.run()
    compose.pills(key=f"destinations-{compose.session_state['draft']}").set_value(["mastodon:ada"]).run()
    assert kept(compose)["draft"]["destinations"] == ["mastodon:ada"]
    assert "hush-hush" not in json.dumps(kept(compose))
