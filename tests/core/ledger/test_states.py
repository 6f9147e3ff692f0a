"""States derived from receipts in any order of arrival."""

from datetime import timedelta
from itertools import permutations

import pytest

from core.ledger.port import Occurrence, Receipt
from core.ledger.states import outcome


@pytest.fixture
def derived(a_post, payload_for, clock):
    """Return the outcome of receipts, each (kind, seconds, changes), and assert that their order does not matter."""

    def derive(*given, destinations=("outbox",), revision=1, **members):
        payload = payload_for(a_post(destinations=destinations, revision=revision, **members))
        receipts = [built(*each, clock()) for each in given]
        outcomes = {
            repr(outcome(Occurrence(key="k", payload=payload, receipts=order))) for order in permutations(receipts)
        }
        assert len(outcomes) == 1, "the order of arrival changes the outcome"
        return outcome(Occurrence(key="k", payload=payload, receipts=tuple(receipts)))

    return derive


def built(kind, seconds, changed, start):
    whole = kind in ("handed_over", "attempt_failed", "missed", "failed")
    members = {"revision": 1, "destination": None if whole else "outbox", **changed}
    return Receipt(kind=kind, at=start + timedelta(seconds=seconds), **members)


def receipt(kind, seconds=0, **changed):
    return kind, seconds, changed


PUBLISHED = receipt("published", 1, detail={"url": "/outbox"})
WAITING = receipt("waiting", 1, detail={"reason": "busy"})
REFUSED = receipt("refused", 1, detail={"reason": "no"})
UNCONFIRMED = receipt("unconfirmed", 1, detail={"reason": "reset"})
HANDED_OVER = receipt("handed_over", 2)
FAILED_ATTEMPT = receipt("attempt_failed", 2, detail={"reason": "down"})
MISSED = receipt("missed", 3, detail={"reason": "late"})
FAILED = receipt("failed", 3, detail={"reason": "gave up"})


@pytest.mark.parametrize(
    ("receipts", "state"),
    [
        ([], "going out"),
        ([PUBLISHED], "published"),
        ([PUBLISHED, HANDED_OVER], "published"),
        ([PUBLISHED, FAILED_ATTEMPT], "published"),
        ([PUBLISHED, MISSED], "published"),
        ([PUBLISHED, FAILED], "published"),
        ([PUBLISHED, UNCONFIRMED], "published"),
        ([PUBLISHED, REFUSED], "published"),
        ([UNCONFIRMED, HANDED_OVER], "unconfirmed"),
        ([UNCONFIRMED, REFUSED], "unconfirmed"),
        ([REFUSED, HANDED_OVER], "refused"),
        ([REFUSED, WAITING], "refused"),
        ([WAITING], "retrying"),
        ([WAITING, FAILED_ATTEMPT], "retrying"),
        ([WAITING, FAILED_ATTEMPT, FAILED], "failed"),
        ([FAILED_ATTEMPT], "retrying"),
        ([FAILED_ATTEMPT, HANDED_OVER], "handed over"),
        ([HANDED_OVER], "handed over"),
        ([HANDED_OVER, MISSED], "handed over"),
        ([HANDED_OVER, FAILED], "handed over"),
        ([MISSED], "missed"),
        ([FAILED_ATTEMPT, FAILED], "failed"),
    ],
)
def test_receipts_have_a_precedence(derived, receipts, state):
    assert derived(*receipts).state == state


def test_a_later_attempt_takes_precedence_over_an_earlier_one(derived):
    assert derived(receipt("unconfirmed", 1, attempt=1), receipt("refused", 2, attempt=2)).state == "refused"
    assert derived(receipt("refused", 1, attempt=1), receipt("waiting", 2, attempt=2)).state == "retrying"


def test_receipts_of_an_earlier_revision_do_not_count_except_a_publication(derived):
    assert derived(MISSED, receipt("handed_over", 9, revision=2), revision=2).state == "handed over"
    assert derived(MISSED, revision=2).state == "going out"
    assert derived(PUBLISHED, revision=2).state == "published"


def test_a_relay_that_gives_up_after_the_late_limit_ends_the_newest_revision_too(derived):
    """It was invoked with an earlier revision, and delivered the newest one."""
    day = 24 * 3600
    waiting = receipt("waiting", 1, revision=2)
    assert derived(waiting, receipt("failed", day), revision=2).state == "failed"
    assert derived(waiting, receipt("failed", 3), receipt("attempt_failed", day), revision=2).state == "retrying"
    assert derived(receipt("published", 1, revision=2), receipt("failed", day), revision=2).state == "published"


def test_the_end_of_an_earlier_revision_before_the_newest_one_is_due_does_not_count(derived):
    """A post without a late limit failed, and was moved to a later time."""
    day = 86_400
    waiting = receipt("waiting", day, revision=2)
    members = {"revision": 2, "late_after_minutes": None}
    assert derived(FAILED, waiting, **members).state == "retrying"
    assert derived(receipt("failed", day), waiting, **members).state == "failed"


