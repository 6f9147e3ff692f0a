"""The state of the last post is read as often as it may change."""

from datetime import timedelta

import pytest

from core.ledger.port import Plan
from core.ledger.post_state import PostState
from core.posts.models import Post
from ui.posts.outcome import OFTEN, SELDOM, refresh_interval


@pytest.fixture
def interval(clock):
    """Return the interval for a post in a state that is due some seconds ahead."""

    def of(state, seconds):
        post = Post(
            post_id="k3v9q2m4cx7a",
            text="Good morning",
            destinations=("outbox",),
            zone="UTC",
            wall="2026-11-02T12:00:00",
            due_at=clock() + timedelta(seconds=seconds),
        )
        plan = Plan(
            post=post,
            desired="active",
            schedule_name=None,
            superseded=(),
            settled=True,
            created_at=clock(),
            changed_at=clock(),
        )
        return refresh_interval(PostState(plan=plan, state=state, run=None), clock())

    return of


def test_a_post_that_is_due_soon_or_going_out_is_read_every_second(interval):
    assert interval("scheduled", 59) == OFTEN
    assert interval("going out", -1) == OFTEN
    assert interval("retrying", -300) == OFTEN


def test_a_post_that_is_due_later_is_read_seldom(interval):
    assert interval("scheduled", 61) == SELDOM


def test_a_post_that_waits_for_a_person_long_after_its_instant_is_read_seldom(interval):
    assert interval("time has passed", -3600) == SELDOM


@pytest.mark.parametrize(
    "state", ["published", "handed over", "refused", "failed", "missed", "unconfirmed", "cancelled"]
)
def test_a_final_state_is_not_read_again(interval, state):
    assert interval(state, -1) is None
