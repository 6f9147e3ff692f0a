"""Dashboards, relays and posting servers write into one table at the same moment.

The table is in dynalite, a separate process that serves many HTTP requests at once. DYNAMODB_URL may name another
server, such as AWS's DynamoDB Local.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from core.drafts.draft import DraftContent
from core.drafts.dynamodb import DynamoDrafts
from core.labels.dynamodb import DynamoLabels
from core.ledger import dynamodb_layout as layout
from core.ledger.dynamodb import DynamoLedger
from core.ledger.dynamodb_transactions import Table
from core.ledger.history import overdue, runs
from core.ledger.port import PlanChange, Receipt
from core.ledger.refusals import AlreadyGoingOut, AlreadyPlanned, ChangedElsewhere
from core.ledger.states import outcome
from core.outbox.dynamodb import DynamoOutbox
from core.outbox.port import OutboxPost
from core.posts.destinations import Destination
from core.posts.models import Post
from core.posts.payload import Payload, write_invocation
from core.publishing.kept_uploads.dynamodb import DynamoUploads
from core.publishing.kept_uploads.port import KeptUpload, UploadOwner
from core.scheduling.hold.changes import leave_out
from core.scheduling.hold.dynamodb import DynamoHold
from core.scheduling.hold.port import Hold
from core.timetable.dynamodb import DynamoPostingTimes
from lambda_pkg.receipts import ReceiptTable
from tests.core.ledger.conftest import WRITERS


@pytest.fixture
def ledgers(tables) -> list[DynamoLedger]:
    """Return a ledger for each writer, on one table."""
    return [DynamoLedger(table) for table in tables]


@pytest.fixture
def planned(ledgers, a_post, clock) -> Callable[..., Post]:
    """Plan a post with a number as its id."""

    def plan(number: int = 0, **changed: Any) -> Post:
        post = a_post(post_id=f"{number:012d}", **changed)
        return ledgers[0].plan(PlanChange(post=post, schedule_name=f"post-{number}"), now=clock()).post

    return plan


@pytest.fixture
def finish(clock) -> Callable[..., None]:
    """Record that a claimed publication is published."""

    def end(by: DynamoLedger, payload: Payload, destination: str = "outbox") -> None:
        by.finish(payload, Receipt(kind="published", at=clock(), revision=payload.revision, destination=destination))

    return end


def together(*actions: Callable[[], Any]) -> list[Any]:
    """Run all actions at the same moment and return their results."""
    start = threading.Barrier(len(actions))

    def do(action: Callable[[], Any]) -> Any:
        start.wait()
        return action()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(do, actions))


def changes(ledger: DynamoLedger, post: Post, desired: str, clock: Callable[[], Any]) -> Callable[[], bool]:
    """Return an action that changes a post and returns whether the change succeeded."""

    def change() -> bool:
        following = post.model_copy(update={"revision": post.revision + 1})
        try:
            ledger.change(PlanChange(post=following, desired=desired, schedule_name="post-y"), now=clock())
        except (AlreadyGoingOut, ChangedElsewhere):
            return False
        return True

    return change


def test_a_post_is_planned_once(ledgers, a_post, clock):
    def plan(ledger: DynamoLedger) -> bool:
        try:
            ledger.plan(PlanChange(post=a_post(), schedule_name="post-x"), now=clock())
        except AlreadyPlanned:
            return False
        return True

    assert sorted(together(*(partial(plan, ledger) for ledger in ledgers))) == [False] * (WRITERS - 1) + [True]


def test_a_publication_is_claimed_once(ledgers, planned, payload_for, claim):
    for number in range(5):
        payload = payload_for(planned(number))
        verdicts = together(*(partial(claim, ledger, payload) for ledger in ledgers))
        assert sorted(each.verdict for each in verdicts) == ["busy"] * (WRITERS - 1) + ["granted"]


def test_an_expired_claim_is_granted_to_one_process(ledgers, planned, payload_for, claim, clock):
    payload = payload_for(planned())
    claim(ledgers[0], payload)
    clock.move(minutes=1)
    again = together(*(partial(claim, ledger, payload, deduplicates=True) for ledger in ledgers))
    assert sorted((each.verdict, each.attempt) for each in again) == [("busy", 2)] * (WRITERS - 1) + [("granted", 2)]


def test_one_of_many_simultaneous_changes_and_claims_succeeds(ledgers, planned, payload_for, claim, clock):
    for number in range(10):
        post = planned(number)
        desired_states = ("cancelled", "paused", "active")
        changing = (
            changes(ledger, post, desired, clock) for ledger, desired in zip(ledgers, desired_states, strict=False)
        )
        claiming = (partial(claim, ledger, payload_for(post)) for ledger in ledgers[3:])
        results = together(*changing, *claiming)
        taken = [result for result in results[:3] if result] + [
            each for each in results[3:] if each.verdict == "granted"
        ]
        assert len(taken) == 1


def test_simultaneous_publications_to_all_destinations_are_recorded(ledgers, planned, payload_for, claim, finish):
    names = tuple(f"webhook:{number}" for number in range(WRITERS))
    payload = payload_for(planned(destinations=names))

    def publish(ledger: DynamoLedger, destination: str) -> str:
        verdict: str = claim(ledger, payload, destination).verdict
        finish(ledger, payload, destination)
        return verdict

    publishing = (partial(publish, ledger, name) for ledger, name in zip(ledgers, names, strict=True))
    assert together(*publishing) == ["granted"] * WRITERS
    (occurrence,) = ledgers[0].history(after=None, limit=10)
    assert outcome(occurrence).state == "published"
    assert len(occurrence.receipts) == WRITERS


def test_an_outbox_adds_an_occurrence_once(tables, clock):
    def publish(table: Table) -> None:
        DynamoOutbox(table).add(OutboxPost(occurrence_key="x", post_id="x", text="Hello", published_at=clock()))

    together(*(partial(publish, table) for table in tables))
    assert len(DynamoOutbox(tables[0]).feed(limit=10)) == 1


def test_nothing_is_lost_between_dashboard_relay_and_posting_server(
    ledgers, clients, name, planned, payload_for, claim, finish, clock
):
    """Two relays send each post, a dashboard cancels some, and History is read all the time."""
    posts = [planned(number, due_at=clock() + timedelta(minutes=number)) for number in range(12)]
    published: list[str] = []

    def server(ledger: DynamoLedger) -> None:
        for post in posts:
            if claim(ledger, payload_for(post)).verdict == "granted":
                published.append(post.post_id)
                finish(ledger, payload_for(post))

    def relay(client: Any) -> None:
        for post in posts:
            ReceiptTable(name, client).record(
                _handed_over(payload_for(post)), write_invocation(payload_for(post)).encode()
            )

    def dashboard(ledger: DynamoLedger) -> list[str]:
        for _ in range(3):
            runs(ledger, limit=20)
        return [post.post_id for post in reversed(posts) if changes(ledger, post, "cancelled", clock)()]

    results = together(
        partial(server, ledgers[0]),
        partial(server, ledgers[1]),
        partial(relay, clients[2]),
        partial(relay, clients[3]),
        partial(dashboard, ledgers[4]),
        partial(runs, ledgers[5], limit=20),
    )
    cancelled = results[4]
    assert sorted(published + cancelled) == [post.post_id for post in posts]
    found = runs(ledgers[0], limit=20)
    assert [run.post_id for run in found] == sorted(published, reverse=True)
    assert {run.state for run in found} <= {"published"}
    assert overdue(ledgers[0], clock() + timedelta(days=1)) == []
    for post in posts:
        kinds = [receipt.kind for receipt in ledgers[0].occurrence(post.post_id).receipts]
        assert kinds.count("handed_over") == 2
        assert kinds.count("published") == (1 if post.post_id in published else 0)


def _handed_over(payload: Payload) -> dict[str, Any]:
    at = layout.timestamp(payload.due)
    return {
        "kind": "handed_over",
        "post_id": payload.post_id,
        "revision": payload.revision,
        "occurrence_key": payload.occurrence_key,
        "due_at": at,
        "finished_at": at,
        "attempt": 1,
        "results": [],
    }


def test_of_posts_on_several_machines_that_claim_a_posting_time_one_wins(tables, a_post, clock):
    due_at, accounts = clock() + timedelta(days=1), [Destination("outbox"), Destination("mastodon:ada")]
    for _ in range(5):
        due_at += timedelta(hours=1)
        claims = [
            partial(DynamoPostingTimes(table).claim, f"{number:012d}", accounts, due_at, now=clock())
            for number, table in enumerate(tables)
        ]
        assert sorted(together(*claims)) == [False] * (WRITERS - 1) + [True]


def test_of_saves_of_one_draft_on_several_machines_each_replaced_text_is_the_earlier_one_of_the_next(tables, clock):
    drafts = [DynamoDrafts(table) for table in tables]
    begun = drafts[0].save("k3v9q2m4cx7a", DraftContent(text="Begun", zone="UTC"), base=0, now=clock())
    contents = [DraftContent(text=f"From {number}", zone="UTC") for number in range(WRITERS)]
    saves = [
        partial(each.save, "k3v9q2m4cx7a", content, base=begun.version, now=clock())
        for each, content in zip(drafts, contents, strict=True)
    ]
    in_order = sorted(together(*saves), key=lambda draft: draft.version)
    assert [each.version for each in in_order] == list(range(2, WRITERS + 2))
    assert [each.earlier for each in in_order[1:]] == [each.content for each in in_order[:-1]]
    assert drafts[0].get("k3v9q2m4cx7a") == in_order[-1]


def test_labels_that_several_machines_add_are_kept_each_once(tables):
    names = ("Shared", "shared")
    together(*(partial(DynamoLabels(table).add, [f"Own {n}", names[n % 2]]) for n, table in enumerate(tables)))
    found = [each.name for each in DynamoLabels(tables[0]).all()]
    assert len(found) == WRITERS + 1
    assert {f"Own {n}" for n in range(WRITERS)} < set(found)


def test_each_machine_takes_its_own_posts_out_of_a_hold(tables, clock):
    ids = tuple(f"{n:012d}" for n in range(WRITERS + 1))
    hold = Hold(phase="resuming", began_at=clock(), changed_at=clock(), total=len(ids), posts=ids)
    DynamoHold(tables[0]).change(lambda _: hold)
    together(*(partial(DynamoHold(table).change, leave_out([ids[n]])) for n, table in enumerate(tables)))
    assert DynamoHold(tables[0]).read().posts == ids[-1:]


def test_uploads_of_several_function_instances_for_one_post_are_all_kept(tables, clock):
    owner = UploadOwner(occurrence_key="k3v9q2m4cx7a", account=Destination("bluesky:ada"))
    stores = [DynamoUploads(table, clock) for table in tables]
    together(*(partial(each.put, owner, str(n), KeptUpload(content=n, at=clock())) for n, each in enumerate(stores)))
    assert [stores[0].get(owner, str(n)).content for n in range(WRITERS)] == list(range(WRITERS))
