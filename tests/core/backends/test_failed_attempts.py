"""Attempts that fail before the relay sends anything: each leaves a receipt with its reason."""

import errno
from datetime import timedelta

import pytest

from core.backends.lost_results import RESTORED
from core.backends.relay_host import INTERNAL_ERROR
from core.errors import MachineShortage
from core.ledger.port import ClaimTerms, PlanChange, Receipt
from core.ledger.states import outcome
from core.posts.payload import ScheduleName, UnreadablePayload
from core.storage.home_errors import SecretUnusable
from lambda_pkg.relay import AttemptFailed, InvokedTooEarly


@pytest.fixture
def payload(clock, a_post, payload_for):
    """Return an occurrence that is due now, with a late limit of ten minutes."""
    return payload_for(a_post(due_at=clock(), late_after_minutes=10))


@pytest.fixture
def outcome_now(ledger, payload):
    """Return the outcome of the occurrence."""
    return lambda: outcome(ledger.occurrence(payload.occurrence_key))


def failing(error):
    def fail():
        raise error

    return fail


FAILURES = [
    (SecretUnusable("signing-secret", "the file is empty"), "signing-secret cannot be used: the file is empty. Put"),
    (OSError(errno.EMFILE, "Too many open files"), "This machine is short of file handles: the post cannot be sent"),
    (OSError(errno.ENOMEM, "Cannot allocate memory"), "This machine is short of memory: the post cannot be sent"),
    (MemoryError(), "This machine is short of memory"),
    (MachineShortage("disk space", "Free some."), "This machine is short of disk space. Nothing is lost"),
    (ZeroDivisionError("a bug"), INTERNAL_ERROR),
]


@pytest.mark.parametrize(("error", "reason"), FAILURES)
@pytest.mark.parametrize("part", ["secrets", "posting_url"])
def test_a_failure_before_the_relay_leaves_a_receipt_with_its_reason_and_is_raised(
    make_host, invocation, start_server, payload, outcome_now, error, reason, part
):
    server = start_server(200)
    host = make_host(failing(error)) if part == "posting_url" else make_host(server.url, secrets=failing(error))
    with pytest.raises(type(error)):
        host(invocation(payload, attempt=2))
    assert server.requests == []
    assert (outcome_now().state, outcome_now().attempts) == ("retrying", 2)
    assert outcome_now().reason.startswith(reason)
    make_host(server.url)(invocation(payload, attempt=3))
    assert outcome_now().state == "handed over"


def test_past_the_late_limit_a_failure_before_the_relay_is_shown_as_failed(
    make_host, invocation, payload, outcome_now, clock
):
    host = make_host("http://127.0.0.1:9/publish", secrets=failing(SecretUnusable("secret", "the file is empty")))
    clock.move(minutes=11)
    with pytest.raises(SecretUnusable):
        host(invocation(payload, attempt=2))
    assert outcome_now().state == "failed"
    assert "the file is empty" in outcome_now().reason


def test_an_invocation_long_before_its_instant_leaves_a_receipt(
    make_host, invocation, ledger, clock, a_post, payload_for
):
    payload = payload_for(a_post(due_at=clock() + timedelta(hours=1)))
    with pytest.raises(InvokedTooEarly):
        make_host("http://127.0.0.1:9/publish")(invocation(payload))
    assert "before the due instant" in outcome(ledger.occurrence(payload.occurrence_key)).reason


@pytest.mark.parametrize("revision", [1, 2])
def test_an_unreadable_payload_leaves_a_receipt_of_the_post_that_its_schedule_belongs_to(
    make_host, invocation, ledger, clock, a_post, revision
):
    post = a_post(due_at=clock())
    ledger.plan(PlanChange(post=post, schedule_name=str(ScheduleName.of(post))), now=clock())
    if revision == 2:
        later = post.model_copy(update={"revision": 2, "due_at": clock() + timedelta(hours=1)})
        ledger.change(PlanChange(post=later, desired="active", schedule_name=str(ScheduleName.of(later))), now=clock())
    host = make_host("http://127.0.0.1:9/publish")
    with pytest.raises(UnreadablePayload):
        host(invocation(b"{}", schedule_name=str(ScheduleName.of(post))))
    found = ledger.occurrence(post.post_id)
    if revision == 2:
        assert found is None
    else:
        assert outcome(found).state == "retrying"
        assert "version" in outcome(found).reason


