"""The ledger of one machine: claims of dead processes, indexed statements and disk errors."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest

from core.errors import MachineShortage
from core.ledger.cursor import Cursor
from core.ledger.port import PlanChange, Receipt
from core.ledger.sqlite import SqliteLedger, open_database
from core.outbox.port import OutboxPost
from core.outbox.sqlite import SqliteOutbox
from core.posts.payload import write_invocation
from core.storage.processes import Presence

CLAIMS_AND_DIES = """
import os, sys
from datetime import datetime, timedelta
from pathlib import Path
from core.ledger.port import ClaimTerms
from core.ledger.sqlite import SqliteLedger, open_database
from core.storage.processes import Presence
from core.posts.destinations import Destination
from core.posts.payload import read_payload

home, now, payload = Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2]), read_payload(sys.argv[3])
ledger = SqliteLedger(open_database(home / "punctual.db", now=now), Presence(home / "processes"))
terms = ClaimTerms(lease_until=now + timedelta(seconds=35), now=now)
claim = ledger.claim(payload, Destination("outbox"), terms)
os._exit(0 if claim.verdict == "granted" else 1)
"""


@pytest.mark.parametrize(("deduplicates", "verdict"), [(True, "granted"), (False, "unconfirmed")])
def test_a_dead_process_loses_its_claims_at_once(
    tmp_path, ledger, claim, a_post, payload_for, clock, deduplicates, verdict
):
    payload = payload_for(a_post())
    arguments = [str(tmp_path), clock().isoformat(), write_invocation(payload)]
    subprocess.run([sys.executable, "-c", CLAIMS_AND_DIES, *arguments], check=True, timeout=30)
    assert claim(ledger, payload, deduplicates=deduplicates).verdict == verdict


def test_a_live_process_keeps_its_claims(tmp_path, database, ledger, claim, a_post, payload_for, clock):
    payload = payload_for(a_post())
    assert claim(ledger, payload).verdict == "granted"
    neighbour = Presence(tmp_path / "processes")
    second = claim(SqliteLedger(database, neighbour), payload, deduplicates=True)
    neighbour.leave()
    assert second.verdict == "busy"


def test_no_statement_scans_a_table_or_sorts_rows(database, ledger, claim, a_post, a_series, payload_for, clock):
    statements: set[str] = set()
    database.write(lambda connection: connection.set_trace_callback(statements.add))
    with database.snapshot() as reader:
        reader.set_trace_callback(statements.add)
    post, series = a_post(), a_series(post_id="0" * 12)
    run = payload_for(series, occurrence=clock())
    entry = OutboxPost(occurrence_key=post.post_id, post_id=post.post_id, text="x", published_at=clock())
    for each in (post, series):
        ledger.plan(PlanChange(post=each, schedule_name="x"), now=clock())
        ledger.change(
            PlanChange(post=each.model_copy(update={"revision": 2}), desired="active", schedule_name="y"), now=clock()
        )
        ledger.settle(each.post_id, 2, now=clock())
    for payload in (run, payload_for(post, revision=2)):
        claim(ledger, payload)
        ledger.record(payload, Receipt(kind="attempt_failed", at=clock(), revision=2))
        ledger.finish(payload, Receipt(kind="refused", at=clock(), revision=2, destination="outbox"))
        ledger.reopen(payload, ("outbox",), now=clock())
    ledger.get(post.post_id)
    ledger.unsettled(changed_before=clock(), limit=9)
    ledger.overdue(due_before=clock(), limit=9)
    ledger.occurrence(post.post_id)
    for after in (None, Cursor(due_at=clock(), key="x")):
        ledger.history(after=after, limit=9)
    ledger.prune(now=clock())
    SqliteOutbox(database).add(entry)
    for place in (None, entry):
        SqliteOutbox(database).feed(limit=9, after=place)
    explained = {}
    with database.snapshot() as reader:
        reader.set_trace_callback(None)
        for statement in statements:
            if statement.startswith(("SELECT", "UPDATE", "DELETE")):
                explained[statement] = [row["detail"] for row in reader.execute(f"EXPLAIN QUERY PLAN {statement}")]
    assert len(explained) > 20
    assert not {
        statement: plan
        for statement, plan in explained.items()
        if any(step.startswith(("SCAN", "USE TEMP B-TREE")) for step in plan)
    }


def test_posts_are_unsettled_in_due_order_after_the_scheduler_lost_its_schedules(ledger, a_post, clock):
    for letter, days in (("a", 3), ("b", 1), ("c", 2)):
        ledger.plan(
            PlanChange(post=a_post(post_id=letter * 12, due_at=clock() + timedelta(days=days)), schedule_name="x"),
            now=clock(),
        )
        ledger.settle(letter * 12, 1, now=clock())
        clock.move(seconds=1)
    ledger.unsettle_all(now=clock())
    clock.move(minutes=1)
    assert [plan.post.post_id[0] for plan in ledger.unsettled(changed_before=clock(), limit=9)] == ["b", "c", "a"]


def test_a_publication_writes_its_payload_once(database, ledger, claim, a_post, payload_for, clock):
    post = a_post(text="these very words")
    ledger.plan(PlanChange(post=post, schedule_name="x"), now=clock())
    statements: list[str] = []
    database.write(lambda connection: connection.set_trace_callback(statements.append))
    payload = payload_for(post)
    claim(ledger, payload)
    ledger.finish(payload, Receipt(kind="published", at=clock(), revision=1, destination="outbox"))
    ledger.record(payload, Receipt(kind="handed_over", at=clock(), revision=1))
    assert sum("these very words" in statement for statement in statements) == 1


def test_a_page_of_history_has_the_receipts_of_each_occurrence(database, ledger, a_post, payload_for, clock):
    for number in range(3):
        payload = payload_for(a_post(post_id=f"{number:012d}"))
        ledger.record(payload, Receipt(kind="missed", at=clock(), revision=1))
    assert [len(found.receipts) for found in ledger.history(after=None, limit=9)] == [1, 1, 1]


def test_a_write_to_a_full_disk_fails_and_changes_nothing(tmp_path, clock, presence, a_post):
    database = open_database(tmp_path / "small.db", now=clock())
    database.write(lambda connection: connection.execute("PRAGMA max_page_count = 30"))
    ledger = SqliteLedger(database, presence)
    with pytest.raises(MachineShortage, match="disk space"):
        ledger.plan(PlanChange(post=a_post(text="x" * 150_000), schedule_name="x"), now=clock())
    assert ledger.get(a_post().post_id) is None
    ledger.plan(PlanChange(post=a_post(text="short"), schedule_name="x"), now=clock())
    database.close()


def test_only_the_user_may_read_the_file(database):
    assert os.stat(database.path).st_mode & 0o077 == 0
