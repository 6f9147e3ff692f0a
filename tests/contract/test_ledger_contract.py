"""What every ledger promises (core/ledger/port.py), on each adapter there is.

An adapter joins with one fixture that opens ledgers: `open_ledger()` returns another ledger on the same data, as
another process would have it, with a `presence` of its own where it has one.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from core.ledger.dynamodb import DynamoLedger
from core.ledger.port import (
    SETTLE_GRACE,
    AlreadyGoingOut,
    AlreadyPlanned,
    ChangedElsewhere,
    Cursor,
    Ledger,
    Receipt,
    UnknownPost,
)
from core.ledger.sqlite import SqliteLedger, open_database
from core.ledger.states import outcome
from core.ledger.table import Table
from core.posts.destinations import Destination
from core.posts.models import Post, Repeat
from core.posts.payload import Payload, ScheduleName, invocation_of
from core.storage.processes import Presence
from core.time.instants import utc_text

LEASE = timedelta(seconds=35)


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
def open_dynamodb(dynamodb, clock) -> Any:
    """Open ledgers on one table."""
    return lambda: DynamoLedger(Table(dynamodb, "punctual", clock, pause=lambda seconds: None))


@pytest.fixture(params=["sqlite", "dynamodb"])
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
    """Build a post that repeats."""
    return lambda **changed: once(**{"due_at": None, "repeat": Repeat(expression="cron(0 9 * * ? *)"), **changed})


@pytest.fixture
def planned(ledger, clock) -> Callable[[Post], Post]:
    """Plan a post under its schedule's name."""

    def plan(post: Post) -> Post:
        return ledger.plan(post, schedule_name=str(ScheduleName.of(post)), now=clock()).post

    return plan


@pytest.fixture
def change(ledger, clock) -> Callable[..., Post]:
    """Write the next revision of a post."""

    def write(post: Post, desired: str = "active", **changed: Any) -> Post:
        following = post.model_copy(update={"revision": post.revision + 1, **changed})
        name = str(ScheduleName.of(following))
        return ledger.change(following, desired=desired, schedule_name=name, now=clock()).post

    return write


@pytest.fixture
def claim(ledger, clock) -> Callable[..., Any]:
    """Claim a publication, by the first ledger unless another is given."""

    def take(payload: Payload, destination: str = "outbox", *, by: Ledger = ledger, **changed: Any) -> Any:
        asked = {"deduplicates": False, "prepared": None, "lease_until": clock() + LEASE, "now": clock(), **changed}
        return by.claim(payload, Destination.parse(destination), **asked)

    return take


@pytest.fixture
def end(ledger, clock) -> Callable[..., None]:
    """Say how a claimed publication ended."""

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
    """Let what is no longer kept be deleted: DynamoDB does it by time to live, which moto leaves out."""
    if request.node.callspec.params["open_ledger"] == "dynamodb":
        return lambda: delete_expired(request.getfixturevalue("dynamodb"), clock())
    return lambda: ledger.prune(now=clock())


def delete_expired(dynamodb: Any, now: datetime) -> None:
    for item in dynamodb.scan(TableName="punctual")["Items"]:
        if "expires_at" in item and int(item["expires_at"]["N"]) < now.timestamp():
            dynamodb.delete_item(TableName="punctual", Key={"pk": item["pk"], "sk": item["sk"]})


def due(post: Post) -> Payload:
    return invocation_of(post, post.due_at)


def kinds(ledger: Ledger, key: str) -> list[str]:
    occurrence = ledger.occurrence(key)
    return [receipt.kind for receipt in occurrence.receipts] if occurrence else []


# Plans


def test_a_plan_is_there_as_it_was_written(ledger, open_ledger, once, clock):
    post = once()
    written = ledger.plan(post, schedule_name="post-x", now=clock())
    assert (written.post, written.desired, written.schedule_name, written.superseded) == (post, "active", "post-x", ())
    assert not written.settled
    assert written.created_at == written.changed_at == clock()
    assert open_ledger().get(post.post_id) == written


