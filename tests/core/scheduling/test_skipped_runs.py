"""Runs of a series that are skipped, and posts that stand for one run."""

from datetime import UTC, datetime, timedelta

import pytest

from core.ledger.port import ClaimTerms
from core.ledger.refusals import AlreadyGoingOut, ChangedElsewhere
from core.posts.destinations import Destination
from core.posts.models import SKIPPED_LIMIT, Repeat
from core.posts.payload import invocation_of, read_scheduled
from core.posts.series import runs_of
from core.scheduling.changed_run_draft import changed_run
from core.scheduling.refusals import PostCancelled, PostDoesNotRepeat
from core.scheduling.skipping import NotARun, RunBegun, TooManySkipped
from core.scheduling.upcoming import ledger_entry

on_the_engine = pytest.mark.parametrize("scheduler", ["engine"], indirect=True)
FIRST, SECOND, THIRD = (datetime(2026, 11, day, 8, tzinfo=UTC) for day in (3, 4, 5))
OTHER = "k3v9q2m4cx7b"


@pytest.fixture
def series(schedules, a_series):
    """Schedule a post that repeats each morning at 9 in Berlin."""
    return schedules.schedule(a_series())


def test_a_skipped_run_is_left_out_and_can_be_restored(schedules, series, ledger, clock, assert_synced, read_schedule):
    skipped = schedules.skip_run(series, FIRST)
    assert runs_of(skipped.post, after=clock(), count=2) == [SECOND, THIRD]
    assert ledger_entry(ledger, series.post.post_id, clock()).due_at == SECOND
    assert read_scheduled(read_schedule(skipped.schedule_name)) == skipped.post
    assert_synced(series.post.post_id)
    restored = schedules.unskip_run(skipped, FIRST)
    assert restored.post.repeat == series.post.repeat
    assert_synced(series.post.post_id)


@on_the_engine
def test_a_second_click_skips_once(schedules, series):
    skipped = schedules.skip_run(series, FIRST)
    assert schedules.skip_run(series, FIRST) == skipped
    assert schedules.skip_run(skipped, FIRST) == skipped
    assert schedules.unskip_run(skipped, THIRD) == skipped


@on_the_engine
def test_two_people_skip_different_runs_and_the_later_one_is_refused(schedules, series):
    schedules.skip_run(series, FIRST)
    with pytest.raises(ChangedElsewhere):
        schedules.skip_run(series, SECOND)


@on_the_engine
def test_a_run_that_is_due_cannot_be_skipped_or_restored(schedules, series, clock):
    skipped = schedules.skip_run(series, SECOND)
    clock.now = FIRST
    with pytest.raises(RunBegun, match="3 Nov 2026, 09:00 .* is going out or has gone out"):
        schedules.skip_run(skipped, FIRST)
    clock.now = SECOND
    with pytest.raises(RunBegun):
        schedules.unskip_run(skipped, SECOND)


@on_the_engine
def test_no_run_can_be_skipped_while_one_is_going_out(schedules, series, ledger, clock):
    clock.now = FIRST
    terms = ClaimTerms(lease_until=clock() + timedelta(seconds=35), now=clock())
    ledger.claim(invocation_of(series.post, FIRST), Destination("outbox"), terms)
    with pytest.raises(AlreadyGoingOut):
        schedules.skip_run(series, SECOND)


@on_the_engine
def test_a_firing_of_the_revision_before_the_skip_is_superseded(schedules, series, ledger, clock):
    schedules.skip_run(series, FIRST)
    clock.now = FIRST
    terms = ClaimTerms(lease_until=clock() + timedelta(seconds=35), now=clock())
    claim = ledger.claim(invocation_of(series.post, FIRST), Destination("outbox"), terms)
    assert claim.verdict == "superseded"


@on_the_engine
def test_what_is_no_run_cannot_be_skipped(schedules, series, a_post):
    with pytest.raises(NotARun):
        schedules.skip_run(series, FIRST + timedelta(hours=1))
    with pytest.raises(PostDoesNotRepeat):
        schedules.skip_run(schedules.schedule(a_post(post_id=OTHER)), FIRST)
    with pytest.raises(PostCancelled):
        schedules.skip_run(schedules.cancel(series), FIRST)


@on_the_engine
def test_a_paused_series_stays_paused(schedules, series):
    assert schedules.skip_run(schedules.pause(series), FIRST).desired == "paused"


@on_the_engine
def test_at_most_so_many_runs_are_skipped_ahead_and_past_ones_do_not_count(schedules, a_series, clock):
    days = [FIRST + timedelta(days=number) for number in range(SKIPPED_LIMIT + 1)]
    repeat = Repeat(expression="cron(0 8 * * ? *)", skipped=tuple(days[:SKIPPED_LIMIT]))
    series = schedules.schedule(a_series(zone="UTC", repeat=repeat))
    with pytest.raises(TooManySkipped):
        schedules.skip_run(series, days[-1])
    clock.now = FIRST + timedelta(days=8)
    changed = schedules.skip_run(series, days[-1])
    assert changed.post.repeat.skipped[0] == FIRST + timedelta(days=2)


@on_the_engine
def test_the_last_run_can_be_skipped_and_the_series_has_none_left(schedules, a_series, clock):
    repeat = Repeat(expression="cron(0 8 * * ? *)", ends_at=FIRST + timedelta(hours=1))
    skipped = schedules.skip_run(schedules.schedule(a_series(zone="UTC", repeat=repeat)), FIRST)
    assert runs_of(skipped.post, after=clock()) == []
    with pytest.raises(NotARun):
        schedules.skip_run(skipped, SECOND)


@on_the_engine
def test_a_skipped_day_stays_skipped_when_the_time_of_the_series_changes(schedules, series, clock):
    skipped = schedules.skip_run(series, SECOND)
    later = Repeat(expression="cron(30 17 * * ? *)")
    changed = schedules.change_rule(skipped, repeat=later, wall="2026-11-03T17:30:00", zone="America/New_York")
    assert [run.day for run in runs_of(changed.post, after=clock(), count=3)] == [2, 3, 5]


# A draft that replaces a run


def test_a_changed_run_has_the_content_and_the_time_of_the_run(a_series):
    post = a_series(labels=("Launch",))
    content = changed_run(post, FIRST)
    assert (content.wall, content.zone, content.which) == ("2026-11-03T09:00:00", "Europe/Berlin", None)
    assert (content.replaces, content.repeat) == ((post.post_id, FIRST), None)
    assert (content.text, content.labels, content.destinations) == (post.text, ("Launch",), ("outbox",))


def test_a_changed_run_in_a_doubled_hour_keeps_its_instant(a_series):
    hourly = a_series(repeat=Repeat(expression="cron(30 2 * * ? *)"))
    run = datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    assert changed_run(hourly, run).which == 1
