"""A dashboard that is killed at any step of planning leaves each post where its person wanted it."""

import subprocess
import sys
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest

from core.posts.models import new_post_id
from tests.crash.processes import start

PLANNING = str(Path(__file__).with_name("planning.py"))
POINTS = ["after-the-intent", "before-settling"]
AHEAD_SECONDS = 10


@pytest.fixture
def plan_and_die(home, home_path, schedule, observer):
    """Let a process die at each point of each action; return the ids of the posts by action and point."""

    def plan(*actions):
        steps = list(product(actions, POINTS))
        command = [sys.executable, PLANNING, str(len(steps))]
        planning = start(command, home_path, {}, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert planning.stdout.readline() == "ready\n"  # the posts are due soon after this
        due = (home.clock() + timedelta(seconds=AHEAD_SECONDS)).replace(microsecond=0, tzinfo=None)
        posts = {
            (action, point): schedule(ahead=AHEAD_SECONDS) if action in ("move", "cancel") else new_post_id()
            for action, point in steps
        }
        lines = [f"{due.isoformat()} {action} {point} {post_id}\n" for (action, point), post_id in posts.items()]
        planning.communicate("".join(lines), timeout=60)
        assert planning.returncode == 0
        for post_id in posts.values():
            observer.follow(post_id)
        return posts

    return plan


def test_a_dashboard_that_is_killed_while_it_plans_moves_or_cancels_loses_no_post_and_doubles_none(
    eventually, home, serve, plan_and_die, observer, ends_as
):
    """The posts of each step end as their last intent says: on time where they were armed, else after a repair."""
    posts = plan_and_die("schedule", "post_now", "move", "cancel")
    cancelled = {posts.pop(("cancel", point)) for point in POINTS}
    assert {observer.now(post_id) for post_id in cancelled} == {"Cancelled"}
    assert {observer.now(posts["schedule", point]) for point in POINTS} == {"Queue: being scheduled"}
    assert {observer.now(posts["post_now", point]) for point in POINTS} == {"Queue: going out"}
    serve("never", "brief")
    for post_id in posts.values():
        ends_as(post_id, "published")
    eventually(lambda: home.one_machine.engine_store.next_due() is None)
    assert {entry.post_id for entry in home.outbox.feed(limit=100)} == set(posts.values())
    assert {observer.now(post_id) for post_id in cancelled} == {"Cancelled"}
