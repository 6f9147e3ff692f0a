"""States derived from receipts, whatever their order."""

from datetime import timedelta
from itertools import permutations

import pytest

from core.ledger.port import Occurrence, Receipt
from core.ledger.states import outcome


@pytest.fixture
def told(a_post, invoked, clock):
    """Return what receipts say; each is (kind, seconds, changes), and every order must say the same."""

    def tell(*said, destinations=("outbox",), revision=1):
        payload = invoked(a_post(destinations=destinations, revision=revision))
        receipts = [receipt(*each, clock()) for each in said]
        found = {
            repr(outcome(Occurrence(key="k", payload=payload, receipts=order))) for order in permutations(receipts)
        }
        assert len(found) == 1, "the order of arrival counts"
        return outcome(Occurrence(key="k", payload=payload, receipts=tuple(receipts)))

    return tell


def receipt(kind, seconds, changed, start):
    whole = kind in ("handed_over", "attempt_failed", "missed", "failed")
    members = {"revision": 1, "destination": None if whole else "outbox", **changed}
    return Receipt(kind=kind, at=start + timedelta(seconds=seconds), **members)


def said(kind, seconds=0, **changed):
    return kind, seconds, changed


PUBLISHED = said("published", 1, detail={"url": "/outbox"})
WAITING = said("waiting", 1, detail={"reason": "busy"})
REFUSED = said("refused", 1, detail={"reason": "no"})
UNCONFIRMED = said("unconfirmed", 1, detail={"reason": "reset"})
HANDED_OVER = said("handed_over", 2)
FAILED_ATTEMPT = said("attempt_failed", 2, detail={"reason": "down"})
MISSED = said("missed", 3, detail={"reason": "late"})
FAILED = said("failed", 3, detail={"reason": "gave up"})


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
def test_receipts_have_their_precedence(told, receipts, state):
    assert told(*receipts).state == state


def test_a_later_attempt_counts_more_than_an_earlier_one(told):
    assert told(said("unconfirmed", 1, attempt=1), said("refused", 2, attempt=2)).state == "refused"
    assert told(said("refused", 1, attempt=1), said("waiting", 2, attempt=2)).state == "retrying"


def test_earlier_revisions_count_no_more_unless_something_went_out(told):
    assert told(MISSED, said("handed_over", 9, revision=2), revision=2).state == "handed over"
    assert told(MISSED, revision=2).state == "going out"
    assert told(PUBLISHED, revision=2).state == "published"


@pytest.mark.parametrize("first", [REFUSED, UNCONFIRMED, MISSED, FAILED])
def test_a_retry_of_which_nothing_came_yet_hides_nothing(told, first):
    before = told(first)
    assert told(first, said("retried", 9)).state == before.state
    assert told(first, said("retried", 9)).reason == before.reason


@pytest.mark.parametrize("first", [REFUSED, UNCONFIRMED, MISSED, FAILED])
@pytest.mark.parametrize(
    ("then", "state"),
    [
        (said("attempt_failed", 10), "retrying"),
        (said("refused", 10, attempt=2), "refused"),
        (said("waiting", 10, attempt=2), "retrying"),
        (said("published", 10, attempt=2), "published"),
        (said("failed", 10), "failed"),
    ],
)
def test_what_comes_of_a_retry_replaces_what_was_before_it(told, first, then, state):
    assert told(first, said("retried", 9), then).state == state


def test_a_retry_is_counted_by_attempts_where_clocks_differ(told):
    assert told(REFUSED, said("retried", 9, attempt=1), said("unconfirmed", 5, attempt=2)).state == "unconfirmed"


def test_the_state_of_the_whole_is_that_of_its_worst_destination(told):
    both = ("outbox", "webhook:sales")
    at_the_other = {"destination": "webhook:sales"}
    assert told(PUBLISHED, destinations=both).state == "going out"
    assert told(PUBLISHED, said("published", 1, **at_the_other), destinations=both).state == "published"
    assert told(PUBLISHED, said("refused", 1, **at_the_other), destinations=both).state == "refused"
    assert told(PUBLISHED, FAILED, destinations=both).state == "failed"
    assert told(REFUSED, said("unconfirmed", 1, **at_the_other), destinations=both).state == "unconfirmed"


def test_the_outcome_says_when_where_and_why(told, clock):
    both = ("outbox", "webhook:sales")
    refused = said("refused", 4, attempt=3, destination="webhook:sales", detail={"reason": "no such hook"})
    found = told(PUBLISHED, refused, destinations=both)
    assert found.published_at == clock() + timedelta(seconds=1)
    assert found.url == "/outbox"
    assert found.reason == "no such hook"
    assert found.attempts == 3
    assert [(each.destination, each.state) for each in found.destinations] == [
        ("outbox", "published"),
        ("webhook:sales", "refused"),
    ]


def test_the_first_publication_counts_where_it_is_told_twice(told, clock):
    found = told(PUBLISHED, said("published", 5, detail={"url": "/another"}))
    assert (found.published_at, found.url) == (clock() + timedelta(seconds=1), "/outbox")


def test_of_receipts_at_the_same_instant_the_choice_is_always_the_same(told):
    told(said("refused", 1, detail={"reason": "a"}), said("refused", 1, detail={"reason": "b"}))
    told(said("published", 1, detail={"url": "a"}), said("published", 1, detail={"url": "b"}))
    told(said("attempt_failed", 1, detail={"reason": "a"}), said("attempt_failed", 1, detail={"reason": "b"}))
