import pytest

from core.accounts.port import Account
from core.ledger.port import Receipt
from core.ledger.post_state import post_state

WEBHOOK = Account(destination="webhook:sales", label="Sales", address="https://sales.example")


@pytest.fixture
def happened(application, clock):
    """Record that something happened to an occurrence, or to one destination of it."""

    def record(payload, kind, destination=None, **detail):
        receipt = Receipt(
            kind=kind, at=clock(), revision=payload.revision, destination=destination, detail={"reason": None} | detail
        )
        application.ledger.record(payload, receipt)

    return record


def said(session):
    """The words on the page, as they are shown."""
    return " ".join(found.value for found in [*session.markdown, *session.caption, *session.text]).replace("\\", "")


def test_an_empty_history_says_how_to_begin(browse):
    assert "Nothing has gone out yet" in said(browse("history"))


def test_what_went_out_is_listed_with_how_late_it_was_and_where_it_is(browse, plan, begin, clock, application):
    post = plan("Good morning", minutes=1)
    clock.move(seconds=60.038)
    application.publisher.publish(begin(post))
    history = browse("history")
    assert history.header[0].value == "Today, Mon 2 Nov 2026"
    assert "### 13:01" in said(history)
    assert "Good morning" in said(history)
    assert "Published] :small[**Outbox (built in)** · :gray[38 ms late]]" in said(history)
    assert history.get("page_link")[-1].proto.query_string == f"post={post.post.post_id}"


def test_every_destination_has_a_line_with_its_own_state_and_lag(browse, plan, begin, clock, application, happened):
    application.accounts.connect(WEBHOOK)
    post = plan("To both", minutes=1, destinations=["outbox", "webhook:sales"])
    clock.move(seconds=60.5)
    payload = begin(post)
    happened(payload, "published", "outbox", url=f"/outbox?post={post.post.post_id}")
    clock.move(seconds=1)
    happened(payload, "published", "webhook:sales", url="https://sales.example/posts/1")
    words = said(browse("history"))
    assert "**Outbox (built in)** · :gray[500 ms late]" in words
    assert "**Sales** · :gray[1.500 s late]" in words


def test_a_destination_that_was_told_other_words_says_which(browse, plan, begin, clock, application, happened):
    application.accounts.connect(WEBHOOK)
    post = plan("To both", minutes=1, destinations=["outbox", "webhook:sales"])
    changed = application.schedules.edit(
        post, post.post.model_copy(update={"variants": {"webhook:sales": "To sales alone"}})
    )
    clock.move(minutes=1)
    payload = begin(changed)
    happened(payload, "published", "outbox")
    happened(payload, "published", "webhook:sales")
    assert "**Sales** · :gray[0 ms late] · :gray[“To sales alone”]" in said(browse("history"))


def test_a_failure_gives_its_reason_and_is_retried_with_one_click(browse, plan, begin, clock, application, happened):
    post = plan("Nobody there", minutes=1)
    clock.move(minutes=1)
    payload = begin(post)
    happened(payload, "failed", reason="Nothing listens at sales.example:443.")
    history = browse("history")
    assert "Waiting for you" in [found.value for found in history.header]
    assert "Nothing listens at sales.example:443." in said(history)
    clock.move(minutes=5)
    history.button(key=f"retry-{payload.occurrence_key}").click().run()
    assert "It is tried again now" in history.toast[0].value
    assert application.one_machine.store.next_due() == clock.now


def test_no_card_moves_when_one_has_been_seen_to_or_another_one_begins_to_wait(
    browse, plan, begin, clock, application, happened
):
    first, second = plan("First", minutes=1), plan("Second", minutes=2)
    clock.move(minutes=3)
    payload = begin(first)
    for each in (payload, begin(second)):
        happened(each, "failed", reason="Nothing listens at sales.example:443.")
    history = browse("history")
    assert [found.value for found in history.text] == ["Second", "First"]
    happened(payload, "published", "outbox")
    happened(begin(plan("Third", minutes=1)), "failed", reason="Nothing listens at sales.example:443.")
    history.run()
    assert [found.value for found in history.text] == ["Second", "First", "Third"]
    assert f"retry-{payload.occurrence_key}" not in [button.key for button in history.button]
    assert [found.value for found in browse("history", browse("queue", history)).text] == ["Third", "Second", "First"]


def test_a_missed_post_is_scheduled_again(browse, plan, begin, clock, application, happened):
    post = plan("The machine slept", minutes=1)
    clock.move(hours=3)
    happened(begin(post), "missed", reason="Not posted: 179 minutes after its time.")
    history = browse("history")
    history.button(key=f"again-{post.post.post_id}").click().run()
    history.button(key=f"save-time-{post.post.post_id}").click().run()
    assert post_state(application.ledger, post.post.post_id, clock()).state == "scheduled"
    assert not history.header


def test_an_unconfirmed_post_waits_until_a_person_says_that_it_is_out(
    browse, plan, begin, clock, application, happened
):
    application.accounts.connect(WEBHOOK)
    post = plan("Perhaps", minutes=1, destinations=["webhook:sales"])
    clock.move(minutes=1)
    happened(begin(post), "unconfirmed", "webhook:sales", reason="It did not answer in time.")
    history = browse("history")
    assert "It did not answer in time" in said(history)
    history.button(key=f"out-webhook:sales-{post.post.post_id}").click().run()
    assert post_state(application.ledger, post.post.post_id, clock()).state == "published"


def test_a_long_history_is_shown_page_by_page(browse, plan, begin, application):
    for minutes in range(1, 36):
        application.publisher.publish(begin(plan(f"Post {minutes}.", minutes=minutes)))
    history = browse("history")
    assert len(history.text) == 30
    assert "Post 5." not in said(history)
    history.button(key="more").click().run()
    assert len(history.text) == 35
    assert "Post 5." in said(history)
    assert "more" not in [button.key for button in history.button]


def test_a_failure_waits_above_everything_that_went_out_since(browse, plan, begin, clock, application, happened):
    failed = plan("Nobody there", minutes=1)
    later = [plan(f"Post {minutes}.", minutes=minutes) for minutes in range(2, 42)]
    clock.move(minutes=60)
    happened(begin(failed), "failed", reason="Nothing listens at sales.example:443.")
    for each in later:
        happened(begin(each), "published", "outbox")
    history = browse("history")
    assert history.header[0].value == "Waiting for you"
    assert history.text[0].value == "Nobody there"
    assert len(history.text) == 31


def test_history_is_searched_by_text_and_by_account(browse, plan, begin, clock, application, happened):
    application.accounts.connect(WEBHOOK)
    for text, destination in (("Good morning", "outbox"), ("Good night", "webhook:sales")):
        happened(begin(plan(text, minutes=1, destinations=[destination])), "published", destination)
    history = browse("history")
    history.text_input(key="search").set_value("sales GOOD").run()
    assert [found.value for found in history.text] == ["Good night"]
    history.text_input(key="search").set_value("elsewhere").run()
    assert not history.text
    assert "Search for something else" in history.info[0].value


def test_a_search_that_did_not_see_all_says_so(browse, plan, begin, clock, application, monkeypatch):
    posts = [plan(words, minutes=1) for words in ("Coffee", "Tea", "Water")]
    clock.move(minutes=1)
    for post in posts:
        application.publisher.publish(begin(post))
    monkeypatch.setattr("ui.posts.search.LOOKED_THROUGH", 2)
    history = browse("history")
    history.text_input(key="search").set_value("tea").run()
    assert "Only the last 2 posts were searched." in said(history)
    assert not any(button.key == "more" for button in history.button)
