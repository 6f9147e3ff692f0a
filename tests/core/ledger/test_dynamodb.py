"""The ledger on AWS: the relay writes to the same table, and other writers interrupt its transactions."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from core.ledger import dynamodb_layout as layout
from core.ledger.dynamodb import DynamoLedger
from core.ledger.history import overdue, runs
from core.ledger.port import Ledger, PlanChange, Receipt
from core.ledger.refusals import AlreadyGoingOut, ChangedElsewhere
from core.ledger.states import outcome
from core.posts.models import Post
from core.posts.payload import Payload, invocation_of, write_invocation
from lambda_pkg.receipts import LIST_PARTITIONS, ReceiptTable


@pytest.fixture
def ledger(table) -> DynamoLedger:
    return DynamoLedger(table)


@pytest.fixture
def relay_records(dynamodb, clock) -> Callable[..., None]:
    """Record the receipt of an attempt as the relay does."""
    receipts = ReceiptTable("punctual", dynamodb._client)

    def record(payload: Payload, kind: str, **changed: Any) -> None:
        receipt = {
            "kind": kind,
            "post_id": payload.post_id,
            "revision": payload.revision,
            "occurrence_key": payload.occurrence_key,
            "due_at": layout.timestamp(payload.due),
            "started_at": layout.timestamp(clock()),
            "posted_at": None,
            "finished_at": layout.timestamp(clock()),
            "attempt": 1,
            "status": None,
            "results": [],
            "error": "Nothing listens there.",
            "retry_after": None,
            **changed,
        }
        receipts.record(receipt, write_invocation(payload).encode())

    return record


@pytest.fixture
def plan(ledger, clock) -> Callable[[Post], Post]:
    return lambda post: ledger.plan(PlanChange(post=post, schedule_name="post-x"), now=clock()).post


@pytest.fixture
def change(clock) -> Callable[..., Any]:
    """Write the next revision of a post in a ledger; return whether the change succeeded."""

    def write(by: Ledger, post: Post, desired: str = "active", **changed: Any) -> bool:
        following = post.model_copy(update={"revision": post.revision + 1, **changed})
        try:
            by.change(PlanChange(post=following, desired=desired, schedule_name="post-y"), now=clock())
        except (AlreadyGoingOut, ChangedElsewhere):
            return False
        return True

    return write


@pytest.fixture
def attributes(dynamodb) -> Callable[[str], dict[str, Any]]:
    """Return the only item whose sort key starts with a prefix, in DynamoDB's format."""

    def read(prefix: str) -> dict[str, Any]:
        found = dynamodb.scan(TableName="punctual")["Items"]
        (item,) = (item for item in found if item["sk"]["S"].startswith(prefix))
        return item

    return read


# Receipts from the relay


def test_history_has_occurrences_that_only_the_relay_recorded(ledger, a_post, payload_for, plan, relay_records, clock):
    payload = payload_for(plan(a_post()))
    relay_records(payload, "missed", error="Not posted: 90 minutes after its time.")
    (run,) = runs(ledger, limit=10)
    assert (run.state, run.text, run.due_at) == ("missed", payload.text, payload.due)
    assert run.error == "Not posted: 90 minutes after its time."
    assert ledger.occurrence(payload.occurrence_key).payload == payload


def test_history_has_occurrences_of_unknown_posts_from_the_relay(ledger, a_post, payload_for, relay_records):
    relay_records(payload_for(a_post()), "handed_over", status=200, error=None)
    assert [run.state for run in runs(ledger, limit=10)] == ["handed over"]


def test_the_relay_writes_to_all_partitions_of_history(ledger, a_post, payload_for, relay_records, clock, dynamodb):
    for number in range(12):
        relay_records(payload_for(a_post(post_id=f"{number:012d}")), "missed")
    found = dynamodb.scan(TableName="punctual")["Items"]
    assert len({item["listing"]["S"] for item in found if "listing" in item}) == LIST_PARTITIONS
    assert len(runs(ledger, limit=20)) == 12