@pytest.mark.parametrize("desired", ["active", "paused"])
def test_a_post_may_be_paused_from_the_beginning(ledger, once, claim, clock, desired):
    post = once()
    assert ledger.plan(post, desired=desired, schedule_name="post-x", now=clock()).desired == desired
    assert claim(due(post)).verdict == ("granted" if desired == "active" else "superseded")


def test_what_was_never_planned_is_not_there(ledger):
    assert ledger.get("000000000000") is None


def test_a_post_is_planned_once(ledger, once, planned):
    post = planned(once())
    with pytest.raises(AlreadyPlanned):
        planned(once(text="another"))
    assert ledger.get(post.post_id).post.text == "Hello"


def test_a_change_follows_the_revision_that_was_read(ledger, once, planned, change):
    post = planned(once())
    changed = change(post, text="Better")
    assert ledger.get(post.post_id).post == changed
    assert (changed.revision, changed.text) == (2, "Better")
    for read in (post, changed.model_copy(update={"revision": 3})):
        with pytest.raises(ChangedElsewhere):
            change(read, text="Of another revision")
    assert ledger.get(post.post_id).post.text == "Better"


def test_what_was_never_planned_cannot_be_changed(once, change):
    with pytest.raises(UnknownPost):
        change(once())


def test_a_change_leaves_the_schedules_before_it_to_be_deleted_until_it_is_settled(
    ledger, once, planned, change, clock
):
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


def test_a_change_of_what_was_not_settled_is_settled_a_minute_later(ledger, once, planned, change, clock):
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


def test_unsettled_plans_come_oldest_change_first(ledger, once, planned, clock):
    for number in range(4):
        planned(once(number))
        clock.move(seconds=10)
    ledger.settle("000000000001", 1, now=clock())
    left = ledger.unsettled(changed_before=clock() - timedelta(seconds=10), limit=2)
    assert [plan.post.post_id for plan in left] == ["000000000000", "000000000002"]


def test_of_the_posts_that_never_began_the_latest_comes_first(ledger, once, series, planned, change, claim, clock):
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


def test_series_are_listed_until_they_are_cancelled_and_one_time_posts_never(ledger, once, series, planned, change):
    planned(once(1))
    for number in (2, 3, 4):
        planned(series(post_id=f"{number:012d}"))
    change(ledger.get("000000000003").post, desired="cancelled")
    change(ledger.get("000000000004").post, desired="paused")
    assert {plan.post.post_id for plan in ledger.series(limit=10)} == {"000000000002", "000000000004"}
    assert len(ledger.series(limit=1)) == 1


def test_a_series_goes_on_when_one_of_its_runs_has_begun(ledger, series, planned, claim, end, clock):
    post = planned(series())
    run = invocation_of(post, clock())
    claim(run)
    end(run, "published")
    assert [plan.post for plan in ledger.series(limit=10)] == [post]


# Claims


def test_a_publication_is_claimed_by_one(once, planned, claim, clock):
    payload = due(planned(once()))
    first = claim(payload)
    assert (first.verdict, first.attempt) == ("granted", 1)
    second = claim(payload)
    assert (second.verdict, second.until) == ("busy", clock() + LEASE)


def test_of_many_at_the_same_moment_one_has_the_claim(open_ledger, once, planned, claim):
    payload = due(planned(once()))
    ledgers = [open_ledger(), open_ledger()]
    together = threading.Barrier(8)

    def compete(number: int) -> str:
        together.wait()
        return claim(payload, by=ledgers[number % 2]).verdict

    with ThreadPoolExecutor(8) as pool:
        verdicts = list(pool.map(compete, range(8)))
    assert sorted(verdicts) == ["busy"] * 7 + ["granted"]


def test_of_a_claim_and_a_cancellation_at_the_same_moment_one_wins(open_ledger, once, planned, claim, clock):
    other = open_ledger()
    for number in range(20):
        post = planned(once(number))
        cancelled = post.model_copy(update={"revision": 2})
        together = threading.Barrier(2)

        def cancel(cancelled: Post = cancelled, together: threading.Barrier = together) -> bool:
            together.wait()
            try:
                other.change(cancelled, desired="cancelled", schedule_name=None, now=clock())
            except AlreadyGoingOut:
                return False
            return True

        def publish(post: Post = post, together: threading.Barrier = together) -> bool:
            together.wait()
            return claim(due(post)).verdict == "granted"

        with ThreadPoolExecutor(2) as pool:
            was_cancelled, was_claimed = pool.submit(cancel), pool.submit(publish)
        assert was_cancelled.result() != was_claimed.result()


