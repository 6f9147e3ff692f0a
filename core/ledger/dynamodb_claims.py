"""Claims on publications in DynamoDB. Each function works on the items of one transaction.

A claim's item has `state`, `attempt`, `lease_until` (milliseconds; 0 for none), `prepared` and `detail` (both JSON). A
claim has no owner: no process on AWS can check whether another one is alive, so the lease alone ends a claim.
"""

import json
from datetime import datetime
from typing import cast

from core.ledger import claim_rules
from core.ledger import dynamodb_layout as layout
from core.ledger import dynamodb_occurrences as occurrences
from core.ledger import dynamodb_plans as plans
from core.ledger.claim_rules import ClaimFacts, ClaimState, StoredClaim
from core.ledger.dynamodb_layout import Item
from core.ledger.dynamodb_transactions import Transaction
from core.ledger.newest_revision import publishes_run
from core.ledger.port import ClaimResult, ClaimTerms, Receipt
from core.posts.destinations import Destination
from core.posts.payload import Payload
from core.time.instants import epoch_ms, from_epoch_ms


def claim(transaction: Transaction, payload: Payload, destination: Destination, terms: ClaimTerms) -> ClaimResult:
    """Claim one publication; see Ledger.claim. A run's transaction needs the claims on all of its accounts, too."""
    stored = _find(transaction, payload, destination)
    facts = ClaimFacts(
        stored=stored,
        superseded=plans.is_superseded(transaction, payload) and not _continues(transaction, payload),
        run_begun=payload.due_at is None and (stored or _find(transaction, payload, destination.account)) is not None,
        owner_alive=True,
        deduplicates=terms.deduplicates,
        now=terms.now,
    )
    refusal = claim_rules.refusal(facts)
    if refusal is None:
        taken = claim_rules.claimed(stored, terms)
        occurrences.begin(transaction, payload, shown=True)
        _put(transaction, payload, destination, taken)
        return ClaimResult(verdict="granted", attempt=taken.attempt, prepared=taken.prepared)
    receipt = claim_rules.refusal_receipt(refusal, stored, payload, destination, terms.now)
    if receipt is not None:
        finish(transaction, payload, destination, receipt)
    return refusal


def finish(transaction: Transaction, payload: Payload, destination: Destination, receipt: Receipt) -> None:
    """Append the receipt of an attempt, and store its effect on the claim; see Ledger.finish."""
    ended = claim_rules.finished(_find(transaction, payload, destination), receipt)
    if ended is not None:
        _put(transaction, payload, destination, ended)
    occurrences.append(transaction, payload, receipt)


def reopen(transaction: Transaction, payload: Payload, destination: Destination, now: datetime) -> None:
    """Allow another claim at the user's request; see Ledger.reopen."""
    reopened = claim_rules.reopened(_find(transaction, payload, destination))
    if reopened is None:
        return
    _put(transaction, payload, destination, reopened)
    receipt = Receipt(
        kind="retried", at=now, revision=payload.revision, attempt=reopened.attempt, destination=destination
    )
    occurrences.append(transaction, payload, receipt)


def read(item: Item) -> StoredClaim:
    """Return the claim in an item."""
    lease_until = int(item["lease_until"])
    return StoredClaim(
        state=cast(ClaimState, item["state"]),
        attempt=int(item["attempt"]),
        lease_until=from_epoch_ms(lease_until) if lease_until else None,
        prepared=json.loads(str(item["prepared"])) if "prepared" in item else None,
        detail=json.loads(str(item["detail"])),
    )


def _continues(transaction: Transaction, payload: Payload) -> bool:
    """Return whether a run has begun at some destination, and its series still has it; see ClaimFacts."""
    plan = transaction.get(layout.plan_key(payload.post_id))
    if (
        payload.due_at is not None
        or plan is None
        or not any(_find(transaction, payload, each) for each in payload.accounts)
    ):
        return False
    return publishes_run(plans.read(plan), payload.occurrence)


def _find(transaction: Transaction, payload: Payload, destination: Destination) -> StoredClaim | None:
    item = transaction.get(layout.claim_key(payload.occurrence_key, destination))
    return read(item) if item is not None else None


def _put(transaction: Transaction, payload: Payload, destination: Destination, claim: StoredClaim) -> None:
    """Write a claim, and its effect on changes of the post."""
    pk, sk = layout.claim_key(payload.occurrence_key, destination)
    item: Item = {
        "pk": pk,
        "sk": sk,
        "state": claim.state,
        "attempt": claim.attempt,
        "lease_until": epoch_ms(claim.lease_until) if claim.lease_until else 0,
        "detail": json.dumps(claim.detail),
        layout.EXPIRY: layout.expiry(payload.due),
    }
    transaction.put(item | ({"prepared": json.dumps(claim.prepared)} if claim.prepared is not None else {}))
    plans.hold(transaction, payload, sk, claim)