@pytest.mark.parametrize("first", [REFUSED, UNCONFIRMED, MISSED, FAILED])
def test_a_retry_without_a_result_hides_nothing(derived, first):
    before = derived(first)
    assert derived(first, receipt("retried", 9)).state == before.state
    assert derived(first, receipt("retried", 9)).reason == before.reason


@pytest.mark.parametrize("first", [REFUSED, UNCONFIRMED, MISSED, FAILED])
@pytest.mark.parametrize(
    ("then", "state"),
    [
        (receipt("attempt_failed", 10), "retrying"),
        (receipt("refused", 10, attempt=2), "refused"),
        (receipt("waiting", 10, attempt=2), "retrying"),
        (receipt("published", 10, attempt=2), "published"),
        (receipt("failed", 10), "failed"),
    ],
)
def test_the_result_of_a_retry_replaces_earlier_results(derived, first, then, state):
    assert derived(first, receipt("retried", 9), then).state == state


def test_a_result_of_the_relay_at_the_instant_of_the_retry_replaces_earlier_results(derived):
    """A retry and its result may have the same millisecond; the relay's older `handed_over` must not hide it."""
    assert derived(HANDED_OVER, receipt("retried", 9), receipt("failed", 9)).state == "failed"


def test_attempts_decide_what_follows_a_retry_because_clocks_may_differ(derived):
    assert (
        derived(REFUSED, receipt("retried", 9, attempt=1), receipt("unconfirmed", 5, attempt=2)).state == "unconfirmed"
    )


def test_an_occurrence_has_the_state_of_its_worst_destination(derived):
    both = ("outbox", "webhook:sales")
    at_sales = {"destination": "webhook:sales"}
    assert derived(PUBLISHED, destinations=both).state == "going out"
    assert derived(PUBLISHED, receipt("published", 1, **at_sales), destinations=both).state == "published"
    assert derived(PUBLISHED, receipt("refused", 1, **at_sales), destinations=both).state == "refused"
    assert derived(PUBLISHED, FAILED, destinations=both).state == "failed"
    assert derived(REFUSED, receipt("unconfirmed", 1, **at_sales), destinations=both).state == "unconfirmed"


def test_an_outcome_has_an_instant_a_permalink_a_reason_and_the_number_of_attempts(derived, clock):
    both = ("outbox", "webhook:sales")
    refused = receipt("refused", 4, attempt=3, destination="webhook:sales", detail={"reason": "no such hook"})
    found = derived(PUBLISHED, refused, destinations=both)
    assert found.published_at == clock() + timedelta(seconds=1)
    assert found.url == "/outbox"
    assert found.reason == "no such hook"
    assert found.attempts == 3
    assert [(each.destination, each.state) for each in found.destinations] == [
        ("outbox", "published"),
        ("webhook:sales", "refused"),
    ]


def test_the_first_of_two_publications_counts(derived, clock):
    found = derived(PUBLISHED, receipt("published", 5, detail={"url": "/another"}))
    assert (found.published_at, found.url) == (clock() + timedelta(seconds=1), "/outbox")


@pytest.mark.parametrize(
    ("kind", "member"), [("refused", "reason"), ("published", "url"), ("attempt_failed", "reason")]
)
def test_receipts_of_the_same_instant_have_a_stable_order(derived, kind, member):
    derived(receipt(kind, 1, detail={member: "a"}), receipt(kind, 1, detail={member: "b"}))


def aside(number, *results, seconds=9):
    named = {"outbox": " ".join(results)} if results else {}
    return receipt("set_aside", seconds, destination=None, attempt=0, detail={"number": number, "results": named})


@pytest.mark.parametrize(
    ("receipts", "set_aside"),
    [
        ([REFUSED, aside(1, "refused 2026-11-02T12:00:01Z")], True),
        ([MISSED, aside(1, "missed 2026-11-02T12:00:03Z")], True),
        ([REFUSED, aside(1, "refused 2026-11-02T12:00:01Z"), aside(2, seconds=8)], False),
        ([REFUSED, aside(1), aside(2, "refused 2026-11-02T12:00:01Z", seconds=8)], True),
        ([REFUSED, aside(1, "refused 2026-11-02T12:00:01Z"), receipt("refused", 5, attempt=2)], False),
        ([REFUSED, aside(1, "refused 2026-11-02T12:00:01Z"), receipt("published", 5, attempt=2)], False),
    ],
)
def test_a_result_is_set_aside_by_the_last_decision_until_another_result(derived, receipts, set_aside):
    found = derived(*receipts)
    assert found.destinations[0].set_aside is set_aside
    assert found.attempts < 3
