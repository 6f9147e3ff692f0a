"""The contract of the ledger port, on SQLite and on DynamoDB in moto; claims and transactions in dynalite too.

Each adapter has a fixture that opens ledgers. `open_ledger()` returns another ledger on the same data, as another
process does, with its own presence on SQLite.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import permutations
from typing import Any

import pytest

from core.ledger.cursor import Cursor
from core.ledger.derivation import derivation
from core.ledger.dynamodb import DynamoLedger
from core.ledger.dynamodb_transactions import Table
from core.ledger.port import SETTLE_GRACE, ClaimTerms, Ledger, PlanChange, Receipt
from core.ledger.refusals import AlreadyGoingOut, AlreadyPlanned, ChangedElsewhere, RunReplaced, UnknownPost
from core.ledger.sqlite import SqliteLedger, open_database
from core.ledger.states import outcome
from core.posts.destinations import Destination
from core.posts.models import Post, Repeat
from core.posts.payload import Payload, ScheduleName, invocation_of
from core.scheduling.setting_aside import set_aside, undo_set_aside
from core.storage.processes import Presence
from core.time.instants import utc_text

LEASE = timedelta(seconds=35)
every_adapter = pytest.mark.parametrize("open_ledger", ["sqlite", "moto", "dynalite"], indirect=True)
"""Runs a test on dynalite too. The whole contract there takes twelve seconds."""


@pytest.fixture
def open_sqlite(tmp_path, clock) -> Any:
    """Open ledgers on one punctual.db."""
    opened = []

    def open_one() -> SqliteLedger:
        presence = Presence(tmp_path / "processes")
        database = open_database(tmp_path / "punctual.db", now=clock())
        opened.append((presence, database))
        return SqliteLedger(database, presence)

    yield open_one
    for presence, database in opened:
        database.close()
        presence.leave()


@pytest.fixture
def moto_items(dynamodb) -> tuple[Any, str]:
    """Return moto's client and the name of its table."""
    return dynamodb, "punctual"


@pytest.fixture
def dynalite_items(dynalite_client, make_table) -> tuple[Any, str]:
    """Return dynalite's client and the name of a new table."""
    return dynalite_client, make_table(dynalite_client)


@pytest.fixture
def open_moto(moto_items, clock) -> Any:
    """Open ledgers on one table."""
    return lambda: DynamoLedger(Table(*moto_items, clock, pause=lambda seconds: None))


@pytest.fixture
def open_dynalite(dynalite_items, clock) -> Any:
    """Open ledgers on one table."""
    return lambda: DynamoLedger(Table(*dynalite_items, clock, pause=lambda seconds: None))


@pytest.fixture(params=["sqlite", "moto"])
def open_ledger(request) -> Callable[[], Ledger]:
    """Open ledgers of one adapter on the same data."""
    return request.getfixturevalue(f"open_{request.param}")


@pytest.fixture
def ledger(open_ledger) -> Ledger:
    return open_ledger()


@pytest.fixture
def once(clock) -> Callable[..., Post]:
    """Build a one-time post, due in an hour."""

    def build(number: int = 0, **changed: Any) -> Post:
        whole = {
            "post_id": f"{number:012d}",
            "text": "Hello",
            "destinations": ("outbox",),
            "zone": "UTC",
            "wall": "2026-11-02T13:00:00",
            "due_at": clock() + timedelta(hours=1),
            **changed,
        }
        return Post(**whole)

    return build


@pytest.fixture
def series(once) -> Callable[..., Post]:
    """Build a repeating post."""
    return lambda **changed: once(**{"due_at": None, "repeat": Repeat(expression="cron(0 9 * * ? *)"), **changed})


@pytest.fixture
def planned(ledger, clock) -> Callable[[Post], Post]:
    """Plan a post under its schedule's name."""

    def plan(post: Post) -> Post:
        return ledger.plan(PlanChange(post=post, schedule_name=str(ScheduleName.of(post))), now=clock()).post

    return plan


@pytest.fixture
def change(ledger, clock) -> Callable[..., Post]:
    """Write the next revision of a post."""

    def write(post: Post, desired: str = "active", **changed: Any) -> Post:
        following = post.model_copy(update={"revision": post.revision + 1, **changed})
        name = str(ScheduleName.of(following))
        return ledger.change(PlanChange(post=following, desired=desired, schedule_name=name), now=clock()).post

    return write


@pytest.fixture
def claim(ledger, clock) -> Callable[..., Any]:
    """Claim a publication, in the first ledger by default."""

    def take(payload: Payload, destination: str = "outbox", *, by: Ledger = ledger, **changed: Any) -> Any:
        terms = ClaimTerms(**{"lease_until": clock() + LEASE, "now": clock(), **changed})
        return by.claim(payload, Destination.parse(destination), terms)

    return take


@pytest.fixture
def end(ledger, clock) -> Callable[..., None]:
    """Record the result of a claimed publication."""

    def finish(payload: Payload, kind: str, attempt: int = 1, destination: str = "outbox", **detail: Any) -> None:
        receipt = Receipt(
            kind=kind,
            at=clock(),
            revision=payload.revision,
            attempt=attempt,
            destination=destination,
            detail=detail,
        )
        ledger.finish(payload, receipt)

    return finish


@pytest.fixture
def forget(request, ledger, clock) -> Callable[[], None]:
    """Delete what is older than its retention. DynamoDB does so by time to live, which its emulators lack."""
    adapter = request.node.callspec.params["open_ledger"]
    if adapter == "sqlite":
        return lambda: ledger.prune(now=clock())
    client, name = request.getfixturevalue(f"{adapter}_items")
    return lambda: delete_expired(client, name, clock())


def delete_expired(client: Any, name: str, now: datetime) -> None:
    for item in client.scan(TableName=name)["Items"]:
        if "expires_at" in item and int(item["expires_at"]["N"]) < now.timestamp():
            client.delete_item(TableName=name, Key={"pk": item["pk"], "sk": item["sk"]})


def due(post: Post) -> Payload:
    return invocation_of(post, post.due_at)


def kinds(ledger: Ledger, key: str) -> list[str]:
    occurrence = ledger.occurrence(key)
    return [receipt.kind for receipt in occurrence.receipts] if occurrence else []


# Plans


def test_a_plan_is_read_as_it_was_written(ledger, open_ledger, once, clock):
    post = once()
    written = ledger.plan(PlanChange(post=post, schedule_name="post-x"), now=clock())
    assert (written.post, written.desired, written.schedule_name, written.superseded) == (post, "active", "post-x", ())
    assert not written.settled
    assert written.created_at == written.changed_at == clock()
    assert open_ledger().get(post.post_id) == written


@pytest.mark.parametrize("desired", ["active", "paused"])
def test_a_new_post_may_be_paused(ledger, once, claim, clock, desired):
    post = once()
    assert ledger.plan(PlanChange(post=post, desired=desired, schedule_name="post-x"), now=clock()).desired == desired
    assert claim(due(post)).verdict == ("granted" if desired == "active" else "superseded")


def test_an_unknown_post_has_no_plan(ledger):
    assert ledger.get("000000000000") is None