def test_a_receipt_from_the_relay_equals_one_from_the_ledger(ledger, a_post, payload_for, relay_records, clock):
    payload = payload_for(a_post())
    relay_records(payload, "attempt_failed", status=503, posted_at="2026-11-02T13:00:00.000Z", attempt=2)
    (receipt,) = ledger.occurrence(payload.occurrence_key).receipts
    assert receipt == Receipt(
        kind="attempt_failed",
        at=clock(),
        revision=1,
        attempt=2,
        detail={"reason": "Nothing listens there.", "status": 503, "posted_at": "2026-11-02T13:00:00.000Z"},
    )


def test_receipts_of_all_writers_are_read_together(ledger, a_post, payload_for, plan, claim, relay_records, clock):
    payload = payload_for(plan(a_post()))
    relay_records(payload, "attempt_failed")
    clock.move(minutes=1)
    taken = claim(ledger, payload)
    published = Receipt(
        kind="published", at=clock(), revision=1, attempt=taken.attempt, destination="outbox", detail={"url": "/outbox"}
    )
    ledger.finish(payload, published)
    relay_records(payload, "handed_over", attempt=2, status=200, error=None)
    occurrence = ledger.occurrence(payload.occurrence_key)
    assert [receipt.kind for receipt in occurrence.receipts] == ["attempt_failed", "published", "handed_over"]
    (run,) = runs(ledger, limit=10)
    assert (run.state, run.url, run.attempts) == ("published", "/outbox", 2)


def test_a_post_that_the_relay_missed_is_not_overdue(ledger, a_post, payload_for, plan, relay_records, clock):
    missed, silent = plan(a_post()), plan(a_post(post_id="0" * 12))
    clock.move(hours=3)
    relay_records(payload_for(missed), "missed")
    assert [found.post.post_id for found in overdue(ledger, clock())] == [silent.post_id]
    assert [run.post_id for run in runs(ledger, limit=10)] == [missed.post_id]


def test_history_omits_an_old_revision_from_the_relay(ledger, a_post, payload_for, plan, change, relay_records, clock):
    post = plan(a_post())
    change(ledger, post, due_at=post.due_at + timedelta(days=1))
    relay_records(payload_for(post), "missed")
    for _ in range(2):
        assert runs(ledger, limit=10) == []
    assert [receipt.kind for receipt in ledger.occurrence(post.post_id).receipts] == ["missed"]
    clock.move(days=2)
    assert [found.post.post_id for found in overdue(ledger, clock())] == [post.post_id]


def test_a_rescheduled_post_leaves_history_until_the_relay_records_it_again(
    ledger, a_post, payload_for, plan, change, relay_records, clock
):
    post = plan(a_post())
    relay_records(payload_for(post), "missed")
    assert change(ledger, post, due_at=post.due_at + timedelta(days=1))
    assert runs(ledger, limit=10) == []
    relay_records(payload_for(post), "failed")
    assert runs(ledger, limit=10) == []
    again = ledger.get(post.post_id).post
    relay_records(payload_for(again), "missed")
    assert [run.due_at for run in runs(ledger, limit=10)] == [again.due_at]


def test_a_superseded_run_of_a_series_is_in_history_once_the_relay_handed_it_over(
    ledger, a_series, payload_for, plan, change, claim, relay_records, clock
):
    post = plan(a_series())
    change(ledger, post, text="Better")
    run = payload_for(post, occurrence=clock())
    assert claim(ledger, run).verdict == "superseded"
    relay_records(run, "handed_over", status=200, error=None)
    assert [found.state for found in runs(ledger, limit=10)] == ["superseded"]


def test_history_omits_a_superseded_revision_that_the_relay_handed_over(
    ledger, a_post, payload_for, plan, change, claim, relay_records
):
    post = plan(a_post())
    change(ledger, post, desired="cancelled")
    assert claim(ledger, payload_for(post)).verdict == "superseded"
    relay_records(payload_for(post), "handed_over", status=200, error=None)
    assert runs(ledger, limit=10) == []


@pytest.mark.parametrize("changes", [{"desired": "cancelled"}, {"desired": "paused"}, {"text": "Better"}])
def test_a_superseded_revision_that_a_foreign_posting_server_took_is_in_history(
    ledger, a_post, payload_for, plan, change, relay_records, changes
):
    """The relay waited for the due instant when the post was changed, and that server does not know of the change."""
    post = plan(a_post())
    change(ledger, post, **changes)
    relay_records(payload_for(post), "attempt_failed")
    assert runs(ledger, limit=10) == []
    relay_records(payload_for(post), "handed_over", status=200, error=None)
    for _ in range(2):
        assert [found.state for found in runs(ledger, limit=10)] == ["handed over"]
    assert ledger.get(post.post_id).desired == changes.get("desired", "active")


