"""The rules for claims, which every ledger follows."""

from datetime import UTC, datetime, timedelta

import pytest

from core.ledger.claim_rules import (
    STOPPED_WHILE_PUBLISHING,
    ClaimFacts,
    StoredClaim,
    claimed,
    ended_or_paused,
    finished,
    refusal,
    refusal_receipt,
    reopened,
)
from core.ledger.port import ClaimResult, ClaimTerms, Receipt
from core.posts.destinations import Destination
from core.time.instants import utc_text

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
OUTBOX = Destination("outbox")
HELD = StoredClaim(state="claimed", attempt=3, owner="token", lease_until=NOW + MILLISECOND, prepared={"rkey": "3k"})
EXPIRED = HELD._replace(lease_until=NOW)
WAITING = StoredClaim(state="waiting", attempt=2, detail={"reason": "busy"})
PAUSED = WAITING._replace(detail={"reason": "slow down", "until": utc_text(NOW + MILLISECOND)})
ENDED = [
    StoredClaim(state=state, attempt=2, detail={"reason": "so"}) for state in ("published", "refused", "unconfirmed")
]


@pytest.fixture
def verdict():
    """Return the verdict on a stored claim; each fact may be changed."""

    def decided(stored, **changed):
        facts = {"superseded": False, "run_begun": False, "owner_alive": True, "deduplicates": False, **changed}
        refused = refusal(ClaimFacts(stored=stored, now=NOW, **facts))
        return refused.verdict if refused is not None else "granted"

    return decided


# refusal


@pytest.mark.parametrize("stored", [None, StoredClaim(), WAITING, PAUSED._replace(detail={"until": utc_text(NOW)})])
def test_a_publication_without_an_attempt_in_progress_is_granted(verdict, stored):
    assert verdict(stored) == "granted"


@pytest.mark.parametrize("stored", [None, StoredClaim(), WAITING, PAUSED])
def test_a_superseded_revision_is_refused_before_an_attempt_and_while_it_waits(verdict, stored):
    assert verdict(stored, superseded=True) == "superseded"


@pytest.mark.parametrize(
    ("stored", "expected"), [(HELD, "busy"), (EXPIRED, "unconfirmed"), *((each, each.state) for each in ENDED)]
)
def test_a_superseded_revision_keeps_its_attempt_and_its_result(verdict, stored, expected):
    assert verdict(stored, superseded=True) == expected


@pytest.mark.parametrize(("stored", "expected"), [(None, "granted"), (WAITING, "granted"), (PAUSED, "waiting")])
def test_a_run_that_has_begun_continues_although_its_series_was_changed(verdict, stored, expected):
    assert verdict(stored, superseded=True, run_begun=True) == expected


@pytest.mark.parametrize("deduplicates", [True, False])
def test_a_claim_with_a_lease_and_a_live_owner_is_busy_until_the_lease_ends(deduplicates):
    facts = ClaimFacts(
        stored=HELD, superseded=False, run_begun=False, owner_alive=True, deduplicates=deduplicates, now=NOW
    )
    assert refusal(facts) == ClaimResult(verdict="busy", attempt=3, until=NOW + MILLISECOND)


@pytest.mark.parametrize(("stored", "owner_alive"), [(EXPIRED, True), (EXPIRED, False), (HELD, False)])
def test_an_abandoned_claim_is_granted_again_only_if_the_network_deduplicates(verdict, stored, owner_alive):
    assert verdict(stored, owner_alive=owner_alive, deduplicates=True) == "granted"
    assert verdict(stored, owner_alive=owner_alive) == "unconfirmed"


def test_an_abandoned_claim_that_becomes_unconfirmed_has_its_attempt_and_a_reason():
    facts = ClaimFacts(stored=EXPIRED, superseded=False, run_begun=False, owner_alive=True, deduplicates=False, now=NOW)
    reason = {"reason": STOPPED_WHILE_PUBLISHING}
    assert refusal(facts) == ClaimResult(verdict="unconfirmed", attempt=3, detail=reason)


# ended_or_paused


@pytest.mark.parametrize("stored", [None, HELD, EXPIRED, StoredClaim(), WAITING])
def test_a_claim_without_a_result_or_a_pause_is_neither_ended_nor_paused(stored):
    assert ended_or_paused(stored, NOW) is None


@pytest.mark.parametrize("stored", ENDED)
def test_an_ended_claim_returns_its_result(stored):
    assert ended_or_paused(stored, NOW) == ClaimResult(verdict=stored.state, attempt=2, detail={"reason": "so"})


def test_a_pause_lasts_until_its_instant():
    until = NOW + MILLISECOND
    assert ended_or_paused(PAUSED, NOW) == ClaimResult(verdict="waiting", attempt=2, until=until, detail=PAUSED.detail)
    assert ended_or_paused(PAUSED, until) is None


