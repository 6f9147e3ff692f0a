"""A post from the scheduler's event to the network, with repeated and late events, lost responses and kills."""

import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from core.ledger.dynamodb import DynamoLedger
from core.ledger.dynamodb_transactions import Table
from core.ledger.port import DesiredState, PlanChange
from core.ledger.states import outcome
from core.outbox.dynamodb import DynamoOutbox
from core.posts.models import Post, Repeat
from core.posts.payload import TargetSettings, invocation_of, write_invocation
from core.publishing.fence import LEASE
from core.scheduling.schedules import Schedules
from core.time.instants import Clock
from lambda_pkg.clients import client
from lambda_pkg.receipts import ReceiptTable
from lambda_pkg.relay import AttemptFailed

TEXT = "Grüße aus Köln 🎉"


@pytest.fixture
def outbox_texts(function_variables: Any, clock: Any) -> Any:
    """Read the texts in the outbox."""
    outbox = DynamoOutbox(Table(client("dynamodb"), "ledger", clock))
    return lambda: [entry.text for entry in outbox.feed(limit=10)]


def redelivered(event: dict[str, Any]) -> dict[str, Any]:
    """Return the on-failure queue's event for a failed invocation."""
    return {"Records": [{"eventSource": "aws:sqs", "body": json.dumps({"requestPayload": event})}]}


def states(response: dict[str, Any]) -> list[str]:
    """Return the state of each destination in a response of the posting function."""
    return [result["state"] for result in json.loads(response["body"])["results"]]


def test_a_post_is_published_at_its_due_instant_and_history_shows_when(
    relay, event, post, webhook, occurrence_outcome, clock
):
    planned = post()
    receipt = relay(event(planned))
    assert webhook.texts == [TEXT]
    assert receipt["posted_at"] == f"{planned.due_at:%Y-%m-%dT%H:%M:%S}.000Z"
    assert (occurrence_outcome().state, occurrence_outcome().published_at, occurrence_outcome().attempts) == (
        "published",
        planned.due_at,
        1,
    )


# Post now


