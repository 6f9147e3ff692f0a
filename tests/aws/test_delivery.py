"""A post from the scheduler's event to the network, whatever happens twice, too late, by halves or in another order."""

import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from core.ledger.dynamodb import DynamoLedger
from core.ledger.states import outcome
from core.ledger.table import Table
from core.outbox.dynamodb import DynamoOutbox
from core.publishing.fence import LEASE
from lambda_pkg.clients import client
from lambda_pkg.receipts import ReceiptTable
from lambda_pkg.relay import DeliveryFailed

TEXT = "Grüße aus Köln 🎉"


@pytest.fixture
def feed(aws: Any, clock: Any) -> Any:
    """The texts in the outbox."""
    outbox = DynamoOutbox(Table(client("dynamodb"), "ledger", clock))
    return lambda: [entry.text for entry in outbox.feed(limit=10)]


def redelivered(event: dict[str, Any]) -> dict[str, Any]:
    """Return the event of the on-failure queue that hands a failed invocation over again."""
    return {"Records": [{"eventSource": "aws:sqs", "body": json.dumps({"requestPayload": event})}]}


def results(answer: dict[str, Any]) -> list[str]:
    """Return how it stands with each destination, as the posting server answered."""
    return [result["state"] for result in json.loads(answer["body"])["results"]]


def test_a_post_goes_out_at_its_instant_and_history_tells_when(relay, event, post, receiver, became, clock):
    planned = post()
    receipt = relay(event(planned))
    assert receiver.texts == [TEXT]
    assert receipt["posted_at"] == f"{planned.due_at:%Y-%m-%dT%H:%M:%S}.000Z"
    assert (became().state, became().published_at, became().attempts) == ("published", planned.due_at, 1)


# Twice


def test_an_event_that_comes_twice_is_published_once(relay, event, post, receiver, became):
    first, second = relay(event(post())), relay(event(post()))
    assert receiver.texts == [TEXT]
    assert first["results"] == second["results"]
    assert became().state == "published"


def test_two_events_at_once_are_published_once_and_the_second_comes_again(
    relay, event, post, receiver, became, posting_server
):
    planned = post()
    receiver.open.clear()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(relay, event(planned))
        assert receiver.reached.wait(20)
        with pytest.raises(DeliveryFailed, match="503"):
            relay(event(planned))
        assert 0 < int(posting_server.answers[0]["headers"]["retry-after"]) <= LEASE.total_seconds()
        receiver.open.set()
        assert first.result()["kind"] == "handed_over"
    relay(redelivered(event(planned)))
    assert receiver.texts == [TEXT]
    assert became().state == "published"


def test_events_at_the_very_same_moment_are_published_once(relay, event, post, receiver, became):
    planned = post()

    def attempt(_: int) -> str:
        try:
            return relay(event(planned))["kind"]
        except DeliveryFailed as failure:
            return failure.receipt["kind"]

    with ThreadPoolExecutor(6) as pool:
        kinds = list(pool.map(attempt, range(6)))
    assert "handed_over" in kinds
    assert set(kinds) <= {"handed_over", "attempt_failed"}
    assert receiver.texts == [TEXT]
    assert became().state == "published"


def test_an_answer_that_is_lost_on_its_way_is_given_again(relay, event, post, receiver, became, posting_server, clock):
    planned = post()
    posting_server.lose_answers = 1
    with pytest.raises(DeliveryFailed, match="before a complete response"):
        relay(event(planned))
    clock.sleep(60)
    assert relay(event(planned))["attempt"] == 2
    first, second = posting_server.answers
    assert first["body"] == second["body"]
    assert receiver.texts == [TEXT]
    assert became().state == "published"