# refusal_receipt


def test_a_superseded_claim_leaves_a_receipt_of_its_revision(payload_for, a_post):
    payload = payload_for(a_post(revision=4))
    receipt = refusal_receipt(ClaimResult(verdict="superseded"), None, payload, OUTBOX, NOW)
    assert receipt == Receipt(kind="superseded", at=NOW, revision=4, destination=OUTBOX)


def test_an_abandoned_claim_leaves_a_receipt_of_its_attempt(payload_for, a_post):
    unconfirmed = ClaimResult(verdict="unconfirmed", attempt=3, detail={"reason": "so"})
    receipt = refusal_receipt(unconfirmed, EXPIRED, payload_for(a_post()), OUTBOX, NOW)
    assert receipt == Receipt(
        kind="unconfirmed", at=NOW, revision=1, attempt=3, destination=OUTBOX, detail={"reason": "so"}
    )


@pytest.mark.parametrize(
    ("verdict", "stored"), [("busy", HELD), ("waiting", PAUSED), *((each.state, each) for each in ENDED)]
)
def test_other_refusals_leave_no_receipt(payload_for, a_post, verdict, stored):
    assert refusal_receipt(ClaimResult(verdict=verdict), stored, payload_for(a_post()), OUTBOX, NOW) is None


# claimed


@pytest.mark.parametrize(("stored", "attempt"), [(None, 1), (StoredClaim(), 1), (WAITING, 3), (EXPIRED, 4)])
def test_each_claim_counts_one_attempt_more_and_has_an_owner_and_a_lease(stored, attempt):
    taken = claimed(stored, ClaimTerms(lease_until=NOW, now=NOW), owner="mine")
    assert (taken.state, taken.attempt, taken.owner, taken.lease_until) == ("claimed", attempt, "mine", NOW)
    assert taken.detail == {}


@pytest.mark.parametrize(
    ("stored", "prepared", "kept"),
    [
        (None, {"rkey": "new"}, {"rkey": "new"}),
        (None, None, None),
        (WAITING, {"rkey": "new"}, {"rkey": "new"}),
        (EXPIRED, {"rkey": "new"}, {"rkey": "3k"}),
        (EXPIRED, None, {"rkey": "3k"}),
        (WAITING._replace(prepared={}), {"rkey": "new"}, {}),
    ],
)
def test_a_claim_keeps_the_first_prepared_content(stored, prepared, kept):
    assert claimed(stored, ClaimTerms(prepared=prepared, lease_until=NOW, now=NOW)).prepared == kept


# finished


def receipt_of(kind: str, attempt: int) -> Receipt:
    return Receipt(kind=kind, at=NOW, revision=1, attempt=attempt, destination=OUTBOX, detail={"reason": "so"})


@pytest.mark.parametrize("kind", ["published", "refused", "unconfirmed", "waiting"])
@pytest.mark.parametrize("attempt", [3, 4])
def test_a_receipt_of_the_last_attempt_ends_the_claim(kind, attempt):
    ended = finished(HELD, receipt_of(kind, attempt))
    assert (ended.state, ended.attempt, ended.lease_until, ended.detail) == (kind, 3, None, {"reason": "so"})
    assert ended.prepared == {"rkey": "3k"}


@pytest.mark.parametrize("kind", ["refused", "unconfirmed", "waiting"])
def test_only_a_publication_counts_if_it_is_of_an_earlier_attempt(kind):
    assert finished(HELD, receipt_of(kind, 2)) is None
    assert finished(HELD, receipt_of("published", 2)).state == "published"


@pytest.mark.parametrize("kind", ["published", "refused", "unconfirmed", "waiting"])
def test_nothing_replaces_a_publication(kind):
    assert finished(StoredClaim(state="published", attempt=1), receipt_of(kind, 2)) is None


@pytest.mark.parametrize("stored", [None, WAITING])
def test_a_superseded_receipt_ends_no_claim(stored):
    assert finished(stored, receipt_of("superseded", 2)) is None


def test_a_receipt_without_a_claim_creates_none():
    assert finished(None, receipt_of("published", 1)) is None


# reopened


@pytest.mark.parametrize("stored", [WAITING, PAUSED, *ENDED[1:]])
def test_a_users_retry_ends_a_pause_and_a_result_and_keeps_the_attempts(stored):
    assert reopened(stored._replace(prepared={"rkey": "3k"})) == StoredClaim(attempt=2, prepared={"rkey": "3k"})


def test_a_users_retry_before_any_attempt_counts_none():
    assert reopened(None) == StoredClaim(state="waiting", attempt=0)


@pytest.mark.parametrize("stored", [HELD, EXPIRED, ENDED[0]])
def test_a_users_retry_changes_neither_an_attempt_nor_a_publication(stored):
    assert reopened(stored) is None