@pytest.fixture
def schedules(relay: Any, ledger: DynamoLedger, clock: Any) -> Schedules:
    """Open the actions on posts, with a Lambda client whose invocations run the relay at once."""

    def run_relay(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        assert request.headers["X-Amz-Invocation-Type"] == b"Event"
        relay(json.loads(request.body))
        return AWSResponse(request.url, 202, {}, None)

    functions = client("lambda")
    functions.meta.events.register_first("before-send.lambda.Invoke", run_relay)
    target = TargetSettings(
        group="punctual",
        function_arn="arn:aws:lambda:us-east-1:123456789012:function:punctual-relay",
        role_arn="arn:aws:iam::123456789012:role/punctual-scheduler",
        dead_letter_arn=None,
        lead=timedelta(seconds=60),
    )
    return Schedules(
        scheduler=client("scheduler"),
        lambda_client=functions,
        ledger=ledger,
        target=target,
        notice=timedelta(seconds=120),
        clock=clock,
    )


def test_post_now_reaches_the_network_by_the_relay_without_a_schedule_and_without_a_wait(
    schedules, post, webhook, occurrence_outcome, clock
):
    clicked = clock()
    plan = schedules.post_now(post())
    assert (plan.schedule_name, webhook.texts, clock.sleeps) == (None, [TEXT], [])
    assert (occurrence_outcome().state, occurrence_outcome().published_at) == ("published", clicked)


# Runs that do not count


@pytest.fixture
def skipped_run(post, clock):
    """Return the event of a skipped run of a series, and of the next run."""
    run = clock()
    repeat = Repeat(expression="cron(* * * * ? *)", skipped=(run,))
    series = post().model_copy(update={"due_at": None, "repeat": repeat})
    return [json.loads(write_invocation(invocation_of(series, at))) for at in (run, run + timedelta(minutes=1))]


def test_a_skipped_run_leaves_no_trace_and_the_next_one_is_published(relay, skipped_run, webhook, ledger):
    skipped, following = skipped_run
    assert relay(skipped) is None
    assert (webhook.texts, ledger.history(after=None, limit=10)) == ([], [])
    relay(following)
    assert webhook.texts == [TEXT]


def test_a_relay_of_before_sends_a_skipped_run_and_the_posting_server_does_not_publish_it(
    relay, skipped_run, webhook, occurrence_outcome, monkeypatch
):
    monkeypatch.setattr("lambda_pkg.event.is_excluded", lambda run, **_: False)
    relay(skipped_run[0])
    assert webhook.texts == []
    assert occurrence_outcome().state == "superseded"


# Repeated events


def test_a_repeated_event_is_published_once(relay, event, post, webhook, occurrence_outcome):
    first, second = relay(event(post())), relay(event(post()))
    assert webhook.texts == [TEXT]
    assert first["results"] == second["results"]
    assert occurrence_outcome().state == "published"


def test_of_two_concurrent_events_one_publishes_and_the_other_is_retried(
    relay, event, post, webhook, occurrence_outcome, posting_server
):
    planned = post()
    webhook.may_respond.clear()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(relay, event(planned))
        assert webhook.reached.wait(20)
        with pytest.raises(AttemptFailed, match="503"):
            relay(event(planned))
        assert 0 < int(posting_server.responses[0]["headers"]["retry-after"]) <= LEASE.total_seconds()
        webhook.may_respond.set()
        assert first.result()["kind"] == "handed_over"
    relay(redelivered(event(planned)))
    assert webhook.texts == [TEXT]
    assert occurrence_outcome().state == "published"


def test_simultaneous_events_are_published_once(relay, event, post, webhook, occurrence_outcome):
    planned = post()

    def attempt(_: int) -> str:
        try:
            return relay(event(planned))["kind"]
        except AttemptFailed as failure:
            return failure.receipt["kind"]

    with ThreadPoolExecutor(6) as pool:
        kinds = list(pool.map(attempt, range(6)))
    assert "handed_over" in kinds
    assert set(kinds) <= {"handed_over", "attempt_failed"}
    assert webhook.texts == [TEXT]
    assert occurrence_outcome().state == "published"


def test_after_a_lost_response_the_retry_gets_the_same_response(
    relay, event, post, webhook, occurrence_outcome, posting_server, clock
):
    planned = post()
    posting_server.lost_responses = 1
    with pytest.raises(AttemptFailed, match="before a complete response"):
        relay(event(planned))
    clock.sleep(60)
    assert relay(event(planned))["attempt"] == 2
    first, second = posting_server.responses
    assert first["body"] == second["body"]
    assert webhook.texts == [TEXT]
    assert occurrence_outcome().state == "published"


def test_only_the_failed_destination_is_retried(
    relay, event, post, webhook, occurrence_outcome, outbox_texts, monkeypatch
):
    planned = post(destinations=("outbox", "webhook:sales"))
    add = DynamoOutbox.add

    def fail(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(DynamoOutbox, "add", fail)
    with pytest.raises(AttemptFailed, match="503"):
        relay(event(planned))
    assert (webhook.texts, occurrence_outcome().state) == ([TEXT], "retrying")
    monkeypatch.setattr(DynamoOutbox, "add", add)
    relay(event(planned))
    assert (webhook.texts, outbox_texts(), occurrence_outcome().state) == ([TEXT], [TEXT], "published")


# Revisions


def test_an_event_of_an_older_revision_publishes_the_newest_one_once(
    relay, event, post, webhook, ledger, posting_server, clock
):
    old, new = two_revisions(post(), ledger, clock, desired="active")
    assert relay(event(old))["kind"] == "handed_over"
    assert states(posting_server.responses[0]) == ["published"]
    relay(event(new))
    assert webhook.texts == ["Better"]


def test_an_event_of_an_older_revision_of_a_cancelled_post_publishes_nothing(
    relay, event, post, webhook, ledger, posting_server, clock
):
    old, new = two_revisions(post(), ledger, clock, desired="cancelled")
    assert relay(event(old))["kind"] == "handed_over"
    assert states(posting_server.responses[0]) == ["superseded"]
    assert ledger.history(after=None, limit=10) == []
    relay(event(new))
    assert webhook.texts == []


def two_revisions(old: Post, ledger: DynamoLedger, clock: Clock, *, desired: DesiredState) -> tuple[Post, Post]:
    """Plan a post, change its text and its desired state, and return both revisions."""
    ledger.plan(PlanChange(post=old, schedule_name="old"), now=clock())
    new = old.model_copy(update={"revision": 2, "text": "Better"})
    ledger.change(PlanChange(post=new, desired=desired, schedule_name="new"), now=clock())
    return old, new


# A killed posting function


def test_killed_after_publishing_a_deduplicating_network_has_one_post(
    relay, event, post, function_variables, outbox_texts, occurrence_outcome, kill_process, clock, monkeypatch
):
    planned = post(destinations=("outbox",))
    with monkeypatch.context() as crash:
        crash.setattr(DynamoLedger, "finish", kill_process)
        with pytest.raises(AttemptFailed, match="502"):
            relay(event(planned))
    assert outbox_texts() == [TEXT]
    with pytest.raises(AttemptFailed, match="503"):  # the lease of the claim still runs
        relay(event(planned))
    clock.sleep(LEASE.total_seconds() + 1)
    assert relay(event(planned))["attempt"] == 3
    assert outbox_texts() == [TEXT]
    assert occurrence_outcome().state == "published"


def test_killed_after_publishing_to_another_network_the_post_is_unconfirmed(
    relay, event, post, webhook, occurrence_outcome, kill_process, clock, monkeypatch
):
    planned = post()
    with monkeypatch.context() as crash:
        crash.setattr(DynamoLedger, "finish", kill_process)
        with pytest.raises(AttemptFailed, match="502"):
            relay(event(planned))
    clock.sleep(LEASE.total_seconds() + 1)
    assert relay(event(planned))["kind"] == "handed_over"
    assert webhook.texts == [TEXT]
    assert occurrence_outcome().state == "unconfirmed"
    assert "stopped while it was publishing" in occurrence_outcome().reason


def test_killed_before_the_claim_the_retry_publishes_the_post(
    relay, event, post, webhook, occurrence_outcome, kill_process, monkeypatch
):
    planned = post()
    with monkeypatch.context() as crash:
        crash.setattr(DynamoLedger, "claim", kill_process)
        with pytest.raises(AttemptFailed, match="502"):
            relay(event(planned))
    assert (webhook.texts, occurrence_outcome().state) == ([], "retrying")
    relay(event(planned))
    assert (webhook.texts, occurrence_outcome().state) == ([TEXT], "published")


# Lateness


def test_an_event_past_the_late_limit_is_missed(relay, event, post, webhook, occurrence_outcome, posting_server, clock):
    planned = post(due_at=clock() - timedelta(minutes=61))
    assert relay(redelivered(event(planned)))["kind"] == "missed"
    assert (webhook.texts, posting_server.responses) == ([], [])
    assert occurrence_outcome().state == "missed"
    assert "61 minutes after its time" in occurrence_outcome().reason


def test_a_post_that_fails_until_its_late_limit_has_failed(
    relay, event, post, webhook, occurrence_outcome, kill_process, clock, monkeypatch
):
    planned = post(late_after_minutes=1)
    monkeypatch.setattr(DynamoLedger, "claim", kill_process)
    with pytest.raises(AttemptFailed, match="502"):
        relay(event(planned))
    clock.sleep(61)
    assert relay(redelivered(event(planned)))["kind"] == "failed"
    assert occurrence_outcome().state == "failed"


# The order of receipts


def test_the_outcome_does_not_depend_on_the_order_of_receipts(
    relay, event, post, webhook, ledger, kill_process, clock, monkeypatch
):
    planned = post(destinations=("webhook:sales", "outbox"))
    with monkeypatch.context() as crash:
        crash.setattr(DynamoOutbox, "add", kill_process)
        with pytest.raises(AttemptFailed):
            relay(event(planned))
    assert webhook.reached.wait(20)  # a call that has not begun when its lease ends is not made
    clock.sleep(LEASE.total_seconds() + 1)
    relay(event(planned))
    expected = outcome(ledger.occurrence(planned.post_id))
    assert (expected.state, [each.state for each in expected.destinations]) == ("published", ["published", "published"])

    database = client("dynamodb")
    receipts = [item for item in database.scan(TableName="ledger")["Items"] if item["sk"]["S"].startswith("receipt#")]
    assert len(receipts) == 4  # two of the relay, and one per destination
    for order in itertools.permutations(receipts):
        for item in receipts:
            database.delete_item(TableName="ledger", Key={"pk": item["pk"], "sk": item["sk"]})
        receipts = [item | {"sk": {"S": f"receipt#{planned.post_id}#{index}"}} for index, item in enumerate(order)]
        for item in receipts:
            database.put_item(TableName="ledger", Item=item)
        assert outcome(ledger.occurrence(planned.post_id)) == expected


def test_the_relays_first_receipt_may_follow_all_receipts_of_the_second_attempt(
    relay, event, post, webhook, occurrence_outcome, posting_server, clock, monkeypatch
):
    planned, late = post(), []
    posting_server.lost_responses = 1
    with monkeypatch.context() as slow:
        slow.setattr(ReceiptTable, "record", lambda *arguments: late.append(arguments))
        with pytest.raises(AttemptFailed):
            relay(event(planned))
    clock.sleep(60)
    relay(event(planned))
    for arguments in late:
        ReceiptTable.record(*arguments)
    assert occurrence_outcome().state == "published"