def test_a_post_is_planned_once(ledger, once, planned):
    post = planned(once())
    with pytest.raises(AlreadyPlanned):
        planned(once(text="another"))
    assert ledger.get(post.post_id).post.text == "Hello"


def test_a_change_follows_the_current_revision(ledger, once, planned, change):
    post = planned(once())
    changed = change(post, text="Better")
    assert ledger.get(post.post_id).post == changed
    assert (changed.revision, changed.text) == (2, "Better")
    for read in (post, changed.model_copy(update={"revision": 3})):
        with pytest.raises(ChangedElsewhere):
            change(read, text="Of another revision")
    assert ledger.get(post.post_id).post.text == "Better"


def test_an_unknown_post_cannot_be_changed(once, change):
    with pytest.raises(UnknownPost):
        change(once())


def test_earlier_schedules_are_superseded_until_the_change_is_settled(ledger, once, planned, change, clock):
    post = planned(once())
    first = str(ScheduleName.of(post))
    second = change(post, due_at=post.due_at + timedelta(hours=1))
    third = change(second, due_at=post.due_at + timedelta(hours=2))
    plan = ledger.get(post.post_id)
    assert set(plan.superseded) == {first, str(ScheduleName.of(second))}
    assert plan.schedule_name == str(ScheduleName.of(third))
    change(third, due_at=post.due_at)
    assert first not in ledger.get(post.post_id).superseded
    clock.move(minutes=1)
    ledger.settle(post.post_id, 4, now=clock())
    assert ledger.get(post.post_id).superseded == ()


def test_only_the_current_revision_can_be_settled(ledger, once, planned, change, clock):
    post = planned(once())
    ledger.settle(post.post_id, 1, now=clock())
    change(post, text="Better")
    ledger.settle(post.post_id, 1, now=clock())
    assert not ledger.get(post.post_id).settled
    ledger.settle(post.post_id, 2, now=clock())
    assert ledger.get(post.post_id).settled


def test_a_change_is_unsettled_until_it_is_settled(ledger, once, planned, change, clock):
    post = planned(once())
    ledger.settle(post.post_id, 1, now=clock())
    change(post, text="Better")
    assert not ledger.get(post.post_id).settled


def test_a_change_of_an_unsettled_revision_can_be_settled_after_a_minute(ledger, once, planned, change, clock):
    post = planned(once())
    changed = change(post, due_at=post.due_at + timedelta(hours=1))
    ledger.settle(post.post_id, 2, now=clock())
    plan = ledger.get(post.post_id)
    assert (plan.settled, plan.superseded) == (False, (str(ScheduleName.of(post)),))
    clock.move(minutes=1)
    ledger.settle(post.post_id, 2, now=clock())
    change(changed, text="Better")
    ledger.settle(post.post_id, 3, now=clock())
    assert ledger.get(post.post_id).settled


def test_unsettled_plans_are_ordered_by_their_change(ledger, once, planned, clock):
    for number in range(4):
        planned(once(number))
        clock.move(seconds=10)
    ledger.settle("000000000001", 1, now=clock())
    left = ledger.unsettled(changed_before=clock() - timedelta(seconds=10), limit=2)
    assert [plan.post.post_id for plan in left] == ["000000000000", "000000000002"]


def test_overdue_posts_are_open_one_time_posts_that_never_began_latest_first(
    ledger, once, series, planned, change, claim, clock
):
    for number in range(5):
        planned(once(number, due_at=clock() + timedelta(minutes=number)))
    planned(series(post_id="9" * 12))
    change(ledger.get("000000000001").post, desired="cancelled")
    change(ledger.get("000000000002").post, desired="paused")
    claim(due(ledger.get("000000000003").post))
    change(ledger.get("000000000004").post, desired="moved")
    overdue = ledger.overdue(due_before=clock() + timedelta(minutes=5), limit=10)
    assert [plan.post.post_id for plan in overdue] == ["000000000002", "000000000000"]
    assert len(ledger.overdue(due_before=clock() + timedelta(minutes=5), limit=1)) == 1


def test_due_posts_are_the_open_ones_of_a_period_that_never_began_soonest_first(
    ledger, once, series, planned, change, claim, clock
):
    for number in range(6):
        planned(once(number, due_at=clock() + timedelta(minutes=number)))
    planned(series(post_id="9" * 12))
    change(ledger.get("000000000001").post, desired="cancelled")
    change(ledger.get("000000000002").post, desired="paused")
    claim(due(ledger.get("000000000003").post))
    period = {"due_from": clock(), "due_before": clock() + timedelta(minutes=5)}
    found = [plan.post.post_id[-1] for plan in ledger.due(**period, limit=10)]
    assert found == ["0", "2", "4"]
    assert ledger.due_count(**period) == 3
    assert [plan.post.post_id[-1] for plan in ledger.due(**period, limit=2)] == ["0", "2"]
    assert ledger.due(due_from=clock() + timedelta(minutes=6), due_before=clock() + timedelta(days=1), limit=10) == []


@pytest.mark.parametrize("word", ["grüsse", "köln", 'a"b', "a\\b", "a<b", "🎉", "launch", "webhook:sales#2"])
def test_a_search_for_words_looks_at_the_soonest_posts_and_leaves_none_out_that_has_them(
    ledger, once, planned, clock, word
):
    texts = ["Other", 'Grüße aus KÖLN: a"b, a\\b, a<b 🎉', "Other", "Other"]
    destinations = ("webhook:sales", "webhook:sales#2")
    for number, text in enumerate(texts):
        more = {"destinations": destinations, "labels": ("Launch",)} if number == 1 else {}
        planned(once(number, text=text, due_at=clock() + timedelta(minutes=number), **more))
    period = {"due_from": clock(), "due_before": clock() + timedelta(minutes=9)}
    assert [ledger.due_with([], **period, limit=limit)[1] for limit in (3, 4)] == [True, False]
    assert [plan.post.text for plan in ledger.due_with([], **period, limit=9)[0]] == texts
    found, more = ledger.due_with([word, "aus"], **period, limit=3)
    assert more
    assert texts[1] in [plan.post.text for plan in found]
    assert texts[1] not in [plan.post.text for plan in ledger.due_with([word], **period, limit=1)[0]]


def test_a_post_is_pending_until_it_begins_or_is_cancelled(ledger, once, series, planned, change, claim, clock):
    for number in range(5):
        planned(once(number))
    planned(series(post_id="9" * 12))
    change(ledger.get("000000000001").post, desired="cancelled")
    change(ledger.get("000000000002").post, desired="paused")
    claim(due(ledger.get("000000000003").post))
    change(ledger.get("000000000004").post, desired="moved")
    found = ledger.pending([*(f"{number:012d}" for number in range(6)), "9" * 12])
    assert {post_id[-1]: plan and plan.desired for post_id, plan in found.items()} == {
        "0": "active", "1": None, "2": "paused", "3": None, "4": "moved", "9": "active",
    }  # fmt: skip
    assert ledger.pending([]) == {}


def test_many_plans_and_occurrences_are_read_as_one_is(ledger, once, planned, change, claim):
    posts = [planned(once(number)) for number in range(3)]
    change(posts[1], desired="cancelled")
    claim(due(posts[2]))
    ids = [post.post_id for post in posts]
    assert ledger.get_all([*ids, "9" * 12]) == {post_id: ledger.get(post_id) for post_id in ids}
    assert ledger.occurrences(ids) == [ledger.occurrence(ids[2])]
    assert (ledger.get_all([]), ledger.occurrences([])) == ({}, [])
    assert (ledger.begun([*ids, "9" * 12]), ledger.begun([])) == ({ids[2]}, set())


