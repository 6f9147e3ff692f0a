import pytest

from core.accounts import Account
from core.ledger.port import Receipt
from core.standing import standing

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
    row = browse("history").dataframe[0].value.iloc[0]
    assert (row.due, row.state, row.lag, row.text) == ("2026-11-02 13:01:00", "Published", 38, "Good morning")
    assert row.url == f"/outbox?post={post.post.post_id}"


def test_every_destination_has_a_line_with_its_own_state_and_link(browse, plan, begin, clock, application, happened):
    application.accounts.connect(WEBHOOK)
    post = plan("To both", minutes=1, destinations=["outbox", "webhook:sales"])
    clock.move(seconds=60.5)
    payload = begin(post)
    happened(payload, "published", "outbox", url=f"/outbox?post={post.post.post_id}")
    clock.move(seconds=1)
    happened(payload, "published", "webhook:sales", url="https://sales.example/posts/1")
    table = browse("history").dataframe[0].value
    assert list(zip(table.destination, table.lag, table.url, strict=True)) == [
        ("Outbox (built in)", 500, f"/outbox?post={post.post.post_id}"),
        ("Sales", 1500, "https://sales.example/posts/1"),
    ]


def test_a_failure_gives_its_reason_and_is_retried_with_one_click(browse, plan, begin, clock, application, happened):
    post = plan("Nobody there", minutes=1)
    clock.move(minutes=1)
    payload = begin(post)
    happened(payload, "failed", reason="Nothing listens at sales.example:443.")
    history = browse("history")
    assert "Waiting for you" in [found.value for found in history.subheader]
    assert "Nothing listens at sales.example:443." in said(history)
    clock.move(minutes=5)
    history.button(key=f"retry-{payload.occurrence_key}").click().run()
    assert "It is tried again now" in history.toast[0].value
    assert application.engine.store.next_due() == clock.now


def test_a_missed_post_is_scheduled_again(browse, plan, begin, clock, application, happened):
    post = plan("The machine slept", minutes=1)
    clock.move(hours=3)
    happened(begin(post), "missed", reason="Not posted: 179 minutes after its time.")
    history = browse("history")
    history.button(key=f"again-{post.post.post_id}").click().run()
    history.button(key=f"save-time-{post.post.post_id}").click().run()
    assert standing(application.ledger, post.post.post_id, clock()).state == "scheduled"
    assert not history.subheader


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
    assert standing(application.ledger, post.post.post_id, clock()).state == "published"


def test_everything_can_be_had_as_csv(browse, plan, begin, clock, application):
    for minutes in (1, 2, 3):
        application.publisher.publish(begin(plan(f"Post {minutes}", minutes=minutes)))
    history = browse("history")
    assert history.download_button(key="csv").label == "CSV"


def test_a_long_history_is_shown_page_by_page(browse, plan, begin, application):
    for minutes in range(1, 56):
        application.publisher.publish(begin(plan(minutes=minutes)))
    history = browse("history")
    assert len(history.dataframe[0].value) == 50
    history.button(key="more").click().run()
    assert len(history.dataframe[0].value) == 55