def test_each_destination_is_claimed_by_itself(once, planned, claim):
    payload = due(planned(once(destinations=("outbox", "webhook:sales"))))
    assert claim(payload, "outbox").verdict == claim(payload, "webhook:sales").verdict == "granted"


@pytest.mark.parametrize("kind", ["published", "refused", "unconfirmed"])
def test_a_finished_claim_is_answered_with_how_it_ended(once, planned, claim, end, kind):
    payload = due(planned(once()))
    claim(payload)
    end(payload, kind, url="https://example.org/1", reason="so")
    again = claim(payload, deduplicates=True)
    assert (again.verdict, again.detail) == (kind, {"url": "https://example.org/1", "reason": "so"})


def test_a_publication_that_waits_is_claimed_again(once, planned, claim, end):
    payload = due(planned(once()))
    claim(payload)
    end(payload, "waiting")
    again = claim(payload)
    assert (again.verdict, again.attempt) == ("granted", 2)


@pytest.mark.parametrize("deduplicates", [True, False])
def test_a_network_that_asked_to_wait_is_not_claimed_before(
    ledger, open_ledger, once, planned, claim, end, clock, deduplicates
):
    payload, until = due(planned(once())), clock() + timedelta(minutes=10)
    claim(payload, deduplicates=deduplicates)
    end(payload, "waiting", reason="slow down", until=utc_text(until))
    for by in (ledger, open_ledger()):
        for milliseconds in (0, 299_999):
            clock.move(milliseconds=milliseconds)
            turned_down = claim(payload, deduplicates=deduplicates, by=by)
            assert (turned_down.verdict, turned_down.attempt, turned_down.until) == ("waiting", 1, until)
            assert turned_down.detail["reason"] == "slow down"
            assert by.ended_or_paused(payload, "outbox", now=clock()) == turned_down
    clock.move(milliseconds=2)
    assert kinds(ledger, payload.occurrence_key) == ["waiting"]
    assert ledger.ended_or_paused(payload, "outbox", now=clock()) is None
    again = claim(payload, deduplicates=deduplicates)
    assert (again.verdict, again.attempt) == ("granted", 2)


def test_one_destination_waits_for_its_own_network_alone(ledger, once, planned, claim, end, clock):
    payload = due(planned(once(destinations=("outbox", "webhook:sales"))))
    claim(payload)
    end(payload, "waiting", reason="slow down", until=utc_text(clock() + timedelta(minutes=10)))
    assert ledger.ended_or_paused(payload, "webhook:sales", now=clock()) is None
    assert claim(payload, "webhook:sales").verdict == "granted"


def test_nothing_waits_for_a_network_that_did_not_ask_for_it(ledger, once, planned, claim, end, clock):
    payload = due(planned(once()))
    assert ledger.ended_or_paused(payload, "outbox", now=clock()) is None
    claim(payload)
    assert ledger.ended_or_paused(payload, "outbox", now=clock()) is None
    end(payload, "waiting", reason="so")
    assert ledger.ended_or_paused(payload, "outbox", now=clock()) is None


@pytest.mark.parametrize("kind", ["published", "refused", "unconfirmed"])
def test_how_it_ended_is_known_without_a_claim_until_a_person_retries(ledger, once, planned, claim, end, clock, kind):
    payload = due(planned(once()))
    claim(payload)
    end(payload, kind, reason="so")
    ended = ledger.ended_or_paused(payload, "outbox", now=clock())
    assert (ended.verdict, ended.attempt, ended.detail["reason"]) == (kind, 1, "so")
    assert ended == claim(payload)
    ledger.reopen(payload, ("outbox",), now=clock())
    assert ledger.ended_or_paused(payload, "outbox", now=clock()) == (ended if kind == "published" else None)