def test_history_omits_a_payload_that_only_the_relay_can_read(
    ledger, a_post, payload_for, relay_records, dynamodb, attributes, caplog
):
    relay_records(payload_for(a_post()), "handed_over")
    item = attributes("occurrence#")
    strange = json.loads(item["content"]["S"]) | {"zone": "Atlantis/Capital"}
    dynamodb.put_item(TableName="punctual", Item=item | {"content": {"S": json.dumps(strange)}})
    relay_records(payload_for(a_post(post_id="0" * 12)), "handed_over")
    assert [run.post_id for run in runs(ledger, limit=10)] == ["0" * 12]
    assert "Atlantis" in caplog.text


def test_history_has_a_payload_over_the_size_limit(ledger, a_post, payload_for, relay_records, dynamodb, attributes):
    relay_records(payload_for(a_post()), "handed_over")
    item = attributes("occurrence#")
    long = json.loads(item["content"]["S"]) | {"text": "x" * 230_000}
    dynamodb.put_item(TableName="punctual", Item=item | {"content": {"S": json.dumps(long)}})
    assert [len(run.text) for run in runs(ledger, limit=10)] == [230_000]


# Interrupted transactions


class InterruptedClient:
    """A client that runs an action just before its request number `moment`, counted from 0."""

    def __init__(self, client: Any, moment: int, action: Callable[[], Any]) -> None:
        self._client = client
        self._left = moment
        self._action = action
        self.result: Any = None

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def request(**parameters: Any) -> Any:
            if self._left == 0:
                self.result = self._action()
            self._left -= 1
            return getattr(self._client, operation)(**parameters)

        return request


@pytest.fixture
def interrupted(dynamodb, table_on) -> Callable[..., Any]:
    """Run `theirs` before request `moment` of `ours`; return both results."""

    def run(moment: int, ours: Callable[[Ledger], Any], theirs: Callable[[], Any]) -> tuple[Any, Any]:
        client = InterruptedClient(dynamodb, moment, theirs)
        result = ours(DynamoLedger(table_on(client)))
        if client._left >= 0:
            client.result = theirs()
        return result, client.result

    return run


MOMENTS = pytest.mark.parametrize("moment", range(5))
"""A transaction makes two requests, and two more after a conflict. At the last moment nothing interrupts it."""
WHILE_HISTORY_IS_READ = pytest.mark.parametrize("moment", range(9))
"""One request per partition, and some for the items."""


@MOMENTS
def test_one_of_two_claims_is_granted(ledger, a_post, payload_for, plan, claim, interrupted, moment):
    payload = payload_for(plan(a_post()))
    verdicts = interrupted(moment, lambda ours: claim(ours, payload).verdict, lambda: claim(ledger, payload).verdict)
    assert sorted(verdicts) == ["busy", "granted"]


@MOMENTS
@pytest.mark.parametrize("desired", ["active", "paused", "cancelled"])
def test_either_a_claim_or_a_change_during_it_succeeds(
    ledger, a_post, payload_for, plan, claim, change, interrupted, moment, desired
):
    post = plan(a_post())
    verdict, changed = interrupted(
        moment, lambda ours: claim(ours, payload_for(post)).verdict, lambda: change(ledger, post, desired)
    )
    assert (verdict, changed) in (("granted", False), ("superseded", True))


@MOMENTS
def test_either_a_change_or_a_claim_during_it_succeeds(
    ledger, a_post, payload_for, plan, claim, change, interrupted, moment
):
    post = plan(a_post())
    changed, verdict = interrupted(
        moment, lambda ours: change(ours, post), lambda: claim(ledger, payload_for(post)).verdict
    )
    assert (verdict, changed) in (("granted", False), ("superseded", True))


