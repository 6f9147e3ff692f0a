"""Rearranging random queues: nothing is lost, no posting time of an account is taken twice, and undo restores all."""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from core.application import Application
from core.ledger.port import Plan
from core.posts.destinations import Destination
from core.posts.models import Post, Repeat, new_post_id
from core.scheduling.moves import Rearranged
from core.scheduling.post_time import PostTime
from core.settings import Settings
from core.timetable.timetable import Timetable

ZONE = "Europe/Berlin"
ACCOUNTS = [Destination(name) for name in ("outbox", "mastodon:ada", "webhook:sales")]
NOW = datetime(2026, 10, 22, 12, tzinfo=UTC)
"""Three days before the clocks go back."""
TABLE = Timetable(zone=ZONE, week=((time(2, 30), time(9, 7)),) * 7)
TIMES = list(TABLE.between(NOW, NOW + timedelta(days=60)))
POSTS = st.lists(
    st.tuples(
        st.integers(0, 9) | st.floats(0.1, 8.9).map(lambda number: round(number, 2)),
        st.sets(st.sampled_from(ACCOUNTS), min_size=1, max_size=2),
        st.booleans(),
    ),
    min_size=2,
    max_size=9,
    unique_by=lambda each: each[0],
)
"""Posts at posting times (whole numbers) or between them, with their accounts, some paused."""
ACTIONS: dict[str, Callable[[Application, list[Plan]], Rearranged]] = {
    "to front": lambda app, plans: app.rearranging.to_front(plans[-1]),
    "shift": lambda app, plans: app.rearranging.shift(plans[0].post.accounts, NOW),
    "shift by days": lambda app, plans: app.rearranging.shift(plans[0].post.accounts, NOW, days=3),
    "swap": lambda app, plans: app.rearranging.swap(plans[0], plans[-1]),
    "spread": lambda app, plans: app.rearranging.spread(plans[1:]),
}


class Killed(BaseException):
    """The process ends in the middle of an action."""


@contextmanager
def queue_of(posts: list[tuple[float, set[Destination], bool]]) -> Iterator[tuple[Application, list[Plan]]]:
    """Open a home with these posts and a series."""
    with tempfile.TemporaryDirectory() as folder:
        application = Application(Settings(home=Path(folder) / "home"), lambda: NOW)
        try:
            application.posting_times.save(None, TABLE, base=0)
            plans = [_schedule(application, *each) for each in posts]
            wall = "2026-10-23T09:07:00"
            _schedule(application, 0, {ACCOUNTS[0]}, False, due_at=None, wall=wall, repeat=Repeat(expression=RULE))
            yield application, plans
        finally:
            application.close()


RULE = "cron(7 9 ? * FRI *)"


def _schedule(app: Application, number: float, accounts: set[Destination], paused: bool, **members: object) -> Plan:
    at = TIMES[int(number)] + timedelta(minutes=60 * (number % 1))
    content = {"post_id": new_post_id(), "text": "Hi", "destinations": tuple(sorted(accounts))}
    plan = app.schedules.schedule(Post.model_validate(content | PostTime.at(at, ZONE).members | members))
    return app.schedules.pause(plan) if paused else plan


def pending(application: Application) -> dict[str, Plan]:
    plans = application.ledger.due(due_from=NOW, due_before=NOW + timedelta(days=90), limit=99)
    return {plan.post.post_id: plan for plan in plans}


def times_of(application: Application) -> dict[str, tuple[PostTime, str]]:
    return {post_id: (PostTime.of(plan.post), plan.desired) for post_id, plan in pending(application).items()}


def assert_nothing_lost(application: Application, plans: list[Plan]) -> None:
    """Assert that every post is pending once, with its one schedule."""
    found = pending(application)
    assert found.keys() == {plan.post.post_id for plan in plans}
    listed = application.listing.window(NOW, NOW + timedelta(days=90), limit=99)
    assert sorted(each.name for each in listed if each.due_at) == sorted(plan.schedule_name for plan in found.values())


def crowded(application: Application) -> Counter[tuple[datetime, Destination]]:
    """Return the times at which an account has two posts."""
    held = Counter((plan.post.due_at, name) for plan in pending(application).values() for name in plan.post.accounts)
    return Counter({key: count for key, count in held.items() if count > 1})


@pytest.mark.parametrize("action", ACTIONS)
@settings(max_examples=8, deadline=None)
@given(posts=POSTS)
def test_an_action_loses_nothing_crowds_nothing_and_is_undone(action, posts):
    with queue_of(posts) as (application, plans):
        before = times_of(application)
        done = ACTIONS[action](application, plans)
        assert_nothing_lost(application, plans)
        if action not in ("swap", "shift by days"):  # these go to given times, whatever other accounts have there
            assert not crowded(application)
            assert all(each.after.post.due_at in TIMES for each in done.changed)
        application.rearranging.undo(done)
        assert times_of(application) == before
        assert_nothing_lost(application, plans)


@pytest.mark.parametrize("action", ["to front", "shift", "spread"])
@settings(max_examples=8, deadline=None)
@given(posts=POSTS, survived=st.integers(0, 5))
def test_a_process_that_is_killed_in_the_middle_loses_nothing(action, posts, survived):
    with queue_of(posts) as (application, plans):
        reschedule, calls = application.schedules.reschedule, []

        def killed(plan: Plan, **at: object) -> Plan:
            if len(calls) == survived:
                raise Killed
            calls.append(plan)
            return reschedule(plan, **at)

        application.schedules.reschedule = killed
        try:
            ACTIONS[action](application, plans)
        except Killed:
            assert len(crowded(application)) <= 2  # a post that changes places with another one, for both accounts
        assert_nothing_lost(application, plans)
        assert {plan.desired for plan in pending(application).values()} <= {"active", "paused"}