def test_what_a_network_asked_for_ends_with_the_next_attempt(ledger, once, planned, claim, end, clock):
    payload = due(planned(once()))
    claim(payload)
    end(payload, "waiting", reason="slow down", until=utc_text(clock.move(minutes=10)))
    assert claim(payload).attempt == 2
    clock.move(minutes=-5)
    assert ledger.ended_or_paused(payload, "outbox", now=clock()) is None
    end(payload, "waiting", attempt=2, reason="not reached")
    assert claim(payload).attempt == 3


def test_what_a_network_told_a_slow_attempt_does_not_hold_up_the_one_that_took_over(
    ledger, once, planned, claim, end, clock
):
    payload = due(planned(once()))
    claim(payload)
    clock.move(minutes=1)
    claim(payload, deduplicates=True)
    end(payload, "waiting", reason="slow down", until=utc_text(clock() + timedelta(minutes=10)))
    assert ledger.ended_or_paused(payload, "outbox", now=clock()) is None
    assert claim(payload, deduplicates=True).verdict == "busy"


def test_what_waits_for_a_network_is_ended_by_whoever_need_not_call_it(once, planned, claim, end, clock):
    payload = due(planned(once()))
    claim(payload)
    end(payload, "waiting", reason="slow down", until=utc_text(clock() + timedelta(minutes=10)))
    end(payload, "refused", attempt=claim(payload).attempt, reason="its account is gone")
    assert (claim(payload).verdict, claim(payload).detail) == ("refused", {"reason": "its account is gone"})


def test_what_was_prepared_with_the_first_attempt_is_kept(once, planned, claim, end, clock):
    payload = due(planned(once()))
    assert claim(payload, prepared={"rkey": "3k"}).prepared == {"rkey": "3k"}
    end(payload, "waiting")
    assert claim(payload, prepared={"rkey": "another"}).prepared == {"rkey": "3k"}
    clock.move(minutes=1)
    assert claim(payload, deduplicates=True, prepared={"rkey": "a third"}).prepared == {"rkey": "3k"}


def test_a_lease_that_ran_out_is_taken_over_where_the_network_deduplicates(once, planned, claim, clock):
    payload = due(planned(once()))
    claim(payload)
    clock.move(seconds=LEASE.total_seconds() - 0.001)
    assert claim(payload, deduplicates=True).verdict == "busy"
    clock.move(seconds=0.001)
    again = claim(payload, deduplicates=True)
    assert (again.verdict, again.attempt) == ("granted", 2)


def test_a_lease_that_ran_out_is_unconfirmed_where_the_network_does_not(ledger, once, planned, claim, clock):
    payload = due(planned(once()))
    claim(payload)
    clock.move(minutes=1)
    first, second = claim(payload), claim(payload)
    assert first.verdict == second.verdict == "unconfirmed"
    assert "stopped while" in first.detail["reason"]
    assert kinds(ledger, payload.occurrence_key) == ["unconfirmed"]


def test_a_claim_is_lost_to_a_later_attempt_but_what_is_out_stays_out(ledger, once, planned, claim, end, clock):
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


def test_an_unconfirmed_claim_is_settled_by_the_slow_attempt_itself(once, planned, claim, end, clock):
    payload = due(planned(once()))
    claim(payload)
    clock.move(minutes=1)
    assert claim(payload).verdict == "unconfirmed"
    end(payload, "waiting", attempt=1)
    assert claim(payload).verdict == "granted"


# Revisions


@pytest.mark.parametrize("desired", ["active", "paused", "cancelled", "moved"])
def test_a_revision_that_is_not_current_is_turned_away(ledger, once, planned, change, claim, desired):
    post = planned(once())
    change(post, desired=desired)
    assert claim(due(post)).verdict == "superseded"
    assert kinds(ledger, post.post_id) == ["superseded"]
    assert ledger.history(after=None, limit=10) == []


def test_a_revision_that_the_ledger_does_not_know_yet_is_turned_away(once, planned, claim):
    post = planned(once())
    assert claim(due(post.model_copy(update={"revision": 2}))).verdict == "superseded"