@MOMENTS
def test_either_the_claim_of_a_run_or_a_change_of_its_series_succeeds(
    ledger, a_series, payload_for, plan, claim, change, interrupted, clock, moment
):
    post = plan(a_series())
    run = payload_for(post, occurrence=clock())
    verdict, changed = interrupted(moment, lambda ours: claim(ours, run).verdict, lambda: change(ledger, post))
    assert (verdict, changed) in (("granted", False), ("superseded", True))


@MOMENTS
def test_one_of_two_changes_succeeds(ledger, a_post, plan, change, interrupted, moment):
    post = plan(a_post())
    taken = interrupted(
        moment, lambda ours: change(ours, post, text="Ours"), lambda: change(ledger, post, text="Theirs")
    )
    assert sorted(taken) == [False, True]
    assert ledger.get(post.post_id).post.text == ("Ours" if taken[0] else "Theirs")


@MOMENTS
def test_an_expired_claim_is_granted_once(ledger, a_post, payload_for, plan, claim, interrupted, clock, moment):
    payload = payload_for(plan(a_post()))
    claim(ledger, payload)
    clock.move(minutes=1)
    verdicts = interrupted(
        moment,
        lambda ours: claim(ours, payload, deduplicates=True).verdict,
        lambda: claim(ledger, payload, deduplicates=True).verdict,
    )
    assert sorted(verdicts) == ["busy", "granted"]


@MOMENTS
def test_claims_on_two_destinations_do_not_conflict(ledger, a_post, payload_for, plan, claim, interrupted, moment):
    payload = payload_for(plan(a_post(destinations=("outbox", "webhook:sales"))))
    verdicts = interrupted(
        moment, lambda ours: claim(ours, payload).verdict, lambda: claim(ledger, payload, "webhook:sales").verdict
    )
    assert verdicts == ("granted", "granted")


@MOMENTS
def test_a_publication_counts_although_its_claim_expires_meanwhile(
    ledger, a_post, payload_for, plan, claim, interrupted, clock, moment
):
    payload = payload_for(plan(a_post()))
    claim(ledger, payload)
    published = Receipt(kind="published", at=clock(), revision=1, destination="outbox")
    clock.move(minutes=1)
    interrupted(moment, lambda ours: ours.finish(payload, published), lambda: claim(ledger, payload))
    assert claim(ledger, payload).verdict == "published"
    assert outcome(ledger.occurrence(payload.occurrence_key)).state == "published"


@MOMENTS
def test_history_omits_a_receipt_if_the_post_changes_meanwhile(
    ledger, a_post, payload_for, plan, change, interrupted, clock, moment
):
    post = plan(a_post())
    missed = Receipt(kind="missed", at=clock(), revision=1)
    _, changed = interrupted(
        moment,
        lambda ours: ours.record(payload_for(post), missed),
        lambda: change(ledger, post, due_at=post.due_at + timedelta(days=1)),
    )
    assert changed
    assert runs(ledger, limit=10) == []
    assert len(overdue(ledger, post.due_at + timedelta(days=2))) == 1


@MOMENTS
@pytest.mark.parametrize("kind", ["attempt_failed", "missed"])
def test_a_receipt_that_the_relay_writes_during_a_claim_is_kept(
    ledger, a_post, payload_for, plan, claim, interrupted, relay_records, moment, kind
):
    payload = payload_for(plan(a_post()))
    verdict, _ = interrupted(moment, lambda ours: claim(ours, payload).verdict, lambda: relay_records(payload, kind))
    assert verdict == "granted"
    (occurrence,) = ledger.history(after=None, limit=10)
    assert [receipt.kind for receipt in occurrence.receipts] == [kind]


@WHILE_HISTORY_IS_READ
def test_a_change_while_history_is_read_removes_the_old_revision(
    ledger, a_post, payload_for, plan, change, interrupted, relay_records, moment
):
    post = plan(a_post())
    relay_records(payload_for(post), "missed")
    interrupted(moment, lambda ours: ours.history(after=None, limit=10), lambda: change(ledger, post, text="Better"))
    assert runs(ledger, limit=10) == []
    (found,) = overdue(ledger, post.due_at + timedelta(days=1))
    assert found.post.text == "Better"


