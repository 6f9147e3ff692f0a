"""Pause all and Resume, on one machine: which posts they change, interruptions, and continued runs."""

from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.aws_errors import AwsUnavailable
from core.ledger.port import ClaimTerms, Receipt
from core.ledger.post_state import post_state
from core.ledger.refusals import AlreadyGoingOut, ChangedElsewhere
from core.posts.destinations import Destination
from core.posts.models import Post, Repeat, new_post_id
from core.posts.payload import invocation_of
from core.publishing.fence import HELD
from core.scheduling.hold import pause_all as pausing
from core.scheduling.hold.pause_all import TAKEN_OVER_AFTER, HeldPosts
from core.scheduling.hold.refusals import NothingHeld, TooManyToHold
from core.time.instants import wall_time

ZONE = "Europe/Berlin"


@pytest.fixture
def held(application) -> HeldPosts:
    return application.held_posts


@pytest.fixture
def plan(application, clock) -> Callable[..., str]:
    """Schedule a post that is due in some hours, and return its id."""

    def schedule(hours: float = 24, **changed: Any) -> str:
        due_at = clock() + timedelta(hours=hours)
        members = {
            "post_id": new_post_id(),
            "text": f"In {hours} hours",
            "destinations": ("outbox",),
            "zone": ZONE,
            "wall": wall_time(due_at, ZONE).strftime("%Y-%m-%dT%H:%M:%S"),
            "due_at": due_at,
            **changed,
        }
        return application.schedules.schedule(Post(**members)).post.post_id

    return schedule


@pytest.fixture
def desired(application):
    """Return the desired states of posts."""
    return lambda *ids: [application.schedules.plan(post_id).desired for post_id in ids]


@pytest.fixture
def move(application, clock):
    """Move a post to a time in two hours."""

    def to_later(post_id: str) -> None:
        due_at = clock() + timedelta(hours=2)
        wall = wall_time(due_at, ZONE).strftime("%Y-%m-%dT%H:%M:%S")
        application.schedules.reschedule(application.schedules.plan(post_id), due_at=due_at, wall=wall, zone=ZONE)

    return to_later


def pause_all(held):
    held.begin_pause()
    return held.finish()


def resume(held):
    held.begin_resume()
    return held.finish()


def test_all_posts_and_series_are_paused_and_resumed(held, plan, desired):
    ids = [plan(1), plan(2), plan(due_at=None, repeat=Repeat(expression="cron(0 9 * * ? *)"))]
    hold = pause_all(held)
    assert (hold.phase, set(hold.posts), hold.total) == ("paused", set(ids), 3)
    assert desired(*ids) == ["paused"] * 3
    assert resume(held) is None
    assert desired(*ids) == ["active"] * 3


def test_only_the_posts_that_were_paused_together_are_resumed(held, application, plan, desired):
    own, held_one, cancelled = plan(1), plan(2), plan(3)
    application.schedules.pause(application.schedules.plan(own))
    pause_all(held)
    application.schedules.cancel(application.schedules.plan(cancelled))
    later = plan(4)
    assert desired(own, held_one, later) == ["paused", "paused", "active"]
    resume(held)
    assert desired(own, held_one, cancelled, later) == ["paused", "active", "cancelled", "active"]


def test_a_post_that_was_cancelled_while_all_were_paused_is_restored_active_after_the_hold(
    held, application, plan, desired
):
    own, single, several = plan(1), plan(2), plan(3)
    application.schedules.pause(application.schedules.plan(own))
    pause_all(held)
    for each in (own, single):
        application.schedules.cancel(application.schedules.plan(each))
    report = application.selection.cancel([several])
    resume(held)
    for each in (own, single):
        application.schedules.undo_cancel(application.schedules.plan(each))
    application.selection.undo(report)
    assert desired(own, single, several) == ["paused", "active", "active"]


def test_a_post_that_is_restored_while_all_are_paused_is_paused_and_resumed_with_them(held, application, plan, desired):
    post = plan(1)
    pause_all(held)
    application.schedules.undo_cancel(application.schedules.cancel(application.schedules.plan(post)))
    assert desired(post) == ["paused"]
    resume(held)
    assert desired(post) == ["active"]


def test_an_edited_post_is_resumed_too(held, application, plan, desired):
    edited = plan(1)
    pause_all(held)
    current = application.schedules.plan(edited)
    application.schedules.edit(current, current.post.model_copy(update={"text": "Better"}))
    resume(held)
    assert desired(edited) == ["active"]


def test_a_post_whose_time_passed_stays_paused(held, application, plan, desired, clock):
    passed, coming = plan(1), plan(3)
    pause_all(held)
    clock.move(hours=2)
    assert resume(held) is None
    assert desired(passed, coming) == ["paused", "active"]
    assert post_state(application.ledger, passed, clock()).state == "time has passed"