def test_what_went_out_is_in_history_though_it_was_of_an_old_revision(ledger, once, planned, change, clock):
    post = planned(once())
    change(post, desired="cancelled")
    ledger.record(due(post), Receipt(kind="published", at=clock(), revision=1, destination="outbox"))
    assert [found.key for found in ledger.history(after=None, limit=10)] == [post.post_id]


@pytest.mark.parametrize("desired", ["paused", "cancelled", "moved"])
def test_a_post_that_is_not_active_is_turned_away(ledger, once, planned, change, claim, desired):
    post = planned(once())
    assert claim(due(change(post, desired=desired))).verdict == "superseded"


def test_a_post_that_another_dashboard_planned_is_published(once, claim):
    assert claim(due(once())).verdict == "granted"


@pytest.mark.parametrize("kind", [None, "published", "refused", "unconfirmed", "waiting"])
def test_a_claimed_post_can_no_longer_be_changed(ledger, once, planned, change, claim, end, clock, kind):
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


def test_each_run_of_a_series_is_claimed_by_itself(series, planned, claim, clock):
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


def test_what_befell_a_post_before_it_became_a_series_leaves_history(ledger, once, planned, change, clock):
    post = planned(once())
    ledger.record(due(post), Receipt(kind="attempt_failed", at=clock(), revision=1))
    assert len(ledger.history(after=None, limit=10)) == 1
    change(post, due_at=None, repeat=Repeat(expression="cron(0 9 * * ? *)"))
    assert ledger.history(after=None, limit=10) == []


def test_a_run_that_was_never_finished_does_not_hold_its_series_for_ever(series, planned, change, claim, end, clock):
    post = planned(series(late_after_minutes=30))
    claim(invocation_of(post, clock()))
    clock.move(minutes=20)
    with pytest.raises(AlreadyGoingOut):
        change(post, desired="cancelled")
    clock.move(minutes=10)
    assert change(post, desired="cancelled").revision == 2


def test_a_run_that_waits_for_a_network_holds_its_series_no_longer_than_it_may_be_late(
    series, planned, change, claim, end, clock
):
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


def test_a_run_that_is_tried_however_late_holds_its_series_while_it_is_tried(series, planned, change, claim, clock):
    post = planned(series(late_after_minutes=30))
    run = invocation_of(post, clock())
    clock.move(hours=2)
    claim(run)
    with pytest.raises(AlreadyGoingOut):
        change(post, text="Better")
    clock.move(minutes=1)
    assert change(post, text="Better").revision == 2


def test_a_run_that_failed_and_is_turned_away_later_stays_in_history(ledger, series, planned, change, claim, clock):
    post = planned(series())
    run = invocation_of(post, clock())
    ledger.record(run, Receipt(kind="attempt_failed", at=clock(), revision=1))
    change(post, text="Better")
    assert claim(run).verdict == "superseded"
    assert [found.key for found in ledger.history(after=None, limit=10)] == [run.occurrence_key]


def test_a_run_that_has_begun_goes_on_when_its_series_was_changed(series, planned, change, claim, end, clock):
    post = planned(series(late_after_minutes=1))
    run = invocation_of(post, clock())
    claim(run)
    end(run, "waiting")
    clock.move(minutes=2)
    change(post, text="Better")
    assert claim(run).verdict == "granted"


@pytest.mark.parametrize("desired", ["active", "paused", "cancelled", "moved"])
def test_a_thread_that_has_begun_goes_on_whatever_became_of_its_series_but_begins_nowhere_else(
    series, planned, change, claim, end, clock, desired
):
    post = planned(series(destinations=("mastodon:ada", "mastodon:ada#2", "bluesky:ada", "bluesky:ada#2")))
    run = invocation_of(post, clock())
    claim(run, "mastodon:ada")
    end(run, "published", destination="mastodon:ada")
    change(post, desired=desired, text="Better")
    assert claim(run, "mastodon:ada#2").verdict == "granted"
    assert claim(run, "bluesky:ada").verdict == claim(run, "bluesky:ada#2").verdict == "superseded"


