"""Rearranging the queue, and the undo of each action, on one machine."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from core.application import Application
from core.aws_errors import AwsUnavailable
from core.ledger.port import ClaimTerms, Plan
from core.ledger.refusals import AlreadyGoingOut
from core.posts.destinations import Destination
from core.posts.models import Post, Repeat, new_post_id
from core.posts.payload import invocation_of
from core.scheduling import rearranging as module
from core.scheduling.free_times import NoFreeTime, NoPostingTimes
from core.scheduling.moves import PartlyMoved, TimeTaken
from core.scheduling.post_time import PostTime
from core.scheduling.rearranging import TooManyPosts
from core.scheduling.refusals import PostCancelled, PostRepeats, TooSoon
from core.settings import Settings
from core.timetable.timetable import Timetable

OUTBOX, ADA, SALES = map(Destination, ("outbox", "mastodon:ada", "webhook:sales"))
ZONE = "Europe/Berlin"
DAILY = Timetable(zone=ZONE, week=((time(9, 7),),) * 7)
NINE = datetime(2026, 11, 3, 8, 7, tzinfo=UTC)
"""The first posting time."""


@pytest.fixture
def application(tmp_path, clock) -> Iterator[Application]:
    """Open a home with one posting time a day."""
    opened = Application(Settings(home=tmp_path / "home"), clock)
    opened.posting_times.save(None, DAILY, base=0)
    yield opened
    opened.close()


@pytest.fixture
def rearranging(application):
    return application.rearranging


@pytest.fixture
def schedule(application) -> Callable[..., Plan]:
    """Schedule a post at 09:07 of a day, counted from the first posting time."""

    def schedule(text: str, day: float, **members: Any) -> Plan:
        at = PostTime.at(NINE + timedelta(days=day), members.pop("zone", ZONE))
        content = {"post_id": new_post_id(), "text": text, "destinations": (OUTBOX,)} | at.members
        return application.schedules.schedule(Post.model_validate(content | members))

    return schedule


@pytest.fixture
def days(application) -> Callable[[], dict[str, float]]:
    """Return the day of each post, counted from the first posting time."""

    def days() -> dict[str, float]:
        plans = application.ledger.due(due_from=NINE - timedelta(days=1), due_before=NINE + timedelta(99), limit=100)
        return {plan.post.text: (plan.post.due_at - NINE) / timedelta(days=1) for plan in plans}

    return days


@pytest.fixture
def offline(application, monkeypatch) -> Callable[[int], None]:
    """Make the scheduler unreachable after some more creations."""

    def offline(creations: int) -> None:
        create, left = application.backend.scheduler_client.create_schedule, [None] * creations

        def limited(**request: Any) -> Any:
            if not left:
                raise EndpointConnectionError(endpoint_url="https://scheduler")
            left.pop()
            return create(**request)

        monkeypatch.setattr(application.backend.scheduler_client, "create_schedule", limited)

    return offline


def current(application: Application, plan: Plan) -> Plan:
    return application.schedules.plan(plan.post.post_id)


def assert_synced(application: Application) -> None:
    """Assert that each pending post has its one schedule."""
    found = application.listing.window(NINE - timedelta(days=1), NINE + timedelta(days=99), limit=100)
    plans = application.ledger.due(due_from=NINE - timedelta(days=1), due_before=NINE + timedelta(99), limit=100)
    assert sorted(each.name for each in found) == sorted(plan.schedule_name for plan in plans)
    assert all(plan.settled for plan in plans)


def test_to_the_front_moves_the_posts_in_between_one_posting_time_later(application, rearranging, schedule, days):
    plans = [schedule(text, day) for text, day in (("A", 0), ("B", 1), ("C", 2), ("D", 3))]
    done = rearranging.to_front(plans[2])
    assert days() == {"C": 0, "A": 1, "B": 2, "D": 3}
    assert_synced(application)
    assert len(rearranging.undo(done).changed) == 3
    assert days() == {"A": 0, "B": 1, "C": 2, "D": 3}
    assert_synced(application)


def test_to_the_front_moves_no_more_posts_than_until_the_first_free_time(rearranging, schedule, days):
    schedule("A", 0)
    schedule("B", 2)
    done = rearranging.to_front(schedule("C", 5))
    assert days() == {"C": 0, "A": 1, "B": 2}
    rearranging.undo(done)
    assert days() == {"A": 0, "B": 2, "C": 5}


def test_to_the_front_takes_a_free_first_time_alone_and_leaves_a_post_that_is_there(rearranging, schedule, days):
    plan = schedule("A", 0.5)
    assert len(rearranging.to_front(plan).changed) == 1
    assert days() == {"A": 0}
    assert rearranging.to_front(schedule("B", 1)).changed
    assert days() == {"B": 0, "A": 1}


def test_a_post_at_the_front_stays(application, rearranging, schedule, days):
    plan = schedule("A", 0)
    assert rearranging.to_front(plan).changed == ()
    assert current(application, plan) == plan


def test_to_the_front_leaves_other_accounts_and_moves_what_a_moved_post_meets(rearranging, schedule, days):
    schedule("Sales alone", 0, destinations=(SALES,))
    schedule("Both", 0, destinations=(OUTBOX, ADA))
    schedule("Ada alone", 1, destinations=(ADA,))
    rearranging.to_front(schedule("C", 4))
    assert days() == {"Sales alone": 0, "C": 0, "Both": 1, "Ada alone": 2}


def test_runs_of_a_series_stay_and_their_times_are_passed_over(application, rearranging, schedule, days):
    wall = "2026-11-04T09:07:00"
    schedule("Wednesdays", 0, due_at=None, repeat=Repeat(expression="cron(7 9 ? * WED *)"), wall=wall)
    schedule("A", 0)
    rearranging.to_front(schedule("B", 5))
    assert days() == {"B": 0, "A": 2}


def test_a_paused_post_moves_and_stays_paused(application, rearranging, schedule, days):
    first = schedule("A", 0)
    application.schedules.pause(first)
    done = rearranging.to_front(schedule("B", 1))
    assert days() == {"B": 0, "A": 1}
    assert current(application, first).desired == "paused"
    rearranging.undo(done)
    assert (current(application, first).desired, days()) == ("paused", {"A": 0, "B": 1})


def test_a_series_and_a_post_without_posting_times_do_not_move_to_the_front(application, rearranging, schedule):
    wall = "2026-11-04T09:07:00"
    series = schedule("S", 0, due_at=None, repeat=Repeat(expression="cron(7 9 ? * WED *)"), wall=wall)
    with pytest.raises(PostRepeats):
        rearranging.to_front(series)
    application.posting_times.save(None, None, base=1)
    with pytest.raises(NoPostingTimes):
        rearranging.to_front(schedule("A", 3))


def test_all_later_posts_shift_to_the_next_posting_time(application, rearranging, schedule, days):
    for text, day in (("A", 0), ("B", 1), ("C", 1.5), ("D", 3)):
        schedule(text, day)
    schedule("Sales", 1, destinations=(SALES,))
    done = rearranging.shift([OUTBOX], NINE + timedelta(days=1))
    assert days() == {"A": 0, "B": 2, "C": 3, "D": 4, "Sales": 1}
    assert_synced(application)
    rearranging.undo(done)
    assert days() == {"A": 0, "B": 1, "C": 1.5, "D": 3, "Sales": 1}


def test_posts_shift_past_the_times_of_a_series_and_of_posts_that_stay(rearranging, schedule, days):
    wall = "2026-11-04T09:07:00"
    schedule("Wednesdays", 0, due_at=None, repeat=Repeat(expression="cron(7 9 ? * WED *)"), wall=wall)
    schedule("A", 0, destinations=(OUTBOX, ADA))
    schedule("Ada", 2, destinations=(ADA,))
    rearranging.shift([OUTBOX], NINE)
    assert days() == {"A": 3, "Ada": 2}


@pytest.mark.parametrize("by", [2, -2])
def test_posts_shift_by_days_at_their_own_wall_times(application, rearranging, schedule, days, by):
    for day in (3, 4, 5.25):
        schedule(str(day), day, zone="America/New_York")
    done = rearranging.shift([OUTBOX], NINE + timedelta(days=3), days=by)
    assert days() == {str(day): day + by for day in (3, 4, 5.25)}
    assert {plan.after.post.zone for plan in done.changed} == {"America/New_York"}
    assert_synced(application)
    rearranging.undo(done)
    assert days() == {str(day): day for day in (3, 4, 5.25)}


def test_a_shift_by_days_keeps_the_time_of_day_through_clock_changes(application, rearranging, schedule, clock):
    clock.now = datetime(2027, 3, 26, 12, tzinfo=UTC)
    spring = PostTime.at(datetime(2027, 3, 27, 1, 30, tzinfo=UTC), ZONE)
    plan = schedule("A", 0, **spring.members)
    rearranging.shift([OUTBOX], clock(), days=1)
    assert (current(application, plan).post.wall, current(application, plan).post.due_at.hour) == (
        "2027-03-28T03:00:00",
        1,
    )
    rearranging.shift([OUTBOX], clock(), days=1)
    assert current(application, plan).post.wall == "2027-03-29T03:00:00"


def test_a_shift_into_the_past_and_one_of_too_many_posts_move_nothing(rearranging, schedule, days, monkeypatch):
    for day in (0, 1, 2):
        schedule(str(day), day)
    with pytest.raises(TooSoon):
        rearranging.shift([OUTBOX], NINE, days=-1)
    monkeypatch.setattr(module, "POSTS_LIMIT", 2)
    with pytest.raises(TooManyPosts):
        rearranging.shift([OUTBOX], NINE, days=1)
    assert days() == {"0": 0, "1": 1, "2": 2}


def test_two_posts_swap_their_times(application, rearranging, schedule, days):
    one, other = schedule("A", 0), schedule("B", 2.5, zone="Asia/Tokyo")
    done = rearranging.swap(one, other)
    assert days() == {"A": 2.5, "B": 0}
    assert current(application, one).post.zone == "Asia/Tokyo"
    assert_synced(application)
    rearranging.undo(done)
    assert days() == {"A": 0, "B": 2.5}


@pytest.mark.parametrize("action", ["to_front", "swap", "spread"])
def test_a_post_that_was_cancelled_meanwhile_stays_cancelled(application, rearranging, schedule, action):
    own, other = schedule("A", 3), schedule("B", 4)
    cancelled = application.schedules.cancel(own)
    actions = {
        "to_front": lambda: rearranging.to_front(cancelled),
        "swap": lambda: rearranging.swap(other, cancelled),
        "spread": lambda: rearranging.spread([other, cancelled]),
    }
    with pytest.raises(PostCancelled):
        actions[action]()
    assert current(application, own).desired == "cancelled"
    assert current(application, other) == other


def test_posts_are_spread_over_the_free_times_in_their_order(application, rearranging, schedule, days):
    schedule("Stays", 1)
    crowd = [schedule(text, day) for text, day in (("C", 0.3), ("A", 0.1), ("D", 2), ("B", 0.2))]
    done = rearranging.spread(crowd)
    assert days() == {"A": 0, "Stays": 1, "B": 2, "C": 3, "D": 4}
    assert_synced(application)
    rearranging.undo(done)
    assert days() == {"A": 0.1, "B": 0.2, "C": 0.3, "Stays": 1, "D": 2}
    rearranging.spread([current(application, plan) for plan in crowd], start=NINE + timedelta(days=5))
    assert days() == {"Stays": 1, "A": 5, "B": 6, "C": 7, "D": 8}


def test_posts_that_find_no_free_time_stay(application, rearranging, schedule, days):
    weekly = Timetable(zone=ZONE, week=((time(9, 7),), *[()] * 6))
    application.posting_times.save(None, weekly, base=1)
    wall = "2026-11-09T09:07:00"
    schedule("Mondays", 0, due_at=None, repeat=Repeat(expression="cron(7 9 ? * MON *)"), wall=wall)
    plan = schedule("A", 0.5)
    for action in (lambda: rearranging.spread([plan]), lambda: rearranging.to_front(plan)):
        with pytest.raises(NoFreeTime):
            action()
    assert days() == {"A": 0.5}


def test_posts_are_not_spread_to_a_time_that_another_post_claims(application, rearranging, schedule, days, clock):
    crowd = [schedule("A", 0.1), schedule("B", 0.2)]
    application.posting_times.claim("k3v9q2m4cx7a", [OUTBOX], NINE, now=clock())
    rearranging.spread(crowd)
    assert days() == {"A": 1, "B": 2}


def test_undo_moves_nothing_if_another_post_claims_one_of_the_old_times(
    rearranging, application, schedule, days, clock
):
    for text, day in (("A", 0), ("B", 1)):
        schedule(text, day)
    done = rearranging.shift([OUTBOX], NINE, days=3)
    application.posting_times.claim("k3v9q2m4cx7b", [OUTBOX], NINE, now=clock())
    with pytest.raises(TimeTaken):
        rearranging.undo(done)
    assert days() == {"A": 3, "B": 4}
    assert_synced(application)


def test_a_move_that_fails_takes_the_others_back(application, rearranging, schedule, days):
    plans = [schedule(text, day) for text, day in (("A", 0), ("B", 1), ("C", 2))]
    payload = invocation_of(plans[0].post, plans[0].post.due_at)
    terms = ClaimTerms(lease_until=application.clock() + timedelta(minutes=1), now=application.clock())
    application.ledger.claim(payload, OUTBOX, terms)
    with pytest.raises(AlreadyGoingOut):
        rearranging.swap(plans[1], plans[0])
    assert days() == {"B": 1, "C": 2}


def test_an_unreachable_scheduler_leaves_every_post_at_its_old_time(application, rearranging, schedule, days, offline):
    plans = [schedule(text, day) for text, day in (("A", 0), ("B", 1), ("C", 2))]
    offline(1)
    with pytest.raises(AwsUnavailable):
        rearranging.to_front(plans[2])
    assert days() == {"A": 0, "B": 1, "C": 2}


def test_a_post_that_cannot_be_taken_back_is_named(application, rearranging, schedule, days, monkeypatch):
    plans = [schedule(text, day) for text, day in (("A", 0), ("B", 1))]
    reschedule, calls = application.schedules.reschedule, []

    def second_fails(plan: Plan, **time: Any) -> Plan:
        calls.append(plan)
        if len(calls) == 2:
            raise AwsUnavailable("no answer")
        return reschedule(plan, **time)

    def refuse(plan: Plan, earlier: Plan) -> Plan:
        raise AwsUnavailable("no answer")

    monkeypatch.setattr(application.schedules, "reschedule", second_fails)
    monkeypatch.setattr(application.schedules, "restore", refuse)
    with pytest.raises(PartlyMoved, match="1 post stayed at a new time"):
        rearranging.to_front(plans[1])
    assert sorted(days().values()) in ([0, 0], [1, 1])


def test_undo_leaves_posts_that_were_changed_since(application, rearranging, schedule, days):
    plans = [schedule(text, day) for text, day in (("A", 0), ("B", 1), ("C", 2))]
    done = rearranging.to_front(plans[2])
    application.schedules.cancel(current(application, plans[0]))
    assert len(rearranging.undo(done).changed) == 2
    assert days() == {"B": 1, "C": 2}
    assert rearranging.undo(done).changed == ()


def test_undo_after_the_old_time_has_passed_moves_nothing(application, rearranging, schedule, days, clock):
    schedule("A", 0)
    done = rearranging.shift([OUTBOX], NINE, days=2)
    clock.now = NINE
    with pytest.raises(TooSoon):
        rearranging.undo(done)
    assert days() == {"A": 2}
