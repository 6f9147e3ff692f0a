from datetime import timedelta

import pytest

from core.ledger.history import runs
from core.ledger.port import Receipt
from core.posts.destinations import Destination
from core.posts.payload import invocation_of
from core.scheduling.retrying import retriable_accounts, retry_all, safe_retries
from core.scheduling.setting_aside import set_aside

ADA = Destination("mastodon:ada")


@pytest.fixture
def failed(schedules, ledger, clock, a_post):
    """Schedule a post, and record a receipt for each destination; return the run."""

    def fail(letter, **kinds):
        destinations = tuple(name.replace("_", ":") for name in kinds)
        plan = schedules.schedule(a_post(post_id=letter * 12, destinations=destinations))
        payload = invocation_of(plan.post, plan.post.due_at)
        for destination, kind in zip(payload.destinations, kinds.values(), strict=True):
            whole = kind in ("failed", "missed")
            receipt = Receipt(kind=kind, at=clock(), revision=1, destination=None if whole else destination)
            ledger.record(payload, receipt)
        return next(run for run in runs(ledger, limit=10) if run.post_id == plan.post.post_id)

    return fail


def test_failed_and_refused_destinations_of_the_account_are_retried(failed):
    assert safe_retries(failed("a", mastodon_ada="refused", outbox="refused"), ADA) == (ADA,)
    assert safe_retries(failed("b", mastodon_ada="failed"), ADA) == (ADA,)


@pytest.mark.parametrize("kind", ["published", "unconfirmed", "missed"])
def test_what_may_be_published_or_needs_a_new_time_is_not_retried(failed, kind):
    assert safe_retries(failed("a", mastodon_ada=kind), ADA) == ()


def test_an_account_with_one_failed_post_has_no_retry_of_all(failed):
    found = [failed("a", mastodon_ada="refused"), failed("b", mastodon_ada="failed", outbox="published")]
    assert retriable_accounts(found) == {ADA: found}
    assert retriable_accounts(found[:1]) == {}


def test_a_run_that_was_set_aside_is_not_retried(failed, ledger, clock):
    run = failed("a", mastodon_ada="refused")
    set_aside(ledger, run.payload, now=clock())
    assert safe_retries(runs(ledger, limit=1)[0], ADA) == ()


def test_a_post_that_was_changed_is_reported_and_the_others_are_retried(
    failed, schedules, ledger, lambda_client, clock
):
    changed, run = failed("a", mastodon_ada="missed"), failed("b", mastodon_ada="refused")
    plan = ledger.get(changed.post_id)
    later = clock() + timedelta(days=1)
    schedules.reschedule(plan, due_at=later, wall="2026-11-03T12:00:00", zone="UTC")
    found = retry_all(schedules, ledger, [changed, run], ADA)
    assert [each.post_id for each in found.refused] == [changed.post_id]
    assert found.refused[0].plan is not None
    assert [payload.post_id for payload in lambda_client.payloads] == [run.post_id]