def test_a_run_of_an_old_rule_is_turned_away_and_told(ledger, series, planned, change, claim, clock):
    post = planned(series())
    change(post, text="Better")
    run = invocation_of(post, clock())
    assert claim(run).verdict == "superseded"
    ledger.record(run, Receipt(kind="handed_over", at=clock(), revision=1))
    assert [outcome(found).state for found in ledger.history(after=None, limit=10)] == ["superseded"]


# A person's retry


@pytest.mark.parametrize("kind", ["refused", "unconfirmed", "waiting"])
def test_what_was_not_published_is_claimed_again_when_a_person_says_so(ledger, once, planned, claim, end, clock, kind):
    payload = due(planned(once()))
    claim(payload)
    end(payload, kind)
    ledger.reopen(payload, ("outbox",), now=clock())
    again = claim(payload)
    assert (again.verdict, again.attempt) == ("granted", 2)
    assert kinds(ledger, payload.occurrence_key) == [kind, "retried"]


def test_a_person_need_not_wait_as_long_as_a_network_asked_for(ledger, once, planned, claim, end, clock):
    payload = due(planned(once()))
    claim(payload)
    end(payload, "waiting", reason="slow down", until=utc_text(clock() + timedelta(minutes=10)))
    ledger.reopen(payload, ("outbox",), now=clock())
    assert ledger.ended_or_paused(payload, "outbox", now=clock()) is None
    assert claim(payload).verdict == "granted"


@pytest.mark.parametrize("destinations", [(), ("outbox",)])
def test_what_is_no_longer_wanted_is_not_retried_whatever_is_asked_for(ledger, once, planned, change, destinations):
    post = planned(once())
    change(post, desired="cancelled")
    with pytest.raises(ChangedElsewhere):
        ledger.reopen(due(post), destinations, now=post.due_at)


def test_all_parts_of_the_longest_threads_are_retried_together(ledger, once, planned, claim, clock):
    threads = [Destination(account, number) for account in ("mastodon:ada", "bluesky:ada") for number in range(1, 51)]
    payload = due(planned(once(destinations=tuple(threads))))
    ledger.record(payload, Receipt(kind="missed", at=clock(), revision=1))
    ledger.reopen(payload, payload.destinations, now=clock())
    assert kinds(ledger, payload.occurrence_key) == ["missed", *["retried"] * 100]
    assert claim(payload, destination=threads[-1]).verdict == "granted"


def test_a_retry_touches_neither_what_is_out_nor_what_is_under_way(ledger, once, planned, claim, end, clock):
    payload = due(planned(once(destinations=("outbox", "webhook:sales"))))
    claim(payload, "outbox")
    end(payload, "published", destination="outbox")
    claim(payload, "webhook:sales")
    ledger.reopen(payload, ("outbox", "webhook:sales"), now=clock())
    assert claim(payload, "outbox").verdict == "published"
    assert claim(payload, "webhook:sales").verdict == "busy"
    assert "retried" not in kinds(ledger, payload.occurrence_key)


def test_a_missed_run_can_be_retried_though_its_series_was_changed_or_cancelled(
    ledger, series, planned, change, claim, clock
):
    post = planned(series())
    run = invocation_of(post, clock())
    ledger.record(run, Receipt(kind="missed", at=clock(), revision=1))
    change(post, desired="cancelled")
    assert claim(run).verdict == "superseded"
    ledger.reopen(run, ("outbox",), now=clock())
    assert claim(run).verdict == "granted"


def test_a_missed_post_whose_retry_came_to_nothing_can_be_given_another_time(
    ledger, once, planned, change, claim, clock
):
    post = planned(once())
    ledger.record(due(post), Receipt(kind="missed", at=clock(), revision=1))
    ledger.reopen(due(post), ("outbox",), now=clock())
    following = change(post, due_at=post.due_at + timedelta(days=1))
    assert claim(due(post)).verdict == "superseded"
    assert claim(due(following)).verdict == "granted"
    with pytest.raises(AlreadyGoingOut):
        change(following, text="Too late")


def test_a_missed_post_that_was_given_another_time_is_not_retried_as_well(ledger, once, planned, change, claim, clock):
    post = planned(once())
    ledger.record(due(post), Receipt(kind="missed", at=clock(), revision=1))
    change(post, due_at=post.due_at + timedelta(days=1))
    with pytest.raises(ChangedElsewhere):
        ledger.reopen(due(post), ("outbox",), now=clock())
    assert claim(due(post)).verdict == "superseded"