def test_a_settled_plan_is_returned_and_the_newer_one_of_a_changed_post(ledger, once, planned, change, clock):
    post = planned(once())
    assert ledger.settle(post.post_id, post.revision, now=clock()) == ledger.get(post.post_id)
    assert ledger.get(post.post_id).settled
    change(post, desired="paused")
    assert ledger.settle(post.post_id, post.revision, now=clock()).desired == "paused"
    assert ledger.settle("9" * 12, 1, now=clock()) is None


def test_open_posts_are_counted(ledger, once, series, planned, change, claim):
    assert ledger.open_count() == 0
    planned(once(0))
    change(planned(once(1)), desired="paused")
    change(planned(once(2)), desired="cancelled")
    claim(due(planned(once(3))))
    planned(series(post_id="000000000004"))
    assert ledger.open_count() == 3


def test_a_moved_post_without_a_schedule_is_not_pending(ledger, once, planned, clock):
    post = planned(once()).model_copy(update={"revision": 2})
    ledger.change(PlanChange(post=post, desired="moved", schedule_name=None), now=clock())
    assert ledger.pending([post.post_id]) == {post.post_id: None}


def test_posts_that_need_a_time_are_listed_soonest_due_first_until_they_have_one(ledger, once, planned, clock):
    for number in (2, 1):
        post = planned(once(number, due_at=clock() + timedelta(hours=number))).model_copy(update={"revision": 2})
        name, needs = str(ScheduleName.of(post)), replace(derivation(post), needs_time="active")
        ledger.change(PlanChange(post=post, desired="paused", schedule_name=name, derived=needs), now=clock())
        clock.move(minutes=2)
        ledger.settle(post.post_id, 2, now=clock())
    assert [plan.post.post_id[-1] for plan in ledger.needing_time(limit=9)] == ["1", "2"]
    assert len(ledger.needing_time(limit=1)) == 1
    chosen = once(1, due_at=clock() + timedelta(hours=5), revision=3)
    ledger.change(PlanChange(post=chosen, desired="active", schedule_name=str(ScheduleName.of(chosen))), now=clock())
    ledger.settle(chosen.post_id, 3, now=clock())
    assert [plan.post.post_id[-1] for plan in ledger.needing_time(limit=9)] == ["2"]


def test_cancelled_posts_are_listed_latest_cancellation_first(ledger, once, series, planned, change, clock):
    for number in range(3):
        planned(once(number))
    planned(series(post_id="9" * 12))
    for post_id in ("000000000002", "9" * 12, "000000000000"):
        clock.move(minutes=1)
        change(ledger.get(post_id).post, desired="cancelled")
    since = clock() - timedelta(minutes=3)
    assert [plan.post.post_id[-1] for plan in ledger.cancelled(after=since, limit=10)] == ["0", "9", "2"]
    assert [plan.post.post_id[-1] for plan in ledger.cancelled(after=since, limit=1)] == ["0"]
    assert [plan.post.post_id[-1] for plan in ledger.cancelled(after=clock() - timedelta(minutes=1), limit=9)] == ["0"]


def test_a_restored_post_leaves_the_cancelled_ones_and_a_settled_one_stays(ledger, once, planned, change, clock):
    planned(once(0))
    planned(once(1))
    for number in range(2):
        change(ledger.get(f"{number:012d}").post, desired="cancelled")
    clock.move(minutes=2)
    ledger.settle("000000000001", 2, now=clock())
    change(ledger.get("000000000000").post, desired="active")
    assert [plan.post.post_id for plan in ledger.cancelled(after=clock() - timedelta(days=30), limit=9)] == [
        "000000000001"
    ]


@pytest.mark.parametrize("before", ["active", "paused"])
def test_a_cancelled_post_keeps_the_state_it_was_cancelled_from(ledger, open_ledger, once, planned, change, before):
    post = change(planned(once(1)), desired=before)
    post = change(post, desired="cancelled")
    assert open_ledger().get(post.post_id).cancelled_from == before
    post = change(post, desired="cancelled")
    assert ledger.get(post.post_id).cancelled_from == before
    assert ledger.get(change(post).post_id).cancelled_from is None


def test_series_are_active_and_paused_repeating_posts(ledger, once, series, planned, change):
    planned(once(1))
    for number in (2, 3, 4):
        planned(series(post_id=f"{number:012d}"))
    change(ledger.get("000000000003").post, desired="cancelled")
    change(ledger.get("000000000004").post, desired="paused")
    assert {plan.post.post_id for plan in ledger.series(limit=10)} == {"000000000002", "000000000004"}
    assert len(ledger.series(limit=1)) == 1


def test_a_series_stays_open_after_a_run(ledger, series, planned, claim, end, clock):
    post = planned(series())
    run = invocation_of(post, clock())
    claim(run)
    end(run, "published")
    assert [plan.post for plan in ledger.series(limit=10)] == [post]


# Claims


@every_adapter
def test_a_publication_is_claimed_once(once, planned, claim, clock):
    payload = due(planned(once()))
    first = claim(payload)
    assert (first.verdict, first.attempt) == ("granted", 1)
    second = claim(payload)
    assert (second.verdict, second.until) == ("busy", clock() + LEASE)


@every_adapter
def test_one_of_many_simultaneous_claims_is_granted(open_ledger, once, planned, claim):
    payload = due(planned(once()))
    ledgers = [open_ledger(), open_ledger()]
    together = threading.Barrier(8)

    def compete(number: int) -> str:
        together.wait()
        return claim(payload, by=ledgers[number % 2]).verdict

    with ThreadPoolExecutor(8) as pool:
        verdicts = list(pool.map(compete, range(8)))
    assert sorted(verdicts) == ["busy"] * 7 + ["granted"]


@every_adapter
def test_either_a_claim_or_a_simultaneous_cancellation_succeeds(open_ledger, once, planned, claim, clock):
    other = open_ledger()
    for number in range(20):
        post = planned(once(number))
        cancelled = post.model_copy(update={"revision": 2})
        together = threading.Barrier(2)

        def cancel(cancelled: Post = cancelled, together: threading.Barrier = together) -> bool:
            together.wait()
            try:
                other.change(PlanChange(post=cancelled, desired="cancelled", schedule_name=None), now=clock())
            except AlreadyGoingOut:
                return False
            return True

        def publish(post: Post = post, together: threading.Barrier = together) -> bool:
            together.wait()
            return claim(due(post)).verdict == "granted"

        with ThreadPoolExecutor(2) as pool:
            was_cancelled, was_claimed = pool.submit(cancel), pool.submit(publish)
        assert was_cancelled.result() != was_claimed.result()


@every_adapter
def test_each_destination_has_its_own_claim(once, planned, claim):
    payload = due(planned(once(destinations=("outbox", "webhook:sales"))))
    assert claim(payload, "outbox").verdict == claim(payload, "webhook:sales").verdict == "granted"