def test_a_late_post_that_could_still_go_out_is_paused(held, application, plan, desired, clock):
    """Such as after a night in which the machine slept."""
    late, too_late = plan(1), plan(1, late_after_minutes=5)
    post = application.schedules.plan(late).post
    clock.move(hours=1, minutes=40)
    assert pause_all(held).posts == (late,)
    assert desired(late, too_late) == ["paused", "active"]
    application.publisher.publish(invocation_of(post, post.due_at))
    assert post_state(application.ledger, late, clock()).state == "time has passed"


def test_a_post_that_is_going_out_is_left_alone(held, application, plan, clock):
    going, coming = plan(1), plan(2)
    post = application.schedules.plan(going).post
    clock.move(hours=1)
    application.publisher.publish(invocation_of(post, post.due_at))
    assert pause_all(held).posts == (coming,)
    assert post_state(application.ledger, going, clock()).state == "published"


@pytest.fixture
def retried(application, plan, clock):
    """Schedule a post whose first attempt has failed; return its payload."""
    post = application.schedules.plan(plan(1)).post
    clock.move(hours=1)
    payload, destination = invocation_of(post, post.due_at), Destination("outbox")
    terms = ClaimTerms(lease_until=clock() + timedelta(seconds=35), now=clock())
    claim = application.ledger.claim(payload, destination, terms)
    application.ledger.finish(
        payload, Receipt(kind="waiting", at=clock(), revision=1, attempt=claim.attempt, destination=destination)
    )
    clock.move(minutes=1)
    return payload


def test_a_post_that_is_tried_again_waits_until_all_are_resumed(held, application, retried, clock):
    assert pause_all(held).posts == (retried.post_id,)
    (result,) = application.publisher.publish(retried).results
    assert (result.state, result.reason) == ("waiting", HELD)
    assert post_state(application.ledger, retried.post_id, clock()).state == "retrying"
    resume(held)
    (result,) = application.publisher.publish(retried).results
    assert result.state == "published"


def test_a_person_can_retry_a_post_while_all_are_paused(held, application, retried):
    pause_all(held)
    application.schedules.retry(retried, retried.destinations)
    (result,) = application.publisher.publish(retried).results
    assert result.state == "published"


@pytest.mark.parametrize("repeats", [False, True])
def test_a_retry_of_an_earlier_run_or_revision_does_not_take_a_paused_post_out_of_the_hold(
    held, application, plan, desired, clock, repeats
):
    changed = {"due_at": None, "repeat": Repeat(expression="cron(0 9 * * ? *)")} if repeats else {}
    post_id = plan(1, **changed)
    post = application.schedules.plan(post_id).post
    payload = invocation_of(post, post.due_at or clock())
    pause_all(held)
    with nullcontext() if repeats else pytest.raises(ChangedElsewhere):
        application.schedules.retry(payload, payload.destinations)
    resume(held)
    assert desired(post_id) == ["active"]


def test_the_soonest_posts_are_paused_and_resumed_first(held, application, plan, monkeypatch):
    ids = [plan(hours) for hours in (5, 1, 4, 2, 3)]
    in_order = [ids[number] for number in (1, 3, 4, 2, 0)]
    monkeypatch.setattr(pausing, "THREADS", 1)
    changed = []
    for name in ("pause", "resume"):
        change = getattr(application.schedules, name)

        def record(plan, change=change, **options):
            changed.append(plan.post.post_id)
            return change(plan, **options)

        monkeypatch.setattr(application.schedules, name, record)
    pause_all(held)
    resume(held)
    assert changed == in_order * 2


@pytest.fixture
def busy_series(application, plan, clock) -> str:
    """Schedule a daily series whose current run is going out. Return its id."""
    series = plan(due_at=None, repeat=Repeat(expression="cron(0 9 * * ? *)"))
    clock.now = datetime(2026, 11, 3, 8, tzinfo=UTC)
    terms = ClaimTerms(lease_until=clock() + timedelta(seconds=35), now=clock())
    application.ledger.claim(
        invocation_of(application.schedules.plan(series).post, clock()), Destination("outbox"), terms
    )
    return series


def test_a_series_with_a_run_under_way_is_paused_after_it(held, plan, desired, busy_series, clock):
    other = plan(5)
    assert pause_all(held).phase == "pausing"
    assert desired(busy_series, other) == ["active", "paused"]
    clock.move(hours=2)
    held.finish_interrupted()
    assert (held.hold().phase, set(held.hold().posts)) == ("paused", {busy_series, other})
    assert desired(busy_series, other) == ["paused"] * 2


