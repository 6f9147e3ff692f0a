"""Posts in the place of one run of a series: either the run goes out, or the post, whatever a person does."""

from datetime import UTC, datetime, timedelta

import pytest

from core.ledger.dynamodb import DynamoLedger
from core.ledger.port import ClaimTerms, Receipt
from core.ledger.refusals import AlreadyGoingOut, RunReplaced
from core.posts.destinations import Destination
from core.posts.models import Repeat
from core.posts.payload import invocation_of
from core.posts.series import runs_of
from core.scheduling.refusals import TooSoon
from core.scheduling.run_replacement import RunStaysSkipped, first_skipped_run
from core.scheduling.skipping import RunBegun

FIRST, SECOND, THIRD = (datetime(2026, 11, day, 8, tzinfo=UTC) for day in (3, 4, 5))
SERIES, OTHER = "k3v9q2m4cx7a", "k3v9q2m4cx7b"
OUTBOX = Destination("outbox")


@pytest.fixture
def scheduler(engine_client):
    engine_client.create_schedule_group(Name="punctual")
    return engine_client


@pytest.fixture(params=["sqlite", "dynamodb"])
def ledger(request, ledger, clock):
    """Return the empty ledger of one machine, or that of AWS."""
    return ledger if request.param == "sqlite" else DynamoLedger(request.getfixturevalue("table"))


@pytest.fixture
def series(schedules, a_series):
    """Schedule a post that repeats each morning at 9 in Berlin."""
    return schedules.schedule(a_series())


@pytest.fixture
def in_its_place(a_post, series):
    """Build a post in the place of the first run, with the given members changed."""
    return lambda **changed: a_post(**{"post_id": OTHER, "due_at": FIRST, "replaces": (SERIES, FIRST), **changed})


@pytest.fixture
def next_run(schedules, clock):
    """Return the next run of the series."""
    return lambda: next(iter(runs_of(schedules.plan(SERIES).post, after=clock(), count=1)), None)


@pytest.fixture
def go_out(ledger, clock):
    """Claim the run of a series at an instant, and publish it unless it is to stay under way."""

    def claim(plan, run, *, finish=True):
        clock.now = max(clock.now, run)
        payload = invocation_of(plan.post, run)
        found = ledger.claim(payload, OUTBOX, ClaimTerms(lease_until=clock() + timedelta(seconds=35), now=clock()))
        if finish and found.verdict == "granted":
            receipt = Receipt(
                kind="published", at=clock(), revision=payload.revision, attempt=found.attempt, destination=OUTBOX
            )
            ledger.finish(payload, receipt)
        return found.verdict

    return claim


def test_the_series_skips_the_run_once_its_post_is_planned(schedules, in_its_place, next_run, assert_synced):
    for _ in range(2):  # a double click
        schedules.schedule(in_its_place())
    assert next_run() == SECOND
    assert schedules.plan(OTHER).post.replaces == (SERIES, FIRST)
    assert_synced(SERIES)


class Killed(BaseException):
    """The process ends."""


def test_a_process_that_is_killed_leaves_neither_the_run_skipped_nor_the_post_planned_alone(
    schedules, make_schedules, in_its_place, next_run, ledger, clock, monkeypatch, scheduler
):
    """The two are one transaction; what follows is repaired."""

    def killed(**_):
        raise Killed

    with monkeypatch.context() as patch:
        for name in ("create_schedule", "update_schedule"):
            patch.setattr(scheduler, name, killed)
        with pytest.raises(Killed):
            schedules.schedule(in_its_place())
    assert (next_run(), ledger.get(OTHER).desired) == (SECOND, "active")
    clock.move(minutes=2)
    assert make_schedules().repair() == []
    assert ledger.get(SERIES).settled
    assert ledger.get(OTHER).settled


def test_a_refused_post_leaves_the_run(schedules, in_its_place, next_run, clock):
    with pytest.raises(TooSoon):
        schedules.schedule(in_its_place(due_at=clock() - timedelta(hours=1)))
    assert next_run() == FIRST