@every_adapter
@pytest.mark.parametrize("kind", ["published", "refused", "unconfirmed"])
def test_a_finished_claim_returns_its_result(once, planned, claim, end, kind):
    payload = due(planned(once()))
    claim(payload)
    end(payload, kind, url="https://example.org/1", reason="so")
    again = claim(payload, deduplicates=True)
    assert (again.verdict, again.detail) == (kind, {"url": "https://example.org/1", "reason": "so"})


@every_adapter
def test_a_waiting_publication_is_claimed_again(once, planned, claim, end):
    payload = due(planned(once()))
    claim(payload)
    end(payload, "waiting")
    again = claim(payload)
    assert (again.verdict, again.attempt) == ("granted", 2)


@every_adapter
@pytest.mark.parametrize("deduplicates", [True, False])
def test_a_publication_is_not_claimed_during_a_pause_that_its_network_asked_for(
    ledger, open_ledger, once, planned, claim, end, clock, deduplicates
):
    payload, until = due(planned(once())), clock() + timedelta(minutes=10)
    claim(payload, deduplicates=deduplicates)
    end(payload, "waiting", reason="slow down", until=utc_text(until))
    for by in (ledger, open_ledger()):
        for milliseconds in (0, 299_999):
            clock.move(milliseconds=milliseconds)
            refusal = claim(payload, deduplicates=deduplicates, by=by)
            assert (refusal.verdict, refusal.attempt, refusal.until) == ("waiting", 1, until)
            assert refusal.detail["reason"] == "slow down"
            assert by.ended_or_paused(payload, "outbox", now=clock()) == refusal
    clock.move(milliseconds=2)
    assert kinds(ledger, payload.occurrence_key) == ["waiting"]
    assert ledger.ended_or_paused(payload, "outbox", now=clock()) is None
    again = claim(payload, deduplicates=deduplicates)
    assert (again.verdict, again.attempt) == ("granted", 2)


@every_adapter
def test_a_pause_of_one_network_does_not_delay_other_destinations(ledger, once, planned, claim, end, clock):
    payload = due(planned(once(destinations=("outbox", "webhook:sales"))))
    claim(payload)
    end(payload, "waiting", reason="slow down", until=utc_text(clock() + timedelta(minutes=10)))
    assert ledger.ended_or_paused(payload, "webhook:sales", now=clock()) is None
    assert claim(payload, "webhook:sales").verdict == "granted"


@every_adapter
def test_without_a_pause_or_a_result_a_publication_is_neither_ended_nor_paused(
    ledger, once, planned, claim, end, clock
):
    payload = due(planned(once()))
    assert ledger.ended_or_paused(payload, "outbox", now=clock()) is None
    claim(payload)
    assert ledger.ended_or_paused(payload, "outbox", now=clock()) is None
    end(payload, "waiting", reason="so")
    assert ledger.ended_or_paused(payload, "outbox", now=clock()) is None


@every_adapter
@pytest.mark.parametrize("kind", ["published", "refused", "unconfirmed"])
def test_the_result_is_returned_without_a_claim_until_the_user_retries(ledger, once, planned, claim, end, clock, kind):
    payload = due(planned(once()))
    claim(payload)
    end(payload, kind, reason="so")
    ended = ledger.ended_or_paused(payload, "outbox", now=clock())
    assert (ended.verdict, ended.attempt, ended.detail["reason"]) == (kind, 1, "so")
    assert ended == claim(payload)
    ledger.reopen(payload, ("outbox",), now=clock())
    assert ledger.ended_or_paused(payload, "outbox", now=clock()) == (ended if kind == "published" else None)


@every_adapter
def test_a_pause_ends_with_the_next_attempt(ledger, once, planned, claim, end, clock):
    payload = due(planned(once()))
    claim(payload)
    end(payload, "waiting", reason="slow down", until=utc_text(clock.move(minutes=10)))
    assert claim(payload).attempt == 2
    clock.move(minutes=-5)
    assert ledger.ended_or_paused(payload, "outbox", now=clock()) is None
    end(payload, "waiting", attempt=2, reason="not reached")
    assert claim(payload).attempt == 3


@every_adapter
def test_a_pause_that_a_slow_attempt_reports_does_not_delay_the_next_attempt(ledger, once, planned, claim, end, clock):
    payload = due(planned(once()))
    claim(payload)
    clock.move(minutes=1)
    claim(payload, deduplicates=True)
    end(payload, "waiting", reason="slow down", until=utc_text(clock() + timedelta(minutes=10)))
    assert ledger.ended_or_paused(payload, "outbox", now=clock()) is None
    assert claim(payload, deduplicates=True).verdict == "busy"


@every_adapter
def test_a_receipt_of_the_whole_occurrence_ends_no_claim(ledger, once, planned, claim, clock):
    payload = invocation_of(post := planned(once(1)), post.due_at)
    claim(payload)
    with pytest.raises(ValueError, match="destination"):
        ledger.finish(payload, Receipt(kind="failed", at=clock(), revision=1))
    assert ledger.occurrence(payload.occurrence_key).receipts == ()


@every_adapter
def test_a_paused_publication_can_be_finished_without_the_network(once, planned, claim, end, clock):
    payload = due(planned(once()))
    claim(payload)
    end(payload, "waiting", reason="slow down", until=utc_text(clock() + timedelta(minutes=10)))
    end(payload, "refused", attempt=claim(payload).attempt, reason="its account is gone")
    assert (claim(payload).verdict, claim(payload).detail) == ("refused", {"reason": "its account is gone"})


@every_adapter
def test_later_attempts_get_the_content_prepared_first(once, planned, claim, end, clock):
    payload = due(planned(once()))
    assert claim(payload, prepared={"rkey": "3k"}).prepared == {"rkey": "3k"}
    end(payload, "waiting")
    assert claim(payload, prepared={"rkey": "another"}).prepared == {"rkey": "3k"}
    clock.move(minutes=1)
    assert claim(payload, deduplicates=True, prepared={"rkey": "a third"}).prepared == {"rkey": "3k"}


@every_adapter
def test_an_expired_claim_is_granted_again_if_the_network_deduplicates(once, planned, claim, clock):
    payload = due(planned(once()))
    claim(payload)
    clock.move(seconds=LEASE.total_seconds() - 0.001)
    assert claim(payload, deduplicates=True).verdict == "busy"
    clock.move(seconds=0.001)
    again = claim(payload, deduplicates=True)
    assert (again.verdict, again.attempt) == ("granted", 2)


@every_adapter
def test_an_expired_claim_is_unconfirmed_if_the_network_does_not_deduplicate(ledger, once, planned, claim, clock):
    payload = due(planned(once()))
    claim(payload)
    clock.move(minutes=1)
    first, second = claim(payload), claim(payload)
    assert first.verdict == second.verdict == "unconfirmed"
    assert "stopped while" in first.detail["reason"]
    assert kinds(ledger, payload.occurrence_key) == ["unconfirmed"]


@every_adapter
def test_results_of_an_earlier_attempt_do_not_count_except_a_publication(ledger, once, planned, claim, end, clock):
    payload = due(planned(once()))
    claim(payload)
    clock.move(minutes=1)
    claim(payload, deduplicates=True)
    end(payload, "refused", attempt=1)
    assert claim(payload).verdict == "busy"
    end(payload, "published", attempt=1, url="https://example.org/1")
    end(payload, "refused", attempt=2)
    assert claim(payload).verdict == "published"
    assert outcome(ledger.occurrence(payload.occurrence_key)).state == "published"


