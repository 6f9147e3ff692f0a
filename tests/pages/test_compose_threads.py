"""Threads: composed, previewed, shown in the queue and edited."""

import json

import pytest

from core.accounts.port import Account
from core.ledger.port import Receipt
from core.media.intake import ingest
from core.posts.models import Repeat, graphemes, new_post_id
from core.posts.payload import SCHEDULED_TIME, read_payload, write_payload
from core.publishing.network import TextLength
from core.time.instants import utc_text

TEXT = "The first sentence stands here. The second one is here. The third ends it."


@pytest.fixture
def compose(browse, application, monkeypatch):
    """Open Compose with a text that is too long for one of its two destinations."""
    application.accounts.connect(Account(destination="webhook:short", label="Short", address="https://a.example"))
    short = lambda text, account: TextLength(count=graphemes(text), limit=40)  # noqa: E731
    monkeypatch.setattr(application.networks["webhook"], "measure", short)
    monkeypatch.setattr(application.networks["webhook"], "threads", "messages")
    session = browse("compose")
    session.address("outbox", "webhook:short")
    session.write(TEXT)
    return session


@pytest.fixture
def post(compose, application):
    """Schedule the draft as a numbered thread and return the post."""
    draft = compose.draft
    split(compose)
    compose.schedule()
    return application.schedules.plan(draft).post


def split(session):
    session.toggle(key=f"thread-webhook:short-{session.draft}").set_value(True).run()
    session.checkbox(key=f"numbered-webhook:short-{session.draft}").set_value(True).run()


def test_a_text_over_the_limit_is_refused_without_a_thread(compose):
    compose.schedule()
    assert "Short accepts 40" in compose.shown


def test_a_network_without_threads_offers_none(compose, application, monkeypatch):
    split(compose)
    monkeypatch.setattr(application.networks["webhook"], "threads", None)
    compose.run()
    assert f"thread-webhook:short-{compose.draft}" not in [toggle.key for toggle in compose.toggle]
    compose.schedule()
    assert "Short accepts 40" in compose.shown


def test_one_destination_gets_a_thread_and_the_other_the_whole_text(post):
    assert post.destinations == ("outbox", "webhook:short", "webhook:short#2", "webhook:short#3")
    assert post.text_for("outbox") == TEXT
    assert post.text_for("webhook:short#2") == "The second one is here. 2/3"


def test_a_link_that_fits_into_no_part_is_an_error(compose):
    compose.write(f"See https://example.org/{'long' * 20}")
    split(compose)
    assert "cannot be split" in compose.shown


def test_the_queue_shows_a_thread_once_with_its_number_of_parts(post, browse):
    assert "Short, 3 parts" in browse("queue").shown


def test_undo_returns_a_thread_as_one_text(post, compose):
    compose.click("undo")
    draft = compose.draft
    assert compose.text_area(key=f"text-{draft}").value == TEXT
    assert compose.pills(key=f"destinations-{draft}").value == ["outbox", "webhook:short"]
    assert compose.toggle(key=f"thread-webhook:short-{draft}").value
    assert compose.checkbox(key=f"numbered-webhook:short-{draft}").value


def test_each_part_of_a_queued_thread_can_be_edited(post, browse, application):
    queue = browse("queue")
    queue.click("edit", post.post_id)
    queue.text_area(key=f"edit-text-webhook:short#3-{post.post_id}").set_value("It ends. 3/3")
    queue.click("save-post", post.post_id)
    edited = application.schedules.plan(post.post_id).post
    texts = [edited.text_for(each) for each in edited.destinations]
    assert texts[2:] == ["The second one is here. 2/3", "It ends. 3/3"]
    assert edited.text == TEXT


def test_removing_a_destination_removes_its_thread(post, browse, application):
    queue = browse("queue")
    queue.click("edit", post.post_id)
    queue.pills(key=f"edit-destinations-{post.post_id}").set_value(["outbox"])
    queue.click("save-post", post.post_id)
    edited = application.schedules.plan(post.post_id).post
    assert (edited.destinations, edited.variants) == (("outbox",), {})


def test_a_missed_run_of_a_repeating_thread_becomes_a_draft_with_one_text(post, browse, application, clock):
    repeat = {"post_id": new_post_id(), "due_at": None, "repeat": Repeat(expression="cron(0 9 * * ? *)")}
    repeating = application.schedules.schedule(post.model_copy(update=repeat)).post
    payload = read_payload(write_payload(repeating).replace(SCHEDULED_TIME, utc_text(clock())))
    application.ledger.record(payload, Receipt(kind="missed", at=clock(), revision=1))
    session = browse("history")
    session.click("again", payload.occurrence_key)
    assert session.session_state[f"text-{session.draft}"] == TEXT
    assert session.session_state[f"destinations-{session.draft}"] == ["outbox", "webhook:short"]


def by_hand(session):
    session.write("One\n---\nTwo\n---\nThree")
    return session.draft


def test_dashes_make_a_thread_for_one_account_and_one_text_for_the_other(compose, application):
    draft = by_hand(compose)
    compose.schedule()
    post = application.schedules.plan(draft).post
    assert [post.text_for(each) for each in post.destinations] == ["One\n\nTwo\n\nThree", "One", "Two", "Three"]
    compose.click("undo")
    assert compose.text_area(key=f"text-{compose.draft}").value == "One\n---\nTwo\n---\nThree"


def test_the_browser_gets_the_parts_of_accounts_with_threads_and_names_the_others(compose, application, picture):
    draft = by_hand(compose)
    media = ingest(application.media, picture("teal")).model_copy(update={"part": 3})
    compose.session_state[f"media-{draft}"] = [media]
    compose.run()
    drawn = [json.loads(each.proto.json) for each in compose.get("bidi_component") if "moves_media" in each.proto.json]
    [parts] = [each["parts"] for each in drawn if each["parts"]]
    [account] = parts["accounts"]
    assert account["label"] == "Short"
    assert [part["text"] for part in account["parts"]] == ["One", "Two", "Three"]
    assert [each["part"] for each in parts["media"]] == [3]
    assert parts["joined"].startswith("No threads: one post with the parts as paragraphs for Outbox")


def test_an_empty_part_is_refused_with_its_number(compose):
    compose.write("One\n---\n")
    compose.schedule()
    assert "Part 2 of the thread is empty." in compose.shown


def test_the_text_with_dashes_is_edited_in_the_queue_and_its_parts_follow(compose, browse, application):
    draft = by_hand(compose)
    compose.schedule()
    queue = browse("queue")
    queue.click("edit", draft)
    assert queue.text_area(key=f"edit-text-{draft}").value == "One\n---\nTwo\n---\nThree"
    queue.text_area(key=f"edit-text-{draft}").set_value("One\n---\nTwo and three")
    queue.click("save-post", draft)
    edited = application.schedules.plan(draft).post
    texts = [edited.text_for(each) for each in edited.destinations]
    assert texts == ["One\n\nTwo and three", "One", "Two and three"]