def test_another_change_of_the_series_at_the_same_moment_is_kept(
    schedules, in_its_place, next_run, ledger, monkeypatch
):
    read = ledger.get
    changed = []

    def get(post_id):
        found = read(post_id)
        if post_id == SERIES and not changed:
            changed.append(post_id)
            schedules.skip_run(found, SECOND)
        return found

    monkeypatch.setattr(ledger, "get", get)
    schedules.schedule(in_its_place())
    assert next_run() == THIRD


def test_a_run_of_the_series_that_is_going_out_refuses_the_post(schedules, series, in_its_place, go_out, ledger):
    go_out(series, FIRST, finish=False)
    with pytest.raises(AlreadyGoingOut):
        schedules.schedule(in_its_place(due_at=THIRD, replaces=(SERIES, SECOND)))
    assert ledger.get(OTHER) is None


def test_a_post_in_the_place_of_a_run_that_has_gone_out_is_refused(schedules, series, in_its_place, go_out, ledger):
    go_out(series, FIRST)
    with pytest.raises(RunBegun):
        schedules.schedule(in_its_place(due_at=SECOND))
    assert ledger.get(OTHER) is None


def test_a_run_that_a_person_skipped_needs_no_change_even_after_its_time(schedules, series, in_its_place, clock):
    skipped = schedules.skip_run(series, FIRST)
    clock.now = FIRST + timedelta(hours=1)
    schedules.schedule(in_its_place(due_at=SECOND + timedelta(hours=1)))
    assert schedules.plan(SERIES) == skipped


def test_cancelling_the_post_brings_the_run_back_and_restoring_it_skips_the_run(
    schedules, in_its_place, next_run, assert_synced
):
    plan = schedules.schedule(in_its_place())
    cancelled = schedules.cancel(plan)
    assert next_run() == FIRST
    assert_synced(SERIES)
    schedules.undo_cancel(cancelled)
    assert next_run() == SECOND
    assert_synced(SERIES)


def test_the_post_cannot_be_restored_once_the_run_has_gone_out(schedules, series, in_its_place, go_out, ledger):
    cancelled = schedules.cancel(schedules.schedule(in_its_place(due_at=THIRD)))
    assert go_out(schedules.plan(SERIES), FIRST) == "granted"
    with pytest.raises(RunBegun, match="3 Nov 2026, 09:00 .* has gone out"):
        schedules.undo_cancel(cancelled)
    with pytest.raises(RunBegun):
        schedules.reschedule(cancelled, due_at=THIRD, wall="2026-11-05T09:00:00", zone="Europe/Berlin")
    assert ledger.get(OTHER).desired == "cancelled"


def test_the_post_can_be_restored_if_the_run_was_skipped_when_it_passed(schedules, in_its_place, clock):
    plan = schedules.schedule(in_its_place(due_at=THIRD))
    clock.now = FIRST + timedelta(hours=1)
    assert schedules.undo_cancel(schedules.cancel(plan)).desired == "active"


def test_moving_pausing_and_sending_the_post_leave_the_run_skipped(schedules, in_its_place, next_run):
    plan = schedules.schedule(in_its_place())
    plan = schedules.resume(schedules.pause(plan))
    plan = schedules.reschedule(plan, due_at=THIRD, wall="2026-11-05T09:00:00", zone="Europe/Berlin")
    schedules.send_now(plan)
    assert next_run() == SECOND


def test_an_ended_series_has_the_run_skipped_too_so_that_its_undo_doubles_nothing(
    schedules, series, in_its_place, next_run
):
    ended = schedules.cancel(series)
    schedules.schedule(in_its_place())
    assert schedules.plan(SERIES).desired == "cancelled"
    schedules.undo_cancel(schedules.plan(SERIES))
    assert next_run() == SECOND
    assert ended.post.post_id == SERIES


@pytest.mark.parametrize("replaces", [("0" * 12, FIRST), (SERIES, datetime(2026, 11, 3, 9, tzinfo=UTC)), None])
def test_a_run_that_is_none_needs_no_skip(schedules, series, a_post, next_run, replaces):
    hourly = schedules.change_rule(
        series, repeat=Repeat(expression="cron(0 9,18 * * ? *)"), wall="2026-11-03T09:00:00", zone="Europe/Berlin"
    )
    schedules.schedule(a_post(post_id=OTHER, due_at=FIRST, replaces=replaces))
    assert schedules.plan(SERIES) == hourly