@every_adapter
@pytest.mark.parametrize("deduplicates", [False, True])
def test_an_expired_claim_without_a_call_to_the_network_is_granted_again(once, planned, claim, clock, deduplicates):
    payload = due(planned(once()))
    claim(payload, calls_network=False)
    clock.move(minutes=1)
    again = claim(payload, deduplicates=deduplicates)
    assert (again.verdict, again.attempt) == ("granted", 2)
    clock.move(minutes=1)
    assert claim(payload).verdict == "unconfirmed"


@every_adapter
def test_a_slow_attempt_can_still_finish_its_unconfirmed_claim(once, planned, claim, end, clock):
    payload = due(planned(once()))
    claim(payload)
    clock.move(minutes=1)
    assert claim(payload).verdict == "unconfirmed"
    end(payload, "waiting", attempt=1)
    assert claim(payload).verdict == "granted"


# Revisions


@pytest.mark.parametrize("desired", ["active", "paused", "cancelled", "moved"])
def test_an_old_revision_is_superseded(ledger, once, planned, change, claim, desired):
    post = planned(once())
    change(post, desired=desired)
    assert claim(due(post)).verdict == "superseded"
    assert kinds(ledger, post.post_id) == ["superseded"]
    assert ledger.history(after=None, limit=10) == []


def test_a_revision_that_the_ledger_does_not_know_yet_is_superseded(once, planned, claim):
    post = planned(once())
    assert claim(due(post.model_copy(update={"revision": 2}))).verdict == "superseded"


def test_a_published_old_revision_is_in_history(ledger, once, planned, change, clock):
    post = planned(once())
    change(post, desired="cancelled")
    ledger.record(due(post), Receipt(kind="published", at=clock(), revision=1, destination="outbox"))
    assert [found.key for found in ledger.history(after=None, limit=10)] == [post.post_id]


@pytest.mark.parametrize("desired", ["paused", "cancelled", "moved"])
def test_a_post_that_is_not_active_is_superseded(ledger, once, planned, change, claim, desired):
    post = planned(once())
    assert claim(due(change(post, desired=desired))).verdict == "superseded"


def test_a_post_that_another_dashboard_planned_is_published(once, claim):
    assert claim(due(once())).verdict == "granted"


@pytest.mark.parametrize("kind", [None, "published", "refused", "unconfirmed", "waiting"])
def test_a_claimed_post_cannot_be_changed(ledger, once, planned, change, claim, end, clock, kind):
    post = planned(once())
    claim(due(post))
    if kind:
        end(due(post), kind)
    with pytest.raises(AlreadyGoingOut):
        change(post, desired="cancelled")
    assert ledger.get(post.post_id).post.revision == 1


def test_an_old_revision_blocks_nothing(ledger, once, planned, change, claim):
    post = planned(once())
    changed = change(post, text="Better")
    claim(due(post))
    assert change(changed, text="Best").revision == 3
    assert claim(due(ledger.get(post.post_id).post)).verdict == "granted"


# Series


def test_each_run_of_a_series_has_its_own_claim(series, planned, claim, clock):
    post = planned(series())
    first, second = invocation_of(post, clock()), invocation_of(post, clock() + timedelta(days=1))
    assert claim(first).verdict == claim(second).verdict == "granted"
    assert claim(first).verdict == "busy"


def test_a_series_can_be_changed_between_its_runs_but_not_during_one(series, planned, change, claim, end, clock):
    post = planned(series())
    run = invocation_of(post, clock())
    claim(run)
    with pytest.raises(AlreadyGoingOut):
        change(post, text="Better")
    end(run, "published")
    assert change(post, text="Better").revision == 2


@pytest.mark.parametrize("kind", ["published", "refused", "unconfirmed"])
def test_a_claimed_post_does_not_become_a_series(once, planned, change, claim, end, kind):
    post = planned(once())
    claim(due(post))
    end(due(post), kind)
    with pytest.raises(AlreadyGoingOut):
        change(post, due_at=None, repeat=Repeat(expression="cron(0 9 * * ? *)"))


def test_between_its_runs_a_series_becomes_a_single_post(ledger, series, planned, change, claim, end, clock):
    post = planned(series())
    run = invocation_of(post, clock())
    claim(run)
    end(run, "published")
    single = change(post, due_at=clock() + timedelta(hours=1), repeat=None)
    assert ledger.get(post.post_id).post == single
    assert claim(due(single)).verdict == "granted"


def test_earlier_receipts_leave_history_when_a_post_becomes_a_series(ledger, once, planned, change, clock):
    post = planned(once())
    ledger.record(due(post), Receipt(kind="attempt_failed", at=clock(), revision=1))
    assert len(ledger.history(after=None, limit=10)) == 1
    change(post, due_at=None, repeat=Repeat(expression="cron(0 9 * * ? *)"))
    assert ledger.history(after=None, limit=10) == []


def test_an_unfinished_run_blocks_changes_only_until_it_is_too_late(series, planned, change, claim, end, clock):
    post = planned(series(late_after_minutes=30))
    claim(invocation_of(post, clock()))
    clock.move(minutes=20)
    with pytest.raises(AlreadyGoingOut):
        change(post, desired="cancelled")
    clock.move(minutes=10)
    assert change(post, desired="cancelled").revision == 2


def test_a_paused_run_blocks_changes_only_until_it_is_too_late(series, planned, change, claim, end, clock):
    post = planned(series(late_after_minutes=30))
    run = invocation_of(post, clock())
    claim(run)
    end(run, "waiting", reason="slow down", until=utc_text(clock() + timedelta(days=1)))
    clock.move(minutes=29)
    with pytest.raises(AlreadyGoingOut):
        change(post, text="Better")
    clock.move(minutes=1)
    assert change(post, text="Better").revision == 2
    assert claim(run).verdict == "waiting"


def test_a_late_run_blocks_changes_during_its_lease(series, planned, change, claim, clock):
    post = planned(series(late_after_minutes=30))
    run = invocation_of(post, clock())
    clock.move(hours=2)
    claim(run)
    with pytest.raises(AlreadyGoingOut):
        change(post, text="Better")
    clock.move(minutes=1)
    assert change(post, text="Better").revision == 2


def test_a_failed_run_stays_in_history_after_it_was_superseded(ledger, series, planned, change, claim, clock):
    post = planned(series())
    run = invocation_of(post, clock())
    ledger.record(run, Receipt(kind="attempt_failed", at=clock(), revision=1))
    change(post, text="Better")
    assert claim(run).verdict == "superseded"
    assert [found.key for found in ledger.history(after=None, limit=10)] == [run.occurrence_key]


def test_a_run_that_has_begun_continues_after_a_change_of_its_series(series, planned, change, claim, end, clock):
    post = planned(series(late_after_minutes=1))
    run = invocation_of(post, clock())
    claim(run)
    end(run, "waiting")
    clock.move(minutes=2)
    change(post, text="Better")
    assert claim(run).verdict == "granted"