@WHILE_HISTORY_IS_READ
def test_history_has_the_newer_of_two_revisions_from_the_relay(
    ledger, a_post, payload_for, interrupted, relay_records, moment
):
    first, second = payload_for(a_post()), payload_for(a_post(revision=2, text="Better"))
    relay_records(first, "missed")
    interrupted(moment, lambda ours: ours.history(after=None, limit=10), lambda: relay_records(second, "missed"))
    assert [run.text for run in runs(ledger, limit=10)] == ["Better"]


# Expiry


def test_a_publication_expires_400_days_after_its_due_instant(
    ledger, a_post, payload_for, plan, claim, attributes, clock
):
    post = plan(a_post())
    ledger.settle(post.post_id, 1, now=clock())
    payload = payload_for(post)
    claim(ledger, payload)
    ledger.finish(payload, Receipt(kind="published", at=clock(), revision=1, destination="outbox"))
    for prefix in ("post", "occurrence#", "claim#", "receipt#"):
        assert int(attributes(prefix)["expires_at"]["N"]) == (post.due_at + timedelta(days=400)).timestamp()


def test_an_open_or_unsettled_post_does_not_expire(ledger, a_post, a_series, payload_for, plan, claim, clock, dynamodb):
    for post in (plan(a_post()), plan(a_series(post_id="0" * 12))):
        ledger.settle(post.post_id, 1, now=clock())
    claim(ledger, payload_for(plan(a_post(post_id="1" * 12))))  # unsettled: its schedule still exists
    found = dynamodb.scan(TableName="punctual")["Items"]
    assert [item["pk"]["S"] for item in found if item["sk"]["S"] == "post" and "expires_at" in item] == []


def test_a_cancelled_series_expires_after_400_days_unless_it_is_restored(
    ledger, a_series, plan, change, attributes, clock
):
    post = plan(a_series())
    ledger.settle(post.post_id, 1, now=clock())
    change(ledger, post, "cancelled")
    ledger.settle(post.post_id, 2, now=clock())
    assert int(attributes("post")["expires_at"]["N"]) == (clock() + timedelta(days=400)).timestamp()
    change(ledger, ledger.get(post.post_id).post)
    assert "expires_at" not in attributes("post")


# Number of requests


def test_the_requests_for_a_page_of_history_depend_on_the_page_size(
    ledger, a_post, payload_for, clock, intercepted, table_on
):
    for number in range(30):
        payload = payload_for(a_post(post_id=f"{number:012d}", due_at=clock() + timedelta(minutes=number)))
        ledger.record(payload, Receipt(kind="missed", at=clock(), revision=1))
    client = intercepted()
    assert len(DynamoLedger(table_on(client)).history(after=None, limit=5)) == 5
    assert client.sent == {"query": LIST_PARTITIONS + 5, "batch_get_item": 1}


def test_a_new_plan_and_its_settlement_take_one_request_each(intercepted, table_on, clock, a_post):
    client = intercepted()
    ledger = DynamoLedger(table_on(client))
    plan = ledger.plan(PlanChange(post=a_post(), schedule_name="post-x"), now=clock())
    settled = ledger.settle(plan.post.post_id, plan.post.revision, now=clock())
    assert settled.settled
    assert client.sent == {"put_item": 2}


def test_a_claim_and_its_receipt_take_two_requests_each(
    ledger, a_post, payload_for, plan, claim, clock, intercepted, table_on
):
    payload = payload_for(plan(a_post()))
    client = intercepted()
    ours = DynamoLedger(table_on(client))
    claim(ours, payload)
    ours.finish(payload, Receipt(kind="published", at=clock(), revision=1, destination="outbox"))
    assert client.sent == {"batch_get_item": 2, "transact_write_items": 2}


def test_unfinished_runs_do_not_accumulate_in_the_plan_of_a_series(ledger, table, a_series, plan, claim, clock):
    post = plan(a_series())
    for _ in range(5):
        run = invocation_of(post, clock())
        taken = claim(ledger, run)
        members = {"at": clock(), "revision": 1, "attempt": taken.attempt, "destination": "outbox"}
        ledger.finish(run, Receipt(kind="waiting", **members))
        clock.move(days=1)
    assert claim(ledger, run).verdict == "granted"
    (item,) = table.get([layout.plan_key(post.post_id)])
    assert list(json.loads(item["holds"])) == [f"claim#{run.occurrence_key}#outbox"]