def test_only_the_destination_that_failed_is_tried_again(relay, event, post, receiver, became, feed, monkeypatch):
    planned = post(destinations=("outbox", "webhook:sales"))
    whole = DynamoOutbox.add

    def refuse(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(DynamoOutbox, "add", refuse)
    with pytest.raises(DeliveryFailed, match="503"):
        relay(event(planned))
    assert (receiver.texts, became().state) == ([TEXT], "retrying")
    monkeypatch.setattr(DynamoOutbox, "add", whole)
    relay(event(planned))
    assert (receiver.texts, feed(), became().state) == ([TEXT], [TEXT], "published")


# Changed


@pytest.mark.parametrize("desired", ["active", "cancelled"])
def test_an_older_revision_that_still_fires_publishes_nothing(
    relay, event, post, receiver, ledger, posting_server, clock, desired
):
    old = post()
    ledger.plan(old, schedule_name="old", now=clock())
    new = old.model_copy(update={"revision": 2, "text": "Better"})
    ledger.change(new, desired=desired, schedule_name="new", now=clock())
    assert relay(event(old))["kind"] == "handed_over"
    assert results(posting_server.answers[0]) == ["superseded"]
    assert receiver.texts == []
    assert ledger.history(after=None, limit=10) == []
    relay(event(new))
    assert receiver.texts == (["Better"] if desired == "active" else [])


# Killed half-way


def test_killed_after_publishing_a_network_that_knows_repeats_has_it_once(
    relay, event, post, aws, feed, became, die, clock, monkeypatch
):
    planned = post(destinations=("outbox",))
    with monkeypatch.context() as crash:
        crash.setattr(DynamoLedger, "finish", die)
        with pytest.raises(DeliveryFailed, match="502"):
            relay(event(planned))
    assert feed() == [TEXT]
    with pytest.raises(DeliveryFailed, match="503"):  # the claim is leased still: it may be going on
        relay(event(planned))
    clock.sleep(LEASE.total_seconds() + 1)
    assert relay(event(planned))["attempt"] == 3
    assert feed() == [TEXT]
    assert became().state == "published"


def test_killed_after_publishing_elsewhere_it_is_unconfirmed_and_shown(
    relay, event, post, receiver, became, die, clock, monkeypatch
):
    planned = post()
    with monkeypatch.context() as crash:
        crash.setattr(DynamoLedger, "finish", die)
        with pytest.raises(DeliveryFailed, match="502"):
            relay(event(planned))
    clock.sleep(LEASE.total_seconds() + 1)
    assert relay(event(planned))["kind"] == "handed_over"
    assert receiver.texts == [TEXT]
    assert became().state == "unconfirmed"
    assert "stopped while it was publishing" in became().reason


def test_killed_before_claiming_it_is_as_if_nothing_had_come(relay, event, post, receiver, became, die, monkeypatch):
    planned = post()
    with monkeypatch.context() as crash:
        crash.setattr(DynamoLedger, "claim", die)
        with pytest.raises(DeliveryFailed, match="502"):
            relay(event(planned))
    assert (receiver.texts, became().state) == ([], "retrying")
    relay(event(planned))
    assert (receiver.texts, became().state) == ([TEXT], "published")


# Late


def test_an_event_that_comes_too_late_is_missed_and_shown(relay, event, post, receiver, became, posting_server, clock):
    planned = post(due_at=clock() - timedelta(minutes=61))
    assert relay(redelivered(event(planned)))["kind"] == "missed"
    assert (receiver.texts, posting_server.answers) == ([], [])
    assert became().state == "missed"
    assert "61 minutes after its time" in became().reason


def test_a_post_that_fails_until_it_is_too_late_has_failed(
    relay, event, post, receiver, became, die, clock, monkeypatch
):
    planned = post(late_after_minutes=1)
    monkeypatch.setattr(DynamoLedger, "claim", die)
    with pytest.raises(DeliveryFailed, match="502"):
        relay(event(planned))
    clock.sleep(61)
    assert relay(redelivered(event(planned)))["kind"] == "failed"
    assert became().state == "failed"


# In another order


def test_receipts_that_arrive_in_any_order_tell_the_same(relay, event, post, receiver, ledger, die, clock, monkeypatch):
    planned = post(destinations=("webhook:sales", "outbox"))
    with monkeypatch.context() as crash:
        crash.setattr(DynamoOutbox, "add", die)
        with pytest.raises(DeliveryFailed):
            relay(event(planned))
    clock.sleep(LEASE.total_seconds() + 1)
    relay(event(planned))
    told = outcome(ledger.occurrence(planned.post_id))
    assert (told.state, [each.state for each in told.destinations]) == ("published", ["published", "published"])

    database = client("dynamodb")
    receipts = [item for item in database.scan(TableName="ledger")["Items"] if item["sk"]["S"].startswith("receipt#")]
    assert len(receipts) == 4  # the relay's two, and one of each destination
    for order in itertools.permutations(receipts):
        for item in receipts:
            database.delete_item(TableName="ledger", Key={"pk": item["pk"], "sk": item["sk"]})
        receipts = [item | {"sk": {"S": f"receipt#{planned.post_id}#{place}"}} for place, item in enumerate(order)]
        for item in receipts:
            database.put_item(TableName="ledger", Item=item)
        assert outcome(ledger.occurrence(planned.post_id)) == told


def test_the_relays_receipt_of_a_first_attempt_may_come_after_all_of_the_second(
    relay, event, post, receiver, became, posting_server, clock, monkeypatch
):
    planned, late = post(), []
    posting_server.lose_answers = 1
    with monkeypatch.context() as slow:
        slow.setattr(ReceiptTable, "record", lambda *arguments: late.append(arguments))
        with pytest.raises(DeliveryFailed):
            relay(event(planned))
    clock.sleep(60)
    relay(event(planned))
    for arguments in late:
        ReceiptTable.record(*arguments)
    assert became().state == "published"