@pytest.mark.parametrize("desired", ["active", "paused", "cancelled", "moved"])
def test_a_thread_that_has_begun_continues_after_a_change_but_does_not_begin_elsewhere(
    series, planned, change, claim, end, clock, desired
):
    post = planned(series(destinations=("mastodon:ada", "mastodon:ada#2", "bluesky:ada", "bluesky:ada#2")))
    run = invocation_of(post, clock())
    claim(run, "mastodon:ada")
    end(run, "published", destination="mastodon:ada")
    change(post, desired=desired, text="Better")
    assert claim(run, "mastodon:ada#2").verdict == "granted"
    assert claim(run, "bluesky:ada").verdict == claim(run, "bluesky:ada#2").verdict == "superseded"


def test_a_superseded_run_of_a_series_is_in_history_once_it_was_handed_over(
    ledger, series, planned, change, claim, clock
):
    post = planned(series())
    change(post, text="Better")
    run = invocation_of(post, clock())
    assert claim(run).verdict == "superseded"
    ledger.record(run, Receipt(kind="handed_over", at=clock(), revision=1))
    assert [outcome(found).state for found in ledger.history(after=None, limit=10)] == ["superseded"]


# Retries by the user


@pytest.mark.parametrize("kind", ["refused", "unconfirmed", "waiting"])
def test_an_unsuccessful_publication_is_claimed_again_after_a_users_retry(
    ledger, once, planned, claim, end, clock, kind
):
    payload = due(planned(once()))
    claim(payload)
    end(payload, kind)
    ledger.reopen(payload, ("outbox",), now=clock())
    again = claim(payload)
    assert (again.verdict, again.attempt) == ("granted", 2)
    assert kinds(ledger, payload.occurrence_key) == [kind, "retried"]


def test_a_result_is_set_aside_until_it_is_brought_back_or_changes(ledger, once, planned, claim, end, clock):
    payload = due(planned(once(destinations=("outbox", "webhook:sales"))))
    claim(payload)
    end(payload, "published")
    claim(payload, "webhook:sales")
    end(payload, "refused", destination="webhook:sales", reason="too long")

    def aside() -> list[str]:
        (found,) = ledger.history(after=None, limit=10)
        assert outcome(found).state == "refused"
        return [each.destination for each in outcome(found).destinations if each.set_aside]

    set_aside(ledger, payload, now=clock())
    assert aside() == ["webhook:sales"]
    undo_set_aside(ledger, payload, now=clock())
    assert aside() == []
    set_aside(ledger, payload, now=clock())
    assert aside() == ["webhook:sales"]
    ledger.reopen(payload, ("webhook:sales",), now=clock())
    assert claim(payload, "webhook:sales").verdict == "granted"
    clock.move(seconds=1)
    end(payload, "refused", 2, "webhook:sales", reason="too long")
    assert aside() == []


@pytest.mark.parametrize("kind", ["failed", "missed"])
def test_a_failed_or_missed_run_is_set_aside(ledger, series, planned, clock, kind):
    run = invocation_of(planned(series()), clock())
    ledger.record(run, Receipt(kind=kind, at=clock(), revision=1))
    set_aside(ledger, run, now=clock())
    (found,) = ledger.history(after=None, limit=10)
    assert [(each.state, each.set_aside) for each in outcome(found).destinations] == [(kind, True)]


def test_an_unconfirmed_result_is_not_set_aside(ledger, once, planned, claim, end, clock):
    payload = due(planned(once()))
    claim(payload)
    end(payload, "unconfirmed")
    set_aside(ledger, payload, now=clock())
    (found,) = ledger.history(after=None, limit=10)
    assert not any(each.set_aside for each in outcome(found).destinations)


def test_a_users_retry_ends_a_pause(ledger, once, planned, claim, end, clock):
    payload = due(planned(once()))
    claim(payload)
    end(payload, "waiting", reason="slow down", until=utc_text(clock() + timedelta(minutes=10)))
    ledger.reopen(payload, ("outbox",), now=clock())
    assert ledger.ended_or_paused(payload, "outbox", now=clock()) is None
    assert claim(payload).verdict == "granted"


@pytest.mark.parametrize("destinations", [(), ("outbox",)])
def test_a_cancelled_post_cannot_be_retried(ledger, once, planned, change, destinations):
    post = planned(once())
    change(post, desired="cancelled")
    with pytest.raises(ChangedElsewhere):
        ledger.reopen(due(post), destinations, now=post.due_at)


def test_all_parts_of_the_longest_threads_can_be_retried_at_once(ledger, once, planned, claim, clock):
    threads = [Destination(account, number) for account in ("mastodon:ada", "bluesky:ada") for number in range(1, 51)]
    payload = due(planned(once(destinations=tuple(threads))))
    ledger.record(payload, Receipt(kind="missed", at=clock(), revision=1))
    ledger.reopen(payload, payload.destinations, now=clock())
    assert kinds(ledger, payload.occurrence_key) == ["missed", *["retried"] * 100]
    assert claim(payload, destination=threads[-1]).verdict == "granted"


def test_a_retry_changes_neither_a_publication_nor_an_attempt_in_progress(ledger, once, planned, claim, end, clock):
    payload = due(planned(once(destinations=("outbox", "webhook:sales"))))
    claim(payload, "outbox")
    end(payload, "published", destination="outbox")
    claim(payload, "webhook:sales")
    ledger.reopen(payload, ("outbox", "webhook:sales"), now=clock())
    assert claim(payload, "outbox").verdict == "published"
    assert claim(payload, "webhook:sales").verdict == "busy"
    assert "retried" not in kinds(ledger, payload.occurrence_key)


def test_a_missed_run_of_a_cancelled_series_can_be_retried(ledger, series, planned, change, claim, clock):
    post = planned(series())
    run = invocation_of(post, clock())
    ledger.record(run, Receipt(kind="missed", at=clock(), revision=1))
    change(post, desired="cancelled")
    assert claim(run).verdict == "superseded"
    ledger.reopen(run, ("outbox",), now=clock())
    assert claim(run).verdict == "granted"


def test_a_missed_post_can_be_rescheduled_after_a_retry_without_a_claim(ledger, once, planned, change, claim, clock):
    post = planned(once())
    ledger.record(due(post), Receipt(kind="missed", at=clock(), revision=1))
    ledger.reopen(due(post), ("outbox",), now=clock())
    following = change(post, due_at=post.due_at + timedelta(days=1))
    assert claim(due(post)).verdict == "superseded"
    assert claim(due(following)).verdict == "granted"
    with pytest.raises(AlreadyGoingOut):
        change(following, text="Too late")


def test_a_rescheduled_post_cannot_be_retried(ledger, once, planned, change, claim, clock):
    post = planned(once())
    ledger.record(due(post), Receipt(kind="missed", at=clock(), revision=1))
    change(post, due_at=post.due_at + timedelta(days=1))
    with pytest.raises(ChangedElsewhere):
        ledger.reopen(due(post), ("outbox",), now=clock())
    assert claim(due(post)).verdict == "superseded"


# Receipts and History