@pytest.mark.parametrize("name", [None, "nightly-report", "post-20261102T120000Z-k3v9q2m4cx7a"])
def test_an_unreadable_payload_of_an_unknown_schedule_is_only_raised(make_host, invocation, ledger, name):
    with pytest.raises(UnreadablePayload):
        make_host("http://127.0.0.1:9/publish")(invocation(b"{}", schedule_name=name))
    assert ledger.history(after=None, limit=1) == []


# Restored backups


def test_a_post_that_was_due_before_a_backup_was_restored_is_unconfirmed_and_not_sent(
    make_host, invocation, start_server, payload, outcome_now, clock
):
    server, due = start_server(200), invocation(payload)
    make_host(server.url, restored_at=clock.move(minutes=1))(due)
    assert server.requests == []
    assert (outcome_now().state, outcome_now().reason) == ("unconfirmed", RESTORED)


def test_a_post_that_is_due_after_a_backup_was_restored_is_sent(
    make_host, invocation, start_server, ledger, clock, a_post, payload_for
):
    server, restored_at = start_server(200), clock()
    clock.move(seconds=1)
    payload = payload_for(a_post(due_at=clock()))
    make_host(server.url, restored_at=restored_at)(invocation(payload))
    assert len(server.requests) == 1


def test_a_result_in_the_backup_is_kept(make_host, invocation, ledger, payload, outcome_now, clock):
    [destination] = payload.destinations
    claim = ledger.claim(payload, destination, ClaimTerms(lease_until=clock() + timedelta(minutes=1), now=clock()))
    ledger.finish(
        payload,
        Receipt(kind="published", at=clock(), revision=1, attempt=claim.attempt, destination=destination),
    )
    make_host("http://127.0.0.1:9/publish", restored_at=clock())(invocation(payload, attempt=2))
    assert outcome_now().state == "published"


def test_a_post_whose_network_asked_for_a_pause_before_the_backup_is_unconfirmed_too(
    make_host, invocation, ledger, payload, outcome_now, clock
):
    [destination] = payload.destinations
    claim = ledger.claim(payload, destination, ClaimTerms(lease_until=clock() + timedelta(minutes=1), now=clock()))
    until = (clock() + timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    ledger.finish(
        payload,
        Receipt(
            kind="waiting",
            at=clock(),
            revision=1,
            attempt=claim.attempt,
            destination=destination,
            detail={"until": until, "reason": "slow down"},
        ),
    )
    make_host("http://127.0.0.1:9/publish", restored_at=clock())(invocation(payload, attempt=2))
    assert outcome_now().state == "unconfirmed"


def test_an_occurrence_that_the_engine_gives_up_has_failed_with_the_reason(
    make_host, invocation, payload, outcome_now, ledger
):
    host = make_host("http://127.0.0.1:9/publish")
    with pytest.raises(AttemptFailed):
        host(invocation(payload))
    assert outcome_now().state == "retrying"
    host.give_up(invocation(payload), "Nothing listens.")
    assert (outcome_now().state, outcome_now().in_progress) == ("failed", False)
    assert (
        "Nothing listens. It is too old for another attempt by itself"
        in [receipt.detail["reason"] for receipt in ledger.occurrence(payload.occurrence_key).receipts][-1]
    )


def test_giving_up_changes_no_published_destination(make_host, invocation, payload, outcome_now, ledger, clock):
    destination = payload.destinations[0]
    claim = ledger.claim(payload, destination, ClaimTerms(lease_until=clock() + timedelta(seconds=35), now=clock()))
    published = Receipt(
        kind="published", at=clock(), revision=1, attempt=claim.attempt, destination=destination, detail={}
    )
    ledger.finish(payload, published)
    make_host("http://127.0.0.1:9/publish").give_up(invocation(payload), "The answer was lost.")
    assert outcome_now().state == "published"


def test_giving_up_what_no_home_has_planned_changes_nothing(make_host, invocation, ledger):
    make_host("http://127.0.0.1:9/publish").give_up(invocation(b"{}"), "Cannot be read.")
    assert ledger.history(after=None, limit=10) == []
