"""Runs of a series that fall due while its schedule does not match its plan: none is lost silently."""

from datetime import UTC, datetime, timedelta

import pytest

from core.ledger.port import ClaimTerms, Receipt
from core.posts.destinations import Destination
from core.posts.models import Repeat
from core.posts.payload import invocation_of
from core.scheduling.arming import RUNS_LIMIT

RUN = datetime(2026, 11, 3, 8, tzinfo=UTC)
OUTBOX = Destination("outbox")


class Killed(BaseException):
    """The process ends."""


@pytest.fixture
def killed(make_schedules, scheduler):
    """Make a Schedules whose process ends before it changes a schedule."""

    class Ending:
        exceptions = scheduler.exceptions

        def __getattr__(self, name):
            raise Killed

    return make_schedules(scheduler=Ending())


@pytest.fixture
def invoked(schedules, lambda_client, clock):
    """Repair two minutes after a run; return the runs that are invoked, with their revisions."""

    def repair(run=RUN):
        clock.now = run + timedelta(minutes=2)
        schedules.repair()
        return [(payload.due, payload.revision) for payload in lambda_client.payloads]

    return repair


def test_a_run_of_a_new_series_that_was_not_armed_is_invoked(killed, schedules, invoked, a_series, clock):
    clock.now = RUN - timedelta(seconds=1)
    with pytest.raises(Killed):
        killed.schedule(a_series())
    assert invoked() == invoked() == [(RUN, 1)]
    assert schedules.plan(a_series().post_id).settled


def test_a_run_that_the_old_schedule_ruled_out_is_invoked(killed, schedules, invoked, a_series, clock):
    """The relay leaves no receipt of a run that its payload excludes."""
    series = schedules.skip_run(schedules.schedule(a_series()), RUN)
    clock.now = RUN - timedelta(seconds=1)
    with pytest.raises(Killed):
        killed.unskip_run(series, RUN)
    assert invoked() == [(RUN, 3)]


@pytest.mark.parametrize(("result", "expected"), [("superseded", [(RUN, 2)]), ("published", []), ("begun", [])])
def test_a_run_is_invoked_again_only_if_the_old_revision_was_superseded(
    killed, schedules, invoked, a_series, ledger, clock, result, expected
):
    series = schedules.schedule(a_series())
    clock.now = RUN - timedelta(seconds=1)
    with pytest.raises(Killed):
        killed.edit(series, series.post.model_copy(update={"text": "Changed"}))
    clock.now = RUN
    post = series.post if result == "superseded" else schedules.plan(series.post.post_id).post
    payload, terms = invocation_of(post, RUN), ClaimTerms(lease_until=clock() + timedelta(seconds=35), now=clock())
    claimed = ledger.claim(payload, OUTBOX, terms)
    assert claimed.verdict == ("superseded" if result == "superseded" else "granted")
    if result == "published":
        ledger.finish(payload, Receipt(kind="published", at=clock(), revision=2, attempt=1, destination=OUTBOX))
    assert invoked() == expected


@pytest.mark.parametrize(
    "change",
    [
        lambda schedules, plan: schedules.pause(plan),
        lambda schedules, plan: schedules.cancel(plan),
        lambda schedules, plan: schedules.skip_run(plan, RUN),
        lambda schedules, plan: schedules.change_rule(
            plan, repeat=Repeat(expression="cron(30 17 * * ? *)"), wall="2026-11-03T17:30:00", zone="Europe/Berlin"
        ),
    ],
)
def test_a_run_that_the_series_does_not_have_any_more_is_not_invoked(
    killed, schedules, invoked, a_series, clock, change
):
    series = schedules.schedule(a_series())
    clock.now = RUN - timedelta(seconds=1)
    with pytest.raises(Killed):
        change(killed, series)
    assert invoked() == []


def test_runs_before_the_change_are_not_invoked(killed, schedules, invoked, a_series, clock):
    series = schedules.schedule(a_series())
    clock.now = RUN + timedelta(seconds=1)
    with pytest.raises(Killed):
        killed.edit(series, series.post.model_copy(update={"text": "Changed"}))
    assert invoked() == []


def test_after_a_long_outage_the_last_runs_are_invoked(killed, invoked, a_series, clock):
    with pytest.raises(Killed):
        killed.schedule(a_series(repeat=Repeat(expression="cron(* * * * ? *)")))
    found = invoked(clock() + timedelta(days=1))
    assert (len(found), found[-1][0]) == (RUNS_LIMIT, clock())