def test_receipts_are_read_as_they_were_written_in_order_of_arrival(ledger, open_ledger, once, planned, clock):
    payload = due(planned(once()))
    receipts = [
        Receipt(kind="attempt_failed", at=clock(), revision=1, attempt=1, detail={"status": 500}),
        Receipt(kind="published", at=clock(), revision=1, destination="outbox", detail={"url": "/outbox"}),
        Receipt(kind="handed_over", at=clock() - timedelta(seconds=1), revision=1, attempt=2),
    ]
    for receipt in receipts:
        ledger.record(payload, receipt)
    occurrence = open_ledger().occurrence(payload.occurrence_key)
    assert occurrence.receipts == tuple(receipts)
    assert occurrence.payload == payload
    assert occurrence.due_at == payload.due


def test_a_post_that_never_began_has_no_occurrence(ledger):
    assert ledger.occurrence("000000000000") is None


def test_pages_of_history_are_complete_and_latest_due_first(ledger, once, clock):
    for number in range(7):
        same_instant = clock() + timedelta(minutes=number // 3)
        payload = due(once(number, due_at=same_instant))
        ledger.record(payload, Receipt(kind="missed", at=clock(), revision=1))
    found, after = [], None
    while page := ledger.history(after=after, limit=2):
        found += page
        after = Cursor(due_at=page[-1].due_at, key=page[-1].key)
    assert len({occurrence.key for occurrence in found}) == len(found) == 7
    assert [occurrence.due_at for occurrence in found] == sorted((each.due_at for each in found), reverse=True)


@pytest.mark.parametrize("kind", ["missed", "failed", "attempt_failed", "handed_over"])
def test_receipts_of_an_old_revision_are_not_in_history(ledger, once, planned, change, clock, kind):
    post = planned(once())
    change(post, due_at=post.due_at + timedelta(days=1))
    ledger.record(due(post), Receipt(kind=kind, at=clock(), revision=1))
    assert ledger.history(after=None, limit=10) == []
    assert kinds(ledger, post.post_id) == [kind]


def test_a_rescheduled_post_leaves_history_until_it_begins_again(ledger, once, planned, change, claim, clock):
    post = planned(once())
    ledger.record(due(post), Receipt(kind="missed", at=clock(), revision=1))
    assert len(ledger.history(after=None, limit=10)) == 1
    again = change(post, due_at=post.due_at + timedelta(days=1))
    assert ledger.history(after=None, limit=10) == []
    claim(due(again))
    (occurrence,) = ledger.history(after=None, limit=10)
    assert occurrence.payload == due(again)
    assert outcome(occurrence).state == "going out"


def test_the_order_of_arrival_does_not_change_the_state(ledger, once, clock):
    in_order = [
        Receipt(kind="attempt_failed", at=clock(), revision=1, attempt=1),
        Receipt(kind="waiting", at=clock(), revision=1, destination="outbox", detail={"reason": "busy"}),
        Receipt(kind="refused", at=clock(), revision=1, attempt=2, destination="outbox", detail={"reason": "no"}),
        Receipt(kind="handed_over", at=clock(), revision=1, attempt=2),
    ]
    outcomes = set()
    for number, order in enumerate(permutations(in_order)):
        payload = due(once(number))
        for receipt in order:
            ledger.record(payload, receipt)
        outcomes.add(repr(outcome(ledger.occurrence(payload.occurrence_key))))
    assert len(outcomes) == 1


def test_a_repeated_receipt_does_not_change_the_state(ledger, once, planned, claim, end):
    payload = due(planned(once()))
    claim(payload)
    end(payload, "published", url="/outbox")
    before = outcome(ledger.occurrence(payload.occurrence_key))
    end(payload, "published", url="/outbox")
    assert outcome(ledger.occurrence(payload.occurrence_key)) == before


def test_a_payload_of_the_maximum_size_is_stored(ledger, once, planned, claim, end):
    payload = due(planned(once(text="🎉" * 49_000)))
    claim(payload)
    end(payload, "published")
    assert ledger.occurrence(payload.occurrence_key).payload == payload


# Retention


def test_posts_that_ended_over_400_days_ago_are_deleted_and_no_others(
    ledger, once, series, planned, change, claim, end, forget, clock
):
    old, cancelled, later = planned(once(1)), planned(once(2)), planned(once(3, due_at=clock() + timedelta(days=390)))
    repeating = planned(series(post_id="9" * 12))
    claim(due(old))
    end(due(old), "published")
    for post in (old, cancelled, later, repeating):
        ledger.settle(post.post_id, 1, now=clock())
    change(cancelled, desired="cancelled")
    ledger.settle(cancelled.post_id, 2, now=clock())
    clock.move(days=400)
    forget()
    assert claim(due(old)).verdict == "published"
    restorable = planned(once(4))
    change(restorable, desired="cancelled")
    ledger.settle(restorable.post_id, 2, now=clock() + SETTLE_GRACE)
    clock.move(days=1)
    forget()
    assert ledger.get(restorable.post_id).settled
    assert ledger.occurrence(old.post_id) is None
    assert ledger.get(old.post_id) is None
    assert ledger.get(cancelled.post_id) is None
    assert ledger.get(later.post_id) is not None
    assert ledger.get(repeating.post_id) is not None
    assert claim(due(old)).verdict == "granted"


def test_a_series_is_deleted_400_days_after_its_last_date(ledger, series, planned, forget, clock):
    planned(series(repeat=Repeat(expression="cron(0 9 * * ? *)", ends_at=clock() + timedelta(days=10))))
    ledger.settle("0" * 12, 1, now=clock())
    clock.move(days=410)
    forget()
    assert ledger.get("0" * 12) is not None
    clock.move(seconds=1)
    forget()
    assert ledger.get("0" * 12) is None


# Changes of two posts in one transaction


def _change(post: Post, **members: Any) -> PlanChange:
    following = post.model_copy(update={"revision": post.revision + 1})
    return PlanChange(**{"post": following, "schedule_name": str(ScheduleName.of(following)), **members})


@every_adapter
def test_a_post_is_planned_together_with_the_change_of_another(ledger, once, series, planned, clock):
    other, post = planned(series(post_id="s" * 12)), once()
    ledger.plan(PlanChange(post=post, schedule_name="post"), now=clock(), also=[_change(other, desired="paused")])
    assert (ledger.get(post.post_id).desired, ledger.get(other.post_id).desired) == ("active", "paused")


@every_adapter
def test_if_one_of_two_changes_is_refused_neither_is_written(ledger, once, series, planned, change, claim, clock):
    other, post = planned(series(post_id="s" * 12)), planned(once())
    change(other)
    with pytest.raises(ChangedElsewhere, match=other.post_id):
        ledger.change(_change(post, desired="cancelled"), now=clock(), also=[_change(other)])
    with pytest.raises(ChangedElsewhere, match=other.post_id):
        ledger.plan(PlanChange(post=once(post_id="n" * 12), schedule_name="post"), now=clock(), also=[_change(other)])
    claim(invocation_of(post, post.due_at))
    with pytest.raises(AlreadyGoingOut, match=post.post_id):
        ledger.change(_change(post, desired="cancelled"), now=clock(), also=[_change(ledger.get(other.post_id).post)])
    assert (ledger.get(post.post_id).desired, ledger.get("n" * 12)) == ("active", None)
    assert ledger.get(other.post_id).post.revision == 2


# Runs that other posts replace


def _with_rule(post: Post, repeat: Repeat) -> PlanChange:
    return _change(post.model_copy(update={"repeat": repeat}))


@pytest.fixture
def run(clock) -> datetime:
    """Return the next run of the series."""
    return clock().replace(hour=9, minute=0, second=0) + timedelta(days=1)


@pytest.fixture
def skipping(series, run) -> Repeat:
    """Return the rule of the series without that run."""
    return Repeat(expression="cron(0 9 * * ? *)", skipped=(run,))


@pytest.fixture
def replacing(ledger, once, series, planned, skipping, run, clock) -> tuple[Post, Post]:
    """Plan a series and a post in the place of its next run; return both."""
    of_series, post = planned(series(post_id="s" * 12)), once(replaces=("s" * 12, run))
    ledger.plan(PlanChange(post=post, schedule_name="post"), now=clock(), also=[_with_rule(of_series, skipping)])
    return ledger.get("s" * 12).post, post


def test_a_series_does_not_get_a_run_back_while_another_post_replaces_it(ledger, replacing, change, run, once):
    of_series, post = replacing
    for lost in ({"skipped": ()}, {"expression": "cron(0 9,18 * * ? *)", "skipped": ()}):
        with pytest.raises(RunReplaced, match=post.post_id) as refused:
            change(of_series, repeat=of_series.repeat.model_copy(update=lost))
        assert (refused.value.post_id, refused.value.run) == (post.post_id, run)
    assert ledger.get(of_series.post_id).post == of_series
    assert ledger.replaced_runs(of_series.post_id) == {post.post_id: run}
    assert ledger.replaced_runs(post.post_id) == {}


def test_the_rule_holds_after_other_changes_of_the_series_and_of_the_post(ledger, replacing, change, clock):
    of_series, post = replacing
    of_series = change(change(of_series, text="Better"), desired="cancelled")
    change(change(post, text="Better"), desired="paused")
    with pytest.raises(RunReplaced):
        change(of_series, repeat=of_series.repeat.model_copy(update={"skipped": ()}))


@pytest.mark.parametrize("ends", ["published", "moved"])
def test_a_run_stays_replaced_once_its_post_has_gone_out_or_was_exported(
    ledger, replacing, change, claim, end, clock, ends
):
    of_series, post = replacing
    if ends == "moved":
        change(post, desired="moved")
    else:
        claim(due(post))
        end(due(post), "published")
    with pytest.raises(RunReplaced):
        change(of_series, repeat=of_series.repeat.model_copy(update={"skipped": ()}))


@pytest.mark.parametrize("without", [Repeat(expression="cron(0 18 ? * SUN *)"), None])
def test_a_series_may_skip_the_run_by_having_none_on_its_day(ledger, replacing, change, skipping, without):
    of_series, _ = replacing
    assert change(of_series, repeat=without or skipping).revision == 3


def test_the_cancellation_of_the_post_gives_the_run_back_in_one_transaction(ledger, replacing, change, clock, run):
    of_series, post = replacing
    back = of_series.repeat.model_copy(update={"skipped": ()})
    ledger.change(_change(post, desired="cancelled"), now=clock(), also=[_with_rule(of_series, back)])
    assert ledger.replaced_runs(of_series.post_id) == {}
    of_series = ledger.get(of_series.post_id).post
    with pytest.raises(ChangedElsewhere, match=of_series.post_id):
        change(ledger.get(post.post_id).post)  # the series has the run, so the post cannot be restored alone
    skips = _with_rule(of_series, of_series.repeat.model_copy(update={"skipped": (run,)}))
    ledger.change(_change(ledger.get(post.post_id).post), now=clock(), also=[skips])
    assert ledger.replaced_runs(of_series.post_id) == {post.post_id: run}


def test_a_post_is_not_planned_in_the_place_of_a_run_that_the_series_has(ledger, once, series, planned, run, clock):
    of_series = planned(series(post_id="s" * 12))
    post = once(replaces=(of_series.post_id, run))
    with pytest.raises(ChangedElsewhere, match=of_series.post_id):
        ledger.plan(PlanChange(post=post, schedule_name="post"), now=clock())
    assert ledger.get(post.post_id) is None
    assert ledger.replaced_runs(of_series.post_id) == {}


def test_a_run_that_has_passed_binds_the_series_to_nothing(ledger, replacing, change, run, clock):
    of_series, _ = replacing
    clock.now = run + timedelta(seconds=1)
    assert change(of_series, repeat=of_series.repeat.model_copy(update={"skipped": ()})).revision == 3


def test_of_two_changes_at_once_one_wins(ledger, open_ledger, once, series, planned, skipping, run, clock):
    """A run is brought back, and a post is planned in its place, at the same moment."""
    for number in range(5):
        of_series = planned(series(post_id=f"{number}" + "s" * 11, repeat=skipping))
        post = once(post_id=f"{number}" + "p" * 11, replaces=(of_series.post_id, run))
        back = _with_rule(of_series, of_series.repeat.model_copy(update={"skipped": ()}))
        writes = [
            partial(open_ledger().plan, PlanChange(post=post, schedule_name="post"), now=clock()),
            partial(open_ledger().change, back, now=clock()),
        ]
        with ThreadPoolExecutor(2) as pool:
            errors = [each.exception() for each in [pool.submit(write) for write in writes]]
        assert sorted(type(each).__name__ for each in errors if each) in (["RunReplaced"], ["ChangedElsewhere"])


def test_many_posts_are_planned_at_once_and_known_ones_stay_as_they_are(ledger, once, planned, clock):
    known = planned(once(0, text="Known"))
    added = ledger.plan_all([once(number) for number in range(130)], now=clock())
    assert list(added) == [once(number).post_id for number in range(1, 130)]
    assert ledger.get(known.post_id).post.text == "Known"
    assert all(ledger.get(post_id) == plan for post_id, plan in added.items())


def test_large_posts_are_planned_in_several_transactions(ledger, once, clock):
    posts = [once(number, text="x" * 190_000) for number in range(25)]
    assert len(ledger.plan_all(posts, now=clock())) == 25
    assert len(ledger.pending([post.post_id for post in posts])) == 25


def test_of_many_plans_only_the_current_ones_are_settled(ledger, once, change, clock):
    plans = list(ledger.plan_all([once(number) for number in range(4)], now=clock()).values())
    change(plans[1].post, text="Edited")
    clock.move(seconds=1)
    settled = ledger.settle_all(plans, now=clock())
    assert list(settled) == [plans[number].post.post_id for number in (0, 2, 3)]
    assert all(ledger.get(post_id) == plan for post_id, plan in settled.items())
    assert not ledger.get(plans[1].post.post_id).settled


def test_the_state_that_the_restoration_of_a_cancelled_post_brings_back_can_be_changed(ledger, once, planned, clock):
    post = planned(once())
    paused = ledger.change(_change(post, desired="paused"), now=clock()).post
    cancelled = ledger.change(_change(paused, desired="cancelled"), now=clock())
    assert cancelled.cancelled_from == "paused"
    changed = ledger.change(_change(cancelled.post, desired="cancelled", cancelled_from="active"), now=clock())
    assert changed.cancelled_from == ledger.get(post.post_id).cancelled_from == "active"