def test_a_series_of_which_a_run_is_tried_again_is_resumed_after_it(held, application, plan, desired, monkeypatch):
    series, other = plan(due_at=None, repeat=Repeat(expression="cron(0 9 * * ? *)")), plan(50)
    pause_all(held)
    resume_one = application.schedules.resume

    def resume_other(current):
        if current.post.post_id == series:
            raise AlreadyGoingOut(series)
        return resume_one(current)

    with monkeypatch.context() as patch:
        patch.setattr(application.schedules, "resume", resume_other)
        assert resume(held).posts == (series,)
    assert desired(series, other) == ["paused", "active"]
    assert held.finish() is None
    assert desired(series) == ["active"]


def test_a_run_that_ends_meanwhile_lets_the_same_process_pause_its_series(
    held, desired, busy_series, clock, monkeypatch
):
    monkeypatch.setattr(pausing, "ASKED_AGAIN_AFTER", 0.01)
    held.begin_pause()
    held.finish_in_background(within_seconds=0)
    clock.move(hours=2)
    held.finish_in_background(within_seconds=10)
    assert (held.hold().phase, desired(busy_series)) == ("paused", ["paused"])


def test_two_processes_pause_the_same_posts_and_they_stay_paused(held, application, plan, desired, clock, monkeypatch):
    ids = [plan(hours) for hours in (1, 2, 3)]
    other, pause = HeldPosts(held._store, application.ledger, application.schedules, clock), application.schedules.pause

    def pause_after_the_other(current, **options):
        monkeypatch.setattr(application.schedules, "pause", pause)
        other.finish()
        return pause(current, **options)

    monkeypatch.setattr(pausing, "THREADS", 1)
    monkeypatch.setattr(application.schedules, "pause", pause_after_the_other)
    assert pause_all(held).phase == "paused"
    assert desired(*ids) == ["paused"] * 3


def test_posts_that_are_paused_before_an_outage_are_resumed_if_all_others_are(
    held, application, plan, desired, clock, monkeypatch
):
    ids = [plan(hours) for hours in (1, 2, 3)]
    other, pause = HeldPosts(held._store, application.ledger, application.schedules, clock), application.schedules.pause

    def pause_after_the_end(current, **options):
        if current.post.post_id == ids[1]:
            raise AwsUnavailable("AWS did not answer.")
        resume(other)
        return pause(current, **options)

    with monkeypatch.context() as patch:
        patch.setattr(pausing, "THREADS", 1)
        patch.setattr(application.schedules, "pause", pause_after_the_end)
        with pytest.raises(AwsUnavailable):
            pause_all(held)
    clock.move(minutes=5)
    held.finish_interrupted()
    assert (held.hold(), desired(*ids)) == (None, ["active"] * 3)


def test_a_process_that_is_killed_while_it_pauses_posts_after_all_others_were_resumed_leaves_none_paused(
    held, application, plan, desired, clock, monkeypatch
):
    class Killed(BaseException):
        pass

    ids = [plan(hours) for hours in (1, 2, 3)]
    other, pause = HeldPosts(held._store, application.ledger, application.schedules, clock), application.schedules.pause

    def pause_after_the_end(current, **options):
        if current.post.post_id == ids[2]:
            raise Killed
        if current.post.post_id == ids[1]:
            resume(other)
        return pause(current, **options)

    with monkeypatch.context() as patch:
        patch.setattr(pausing, "THREADS", 1)
        patch.setattr(application.schedules, "pause", pause_after_the_end)
        with pytest.raises(Killed):
            pause_all(held)
    assert (held.hold(), desired(*ids)) == (None, ["active"] * 3)


def test_an_overdue_held_post_that_is_moved_stays_paused_until_all_are_resumed(
    held, application, plan, desired, clock, move
):
    passed = plan(1)
    pause_all(held)
    clock.move(hours=2)
    move(passed)
    assert desired(passed) == ["paused"]
    resume(held)
    assert desired(passed) == ["active"]


def test_an_overdue_post_that_is_moved_after_the_hold_is_active(held, plan, desired, clock, move):
    passed = plan(1)
    pause_all(held)
    clock.move(hours=2)
    resume(held)
    move(passed)
    assert desired(passed) == ["active"]


def test_a_post_that_others_keep_changing_is_paused_later(held, application, plan, desired, monkeypatch):
    post = plan(1)

    def changed(current, **_):
        raise ChangedElsewhere(post)

    with monkeypatch.context() as patch:
        patch.setattr(application.schedules, "pause", changed)
        assert pause_all(held).phase == "pausing"
    assert held.finish().phase == "paused"
    assert desired(post) == ["paused"]


