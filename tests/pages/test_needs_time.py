"""A post whose wall time has no single instant any more is shown in the Queue, and gets a new time there."""

import pytest

from core.ledger.derivation import derivation
from core.ledger.port import PlanChange
from core.ledger.post_state import post_state
from core.posts.models import Post, new_post_id
from core.posts.payload import ScheduleName


@pytest.fixture
def post_without_time(application, clock):
    """Plan a post that needs a time."""
    post = Post(
        post_id=new_post_id(),
        text="In the night",
        destinations=("outbox",),
        zone="Europe/Berlin",
        wall="2027-03-28T02:30:00",
        due_at="2027-03-28T01:30:00Z",
    )
    return application.ledger.plan(
        PlanChange(
            post=post, desired="paused", schedule_name=str(ScheduleName.of(post)), derived=derivation(post, "active")
        ),
        now=clock(),
    )


def test_a_card_says_that_its_post_needs_a_time_and_takes_a_new_one(browse, post_without_time, application, clock):
    application.schedules.settle(post_without_time)
    queue = browse("queue")
    assert "Needs a time" in queue.shown
    queue.click("new-time", post_without_time)
    queue.click("save-time", post_without_time)
    assert post_state(application.ledger, post_without_time.post.post_id, clock()).state == "scheduled"