# Receipts and History


def test_receipts_are_kept_in_order_of_arrival_with_all_that_they_say(ledger, open_ledger, once, planned, clock):
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


def test_what_never_began_has_no_occurrence(ledger):
    assert ledger.occurrence("000000000000") is None


def test_history_is_paged_latest_due_first_and_skips_nothing(ledger, once, clock):
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
def test_what_befalls_an_old_revision_is_no_news(ledger, once, planned, change, clock, kind):
    post = planned(once())
    change(post, due_at=post.due_at + timedelta(days=1))
    ledger.record(due(post), Receipt(kind=kind, at=clock(), revision=1))
    assert ledger.history(after=None, limit=10) == []
    assert kinds(ledger, post.post_id) == [kind]


def test_a_missed_post_leaves_history_when_it_is_planned_again_and_comes_back_with_its_new_run(
    ledger, once, planned, change, claim, clock
):
    post = planned(once())
    ledger.record(due(post), Receipt(kind="missed", at=clock(), revision=1))
    assert len(ledger.history(after=None, limit=10)) == 1
    again = change(post, due_at=post.due_at + timedelta(days=1))
    assert ledger.history(after=None, limit=10) == []
    claim(due(again))
    (occurrence,) = ledger.history(after=None, limit=10)
    assert occurrence.payload == due(again)
    assert outcome(occurrence).state == "going out"


def test_in_whatever_order_receipts_arrive_the_state_is_the_same(ledger, once, clock):
    story = [
        Receipt(kind="attempt_failed", at=clock(), revision=1, attempt=1),
        Receipt(kind="waiting", at=clock(), revision=1, destination="outbox", detail={"reason": "busy"}),
        Receipt(kind="refused", at=clock(), revision=1, attempt=2, destination="outbox", detail={"reason": "no"}),
        Receipt(kind="handed_over", at=clock(), revision=1, attempt=2),
    ]
    outcomes = set()
    for number, order in enumerate(permutations(story)):
        payload = due(once(number))
        for receipt in order:
            ledger.record(payload, receipt)
        outcomes.add(repr(outcome(ledger.occurrence(payload.occurrence_key))))
    assert len(outcomes) == 1


def test_a_receipt_that_is_brought_twice_changes_no_state(ledger, once, planned, claim, end):
    payload = due(planned(once()))
    claim(payload)
    end(payload, "published", url="/outbox")
    before = outcome(ledger.occurrence(payload.occurrence_key))
    end(payload, "published", url="/outbox")
    assert outcome(ledger.occurrence(payload.occurrence_key)) == before


def test_a_post_of_the_longest_payload_is_kept(ledger, once, planned, claim, end):
    payload = due(planned(once(text="🎉" * 49_000)))
    claim(payload)
    end(payload, "published")
    assert ledger.occurrence(payload.occurrence_key).payload == payload


# Age


def test_what_ended_400_days_ago_is_forgotten_and_nothing_else(
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
    undoable = planned(once(4))
    change(undoable, desired="cancelled")
    ledger.settle(undoable.post_id, 2, now=clock() + SETTLE_GRACE)
    clock.move(days=1)
    forget()
    assert ledger.get(undoable.post_id).settled
    assert ledger.occurrence(old.post_id) is None
    assert ledger.get(old.post_id) is None
    assert ledger.get(cancelled.post_id) is None
    assert ledger.get(later.post_id) is not None
    assert ledger.get(repeating.post_id) is not None
    assert claim(due(old)).verdict == "granted"


def test_a_series_is_forgotten_400_days_after_its_last_date(ledger, series, planned, forget, clock):
    planned(series(repeat=Repeat(expression="cron(0 9 * * ? *)", ends_at=clock() + timedelta(days=10))))
    ledger.settle("0" * 12, 1, now=clock())
    clock.move(days=410)
    forget()
    assert ledger.get("0" * 12) is not None
    clock.move(seconds=1)
    forget()
    assert ledger.get("0" * 12) is None