@pytest.fixture
def interrupt(application, monkeypatch):
    """Let the process die after some posts."""

    class Killed(BaseException):
        pass

    def after(count: int, name: str, act: Callable[[], object]) -> None:
        done, change = [], getattr(application.schedules, name)

        def work(plan, **options):
            done.append(plan)
            if len(done) > count:
                raise Killed
            return change(plan, **options)

        with monkeypatch.context() as patch:
            patch.setattr(pausing, "BATCH", 2)
            patch.setattr(pausing, "THREADS", 1)
            patch.setattr(application.schedules, name, work)
            with pytest.raises(Killed):
                act()

    return after


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_an_interrupted_pause_is_continued_and_resumes_exactly_its_posts(
    held, application, plan, desired, interrupt, clock, count
):
    own = plan(9)
    application.schedules.pause(application.schedules.plan(own))
    ids = [plan(hours) for hours in range(1, 8)]
    interrupt(count, "pause", lambda: pause_all(held))
    assert desired(*ids).count("paused") == count
    held.finish_interrupted()
    assert held.hold().phase == "pausing"  # its process may still be at work
    clock.move(minutes=TAKEN_OVER_AFTER / timedelta(minutes=1))
    held.finish_interrupted()
    assert held.hold().phase == "paused"
    assert desired(*ids) == ["paused"] * 7
    resume(held)
    assert desired(*ids, own) == ["active"] * 7 + ["paused"]


@pytest.mark.parametrize("count", [0, 3, 6])
def test_an_interrupted_resume_is_continued(held, application, plan, desired, interrupt, clock, count):
    ids = [plan(hours) for hours in range(1, 8)]
    pause_all(held)
    interrupt(count, "resume", lambda: resume(held))
    assert desired(*ids).count("active") == count
    clock.move(minutes=5)
    held.finish_interrupted()
    assert held.hold() is None
    assert desired(*ids) == ["active"] * 7


def test_a_pause_that_was_interrupted_can_be_resumed_at_once(held, plan, desired, interrupt):
    ids = [plan(hours) for hours in range(1, 8)]
    interrupt(3, "pause", lambda: pause_all(held))
    resume(held)
    assert desired(*ids) == ["active"] * 7


def test_a_second_pause_adds_the_posts_scheduled_since(held, plan, desired):
    first = plan(1)
    began_at = pause_all(held).began_at
    second = plan(2)
    hold = pause_all(held)
    assert (set(hold.posts), hold.began_at) == ({first, second}, began_at)
    assert desired(first, second) == ["paused", "paused"]


def test_a_post_that_a_person_has_decided_about_leaves_the_hold(held, application, plan, desired):
    first, second = plan(1), plan(2)
    pause_all(held)
    held.forget([first])
    resume(held)
    assert desired(first, second) == ["paused", "active"]


def test_during_an_outage_the_phase_waits_and_is_continued(held, application, plan, desired, monkeypatch, clock):
    ids = [plan(hours) for hours in range(1, 5)]

    def unreachable(plan, **_):
        raise AwsUnavailable("AWS did not answer.")

    with monkeypatch.context() as patch:
        patch.setattr(application.schedules, "pause", unreachable)
        held.begin_pause()
        held.finish_in_background(within_seconds=10)
        assert isinstance(held.problem, AwsUnavailable)
    clock.move(minutes=5)
    held.finish_interrupted()
    assert desired(*ids) == ["paused"] * 4


def test_the_progress_of_each_batch_is_reported(held, plan, monkeypatch):
    monkeypatch.setattr(pausing, "BATCH", 2)
    for hours in range(1, 6):
        plan(hours)
    seen = []
    held.begin_pause()
    held.finish(lambda hold: seen.append((hold.done, hold.total)))
    assert seen == [(2, 5), (4, 5), (5, 5)]
    seen.clear()
    held.begin_resume()
    held.finish(lambda hold: seen.append((hold.done, hold.total)))
    assert seen == [(2, 5), (4, 5), (5, 5)]


def test_without_posts_nothing_is_left_behind(held):
    assert pause_all(held).posts == ()
    assert resume(held) is None
    with pytest.raises(NothingHeld):
        held.begin_resume()


def test_too_many_posts_are_refused_before_one_is_paused(held, plan, desired, monkeypatch):
    ids = [plan(1), plan(2), plan(3)]
    monkeypatch.setattr(pausing, "HELD_LIMIT", 2)
    with pytest.raises(TooManyToHold):
        pause_all(held)
    assert desired(*ids) == ["active"] * 3
    assert held.hold() is None


def test_a_post_whose_pause_the_scheduler_refused_is_resumed_with_the_others(
    open_application, a_post, clock, inject_fault
):
    """The ledger has the pause by then, and it is armed in the background."""
    aws = open_application()
    ids = [aws.schedules.schedule(a_post(post_id=new_post_id())).post.post_id for _ in range(2)]
    inject_fault("UpdateSchedule", "AccessDeniedException")
    assert set(pause_all(aws.held_posts).posts) == set(ids)
    inject_fault.clear()
    clock.move(minutes=2)
    aws.schedules.repair()
    resume(aws.held_posts)
    assert [aws.schedules.plan(post_id).desired for post_id in ids] == ["active"] * 2