def test_after_another_time_for_the_series_the_run_of_that_day_returns(schedules, in_its_place, next_run):
    plan = schedules.schedule(in_its_place())
    later = Repeat(expression="cron(30 17 * * ? *)")
    schedules.change_rule(schedules.plan(SERIES), repeat=later, wall="2026-11-03T17:30:00", zone="Europe/Berlin")
    own_day = datetime(2026, 11, 3, 16, 30, tzinfo=UTC)
    assert next_run() == datetime(2026, 11, 2, 16, 30, tzinfo=UTC)
    assert own_day in schedules.plan(SERIES).post.repeat.skipped
    cancelled = schedules.cancel(plan)
    assert own_day not in schedules.plan(SERIES).post.repeat.skipped
    schedules.undo_cancel(cancelled)
    assert own_day in schedules.plan(SERIES).post.repeat.skipped


def test_a_post_is_cancelled_at_once_while_a_run_of_its_series_is_going_out(
    schedules, series, in_its_place, go_out, ledger
):
    plan = schedules.schedule(in_its_place(due_at=THIRD, replaces=(SERIES, THIRD)))
    go_out(schedules.plan(SERIES), FIRST, finish=False)
    with pytest.raises(RunStaysSkipped, match="The post was cancelled. The run of Thu 5 Nov 2026, 09:00"):
        schedules.cancel(plan)
    assert (ledger.get(OTHER).desired, ledger.get(OTHER).settled) == ("cancelled", True)
    assert THIRD in ledger.get(SERIES).post.repeat.skipped


def test_a_run_cannot_be_brought_back_while_its_post_is_pending_and_the_refusal_names_the_post(
    schedules, series, in_its_place, next_run
):
    """A person skipped the run first, so its skip is older than the post, and its Undo may still be on a page."""
    schedules.skip_run(series, FIRST)
    schedules.schedule(in_its_place(text="Closed on Tuesday"))
    with pytest.raises(RunReplaced, match=r"The run of Tue 3 Nov 2026, 09:00 .* “Closed on Tuesday”") as refused:
        schedules.unskip_run(schedules.plan(SERIES), FIRST)
    assert "Cancel that post first" in refused.value.hint
    assert next_run() == SECOND
    schedules.cancel(schedules.plan(OTHER))
    assert next_run() == FIRST


def test_bringing_back_a_skipped_run_leaves_replaced_runs_alone(schedules, series, in_its_place, ledger, clock):
    plan = schedules.skip_run(series, SECOND)
    schedules.schedule(in_its_place())
    plan = schedules.plan(SERIES)
    assert first_skipped_run(ledger, plan.post, clock()) == SECOND
    assert first_skipped_run(ledger, schedules.unskip_run(plan, SECOND).post, clock()) == FIRST
    assert first_skipped_run(ledger, series.post, clock()) is None


def test_a_rule_that_had_no_run_on_that_day_skips_the_run_again_when_it_has_one(
    schedules, series, in_its_place, next_run
):
    schedules.schedule(in_its_place())
    for expression in ("cron(0 9 ? * SUN *)", "cron(0 9 * * ? *)"):
        repeat, plan = Repeat(expression=expression), schedules.plan(SERIES)
        schedules.change_rule(plan, repeat=repeat, wall="2026-11-03T09:00:00", zone="Europe/Berlin")
    assert next_run() == SECOND


def test_an_earlier_version_of_the_series_with_the_run_is_not_restored(schedules, series, in_its_place, next_run):
    schedules.schedule(in_its_place())
    with pytest.raises(RunReplaced):
        schedules.restore(schedules.plan(SERIES), series)
    assert next_run() == SECOND


def test_a_run_that_is_brought_back_while_its_post_is_scheduled_is_skipped_again(
    schedules, series, in_its_place, next_run, ledger, monkeypatch
):
    """The post finds the run skipped, so it changes nothing of the series, which another process changes meanwhile."""
    skipped = schedules.skip_run(series, FIRST)
    read, changed = ledger.get, []

    def get(post_id):
        found = read(post_id)
        if post_id == SERIES and not changed:
            changed.append(post_id)
            schedules.unskip_run(skipped, FIRST)
        return found

    monkeypatch.setattr(ledger, "get", get)
    schedules.schedule(in_its_place())
    assert next_run() == SECOND
