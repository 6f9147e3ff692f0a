"""A kill at any point loses no post and publishes no post twice."""

import signal
from datetime import timedelta

import pytest

from core.ledger.history import runs
from core.posts.models import new_post_id
from core.publishing.composing import compose

POINTS = ["after claiming", "between publishing and recording", "after recording"]


@pytest.fixture
def schedule(home):
    """Schedule a post that is due in `ahead` seconds; return its id."""

    def schedule_post(*destinations: str, ahead: float = 3.1) -> str:
        due = (home.clock() + timedelta(seconds=ahead)).replace(microsecond=0)
        post = compose(
            post_id=new_post_id(),
            text="Through a crash",
            destinations=destinations,
            wall=due.replace(tzinfo=None),
            zone="UTC",
            which=None,
            late_after_minutes=60,
            accounts=home.accounts,
            networks=home.networks,
        )
        return home.schedules.schedule(post).post.post_id

    return schedule_post


@pytest.fixture
def connect(home, webhook):
    """Connect the webhook, with or without deduplication."""

    def connect_webhook(*, deduplicates: str) -> None:
        form = {"name": "shop", "address": webhook.address, "deduplicates": deduplicates}
        home.accounts.connect(home.networks["webhook"].connect(form))

    return connect_webhook


def states(home) -> dict[str, str]:
    return {run.post_id: run.state for run in runs(home.ledger, limit=100)}


def ends_by_sigkill(process) -> bool:
    return process.wait(timeout=20) == -signal.SIGKILL


def test_a_post_is_published_after_a_restart_when_the_process_was_killed_before_its_instant(
    eventually, home, serve, schedule
):
    first = serve()
    eventually(lambda: home.one_machine.has_live_runner())
    post_id = schedule("outbox")
    first.kill()
    first.wait()
    serve()
    eventually(lambda: states(home).get(post_id) == "published")
    assert [entry.post_id for entry in home.outbox.feed(limit=10)] == [post_id]


@pytest.mark.parametrize("point", POINTS)
def test_the_outbox_has_the_post_exactly_once_after_a_kill_at_any_point(eventually, home, serve, schedule, point):
    post_id = schedule("outbox")
    assert ends_by_sigkill(serve(point))
    serve()
    eventually(lambda: states(home).get(post_id) == "published")
    assert [entry.post_id for entry in home.outbox.feed(limit=10)] == [post_id]


@pytest.mark.parametrize(
    ("point", "state", "received"),
    [
        ("after claiming", "unconfirmed", 0),
        ("between publishing and recording", "unconfirmed", 1),
        ("after recording", "published", 1),
    ],
)
def test_a_webhook_gets_the_post_at_most_once_after_a_kill_at_any_point(
    eventually, home, serve, schedule, connect, webhook, point, state, received
):
    connect(deduplicates="no")
    post_id = schedule("webhook:shop")
    assert ends_by_sigkill(serve(point))
    serve()
    eventually(lambda: states(home).get(post_id) == state)
    assert webhook.ids == [post_id] * received


@pytest.mark.parametrize("point", POINTS)
def test_a_webhook_that_ignores_repeats_gets_the_post_after_a_kill_at_any_point(
    eventually, home, serve, schedule, connect, webhook, point
):
    connect(deduplicates="yes")
    post_id = schedule("webhook:shop")
    assert ends_by_sigkill(serve(point))
    serve()
    eventually(lambda: states(home).get(post_id) == "published")
    assert set(webhook.ids) == {post_id}


def test_two_processes_on_one_home_publish_each_post_once(eventually, home, serve, schedule, connect, webhook):
    connect(deduplicates="no")
    posts = {schedule("webhook:shop", ahead=4) for _ in range(20)}
    serve()
    serve()
    eventually(lambda: len(webhook.ids) >= 20)
    eventually(lambda: set(states(home)) == posts and set(states(home).values()) == {"published"})
    assert sorted(webhook.ids) == sorted(posts)
