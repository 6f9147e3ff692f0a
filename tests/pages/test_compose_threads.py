"""A text that is too long for a destination, as a thread: composed, previewed, shown and edited."""

import pytest

from core.accounts.port import Account
from core.ledger.port import Receipt
from core.posts.models import Post, Repeat, graphemes, new_post_id
from core.posts.payload import SCHEDULED_TIME, read_payload, write_payload
from core.publishing.network import Length
from core.time.instants import utc_text
from ui.frame import application as ui_application

TEXT = "The first sentence stands here. The second one is here. The third ends it."


@pytest.fixture
def compose(browse, application, monkeypatch):
    application.accounts.connect(Account(destination="webhook:short", label="Short", address="https://a.example"))
    short = lambda text, account: Length(count=graphemes(text), limit=40)  # noqa: E731
    monkeypatch.setattr(application.networks["webhook"], "measure", short)
    session = browse("compose")
    session.pills(key=f"destinations-{draft(session)}").set_value(["outbox", "webhook:short"])
    session.text_area(key=f"text-{draft(session)}").set_value(TEXT).run()
    return session


def draft(session) -> str:
    return session.session_state["draft"]


def written_by(session) -> Post:
    """The draft as it would be scheduled, taken from a scheduled one."""
    application, post_id = ui_application.application(), draft(session)
    schedule(session)
    post = application.schedules.plan(post_id).post
    return post.model_copy(update={"post_id": new_post_id()})


def send_as_thread(session):
    session.toggle(key=f"thread-webhook:short-{draft(session)}").set_value(True).run()
    session.checkbox(key=f"numbered-webhook:short-{draft(session)}").set_value(True).run()
    assert not session.exception, [found.value for found in session.exception]


def schedule(session):
    session.button(key=f"schedule-{draft(session)}").click().run()
    assert not session.exception, [found.value for found in session.exception]


def said(session) -> str:
    return " ".join(found.value for found in [*session.error, *session.markdown, *session.caption]).replace("\\", "")


def test_what_is_too_long_is_refused_unless_a_thread_is_wanted(compose):
    schedule(compose)
    assert "Short takes 40" in said(compose)


def test_a_thread_goes_to_the_destination_that_needs_it_and_the_whole_text_to_the_others(compose, application):
    post_id = draft(compose)
    send_as_thread(compose)
    schedule(compose)
    post = application.schedules.plan(post_id).post
    assert post.destinations == ("outbox", "webhook:short", "webhook:short#2", "webhook:short#3")
    assert post.text_for("outbox") == TEXT
    assert post.text_for("webhook:short#2") == "The second one is here. 2/3"


def test_the_preview_shows_each_part_as_it_will_be_read(compose):
    send_as_thread(compose)
    assert "The third ends it. 3/3" in said(compose)


def test_a_link_that_fits_into_no_part_is_named(compose):
    compose.text_area(key=f"text-{draft(compose)}").set_value(f"See https://example.org/{'long' * 20}").run()
    send_as_thread(compose)
    assert "cannot be split" in said(compose)


def test_the_queue_names_a_thread_once_with_the_count_of_its_parts(compose, browse):
    send_as_thread(compose)
    schedule(compose)
    assert "Short, 3 parts" in said(browse("queue", compose))


def test_a_draft_made_from_a_thread_is_whole_again(compose):
    send_as_thread(compose)
    schedule(compose)
    compose.button(key="undo").click().run()
    assert compose.text_area(key=f"text-{draft(compose)}").value == TEXT
    assert compose.pills(key=f"destinations-{draft(compose)}").value == ["outbox", "webhook:short"]
    assert compose.toggle(key=f"thread-webhook:short-{draft(compose)}").value
    assert compose.checkbox(key=f"numbered-webhook:short-{draft(compose)}").value


def test_each_part_of_a_queued_thread_can_be_edited(compose, browse, application):
    post_id = draft(compose)
    send_as_thread(compose)
    schedule(compose)
    queue = browse("queue", compose)
    queue.menu_button(key=f"menu-{post_id}").click("Edit").run()
    queue.text_area(key=f"edit-text-webhook:short#3-{post_id}").set_value("It ends. 3/3")
    queue.button(key=f"save-post-{post_id}").click().run()
    assert not queue.exception, [found.value for found in queue.exception]
    post = application.schedules.plan(post_id).post
    assert [post.text_for(each) for each in post.destinations][2:] == ["The second one is here. 2/3", "It ends. 3/3"]
    assert post.text == TEXT


def test_a_destination_that_is_taken_away_takes_its_thread_along(compose, browse, application):
    post_id = draft(compose)
    send_as_thread(compose)
    schedule(compose)
    queue = browse("queue", compose)
    queue.menu_button(key=f"menu-{post_id}").click("Edit").run()
    queue.pills(key=f"edit-destinations-{post_id}").set_value(["outbox"])
    queue.button(key=f"save-post-{post_id}").click().run()
    post = application.schedules.plan(post_id).post
    assert (post.destinations, post.variants) == (("outbox",), {})


def test_a_missed_run_of_a_repeating_thread_is_a_whole_draft_again(compose, browse, application, clock):
    send_as_thread(compose)
    repeating = application.schedules.schedule(
        written_by(compose).model_copy(update={"due_at": None, "repeat": Repeat(expression="cron(0 9 * * ? *)")})
    ).post
    payload = read_payload(write_payload(repeating).replace(SCHEDULED_TIME, utc_text(clock())))
    application.ledger.record(payload, Receipt(kind="missed", at=clock(), revision=1))
    history = browse("history", compose)
    history.button(key=f"again-{payload.occurrence_key}").click().run()
    assert not history.exception, [found.value for found in history.exception]
    again = draft(history)
    assert history.session_state[f"text-{again}"] == TEXT
    assert history.session_state[f"destinations-{again}"] == ["outbox", "webhook:short"]
