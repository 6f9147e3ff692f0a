"""Claims on publications in SQLite. Each function works in its connection's transaction.

Destinations are bound as plain strings: sqlite3 searches for an adapter for each value of a subclass (about 1 µs).
"""

import json
import sqlite3
from datetime import datetime, timedelta

from core.ledger import claim_rules
from core.ledger import sqlite_occurrences as occurrences
from core.ledger import sqlite_plans as plans
from core.ledger.claim_rules import ClaimFacts, StoredClaim
from core.ledger.newest_revision import publishes_run
from core.ledger.port import ClaimResult, ClaimTerms, Receipt
from core.posts.destinations import Destination
from core.posts.payload import Payload
from core.storage.processes import Presence
from core.time.instants import epoch_ms, from_epoch_ms
from lambda_pkg.receipts import RECEIPTS_KEPT

FIND = (
    "SELECT state, attempt, owner, lease_until, prepared, detail FROM claim"
    " WHERE occurrence_key = ? AND destination = ?"
)
"""Selects the claim on one publication of an occurrence."""


def find(connection: sqlite3.Connection, key: str, destination: str) -> StoredClaim | None:
    """Return the claim on one publication of the occurrence `key`."""
    row = connection.execute(FIND, (key, str(destination))).fetchone()
    return None if row is None else read(row)


def read(row: sqlite3.Row) -> StoredClaim:
    """Return the claim in a row of FIND."""
    state, attempt, owner, lease_until, prepared, detail = row
    return StoredClaim(
        state=state,
        attempt=attempt,
        owner=owner,
        lease_until=from_epoch_ms(lease_until) if lease_until else None,
        prepared=json.loads(prepared) if prepared else None,
        detail=json.loads(detail),
    )


def claim(
    connection: sqlite3.Connection,
    payload: Payload,
    destination: Destination,
    terms: ClaimTerms,
    presence: Presence,
) -> ClaimResult:
    """Claim one publication for the process of `presence`; see Ledger.claim."""
    key = payload.occurrence_key
    stored = find(connection, key, destination)
    facts = ClaimFacts(
        stored=stored,
        superseded=plans.is_superseded(connection, payload) and not _continues(connection, payload),
        run_begun=payload.due_at is None and (stored or find(connection, key, destination.account)) is not None,
        owner_alive=stored is not None and stored.state == "claimed" and presence.is_alive(stored.owner),
        deduplicates=terms.deduplicates,
        now=terms.now,
    )
    refusal = claim_rules.refusal(facts)
    if refusal is None:
        taken = claim_rules.claimed(stored, terms, owner=presence.token)
        _put(connection, payload, destination, taken)
        occurrences.begin(connection, payload, shown=True)
        return ClaimResult(verdict="granted", attempt=taken.attempt, prepared=taken.prepared)
    receipt = claim_rules.refusal_receipt(refusal, stored, payload, destination, terms.now)
    if receipt is not None:
        finish(connection, payload, receipt)
    return refusal


def finish(connection: sqlite3.Connection, payload: Payload, receipt: Receipt) -> None:
    """Append the receipt of an attempt, and store its effect on the claim; see Ledger.finish."""
    key, destination = payload.occurrence_key, str(claim_rules.claimed_destination(receipt))
    ended = claim_rules.finished(find(connection, key, destination), receipt)
    if ended is not None:
        connection.execute(
            "UPDATE claim SET state = ?, detail = ?, lease_until = 0 WHERE occurrence_key = ? AND destination = ?",
            (ended.state, json.dumps(ended.detail), key, destination),
        )
    occurrences.append(connection, payload, receipt)


def reopen(connection: sqlite3.Connection, payload: Payload, destination: Destination, now: datetime) -> None:
    """Allow another claim at the user's request; see Ledger.reopen."""
    reopened = claim_rules.reopened(find(connection, payload.occurrence_key, destination))
    if reopened is None:
        return
    _put(connection, payload, destination, reopened)
    receipt = Receipt(
        kind="retried", at=now, revision=payload.revision, attempt=reopened.attempt, destination=destination
    )
    occurrences.append(connection, payload, receipt)


def blocks_change(connection: sqlite3.Connection, post_id: str, now: datetime) -> bool:
    """Return whether a claim forbids a change of the post.

    Any claim on a one-time post forbids it. On a repeating post only a claim that may still continue does. A claim
    without an attempt (a user's retry) forbids nothing.
    """
    blocking = connection.execute(
        "SELECT 1 FROM claim WHERE attempt > 0 AND (occurrence_key = :post_id"
        " OR (post_id = :post_id AND state IN ('claimed', 'waiting')"
        " AND (lease_until > :now OR late_at IS NULL OR late_at > :now))) LIMIT 1",
        {"post_id": post_id, "now": epoch_ms(now)},
    )
    return blocking.fetchone() is not None


def prune(connection: sqlite3.Connection, now: datetime, limit: int) -> None:
    """Delete up to `limit` expired claims."""
    connection.execute(
        "DELETE FROM claim WHERE (occurrence_key, destination) IN"
        " (SELECT occurrence_key, destination FROM claim WHERE expires_at < ? ORDER BY expires_at LIMIT ?)",
        (epoch_ms(now), limit),
    )


def _continues(connection: sqlite3.Connection, payload: Payload) -> bool:
    """Return whether a run has begun at some destination, and its series still has it; see ClaimFacts."""
    if payload.due_at is not None:
        return False
    begun = connection.execute("SELECT 1 FROM claim WHERE occurrence_key = ? LIMIT 1", (payload.occurrence_key,))
    return begun.fetchone() is not None and publishes_run(plans.get(connection, payload.post_id), payload.occurrence)


def _put(connection: sqlite3.Connection, payload: Payload, destination: Destination, claim: StoredClaim) -> None:
    late = payload.late_after_minutes
    connection.execute(
        "INSERT OR REPLACE INTO claim (occurrence_key, destination, post_id, state, attempt, owner, lease_until,"
        " late_at, prepared, detail, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            payload.occurrence_key,
            str(destination),
            payload.post_id,
            claim.state,
            claim.attempt,
            claim.owner,
            epoch_ms(claim.lease_until) if claim.lease_until else 0,
            epoch_ms(payload.due + timedelta(minutes=late)) if late is not None else None,
            json.dumps(claim.prepared) if claim.prepared is not None else None,
            json.dumps(claim.detail),
            epoch_ms(payload.due + RECEIPTS_KEPT),
        ),
    )
