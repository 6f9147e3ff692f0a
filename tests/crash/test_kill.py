"""A kill of the process that publishes, at any point of a post's way, loses no post and publishes no post twice."""

import signal

import pytest

POINTS = ["after claiming", "between publishing and recording", "after recording"]
BESIDE_THE_CLAIM = [
    "after the dispatch",
    "before the relay sends",
    "before claiming",
    "before the receipt",
    "after the receipt",
]


def ends_by_sigkill(process) -> bool:
    process.join(timeout=60)
    return process.exitcode == -signal.SIGKILL


def in_outbox(home) -> list[str]:
    return [entry.post_id for entry in home.outbox.feed(limit=10)]


def test_a_post_is_published_after_a_restart_when_the_process_was_killed_before_its_instant(
    eventually, home, serve, schedule, ends_as, observer
):
    first = serve()
    eventually(lambda: home.one_machine.has_live_runner())
    post_id = schedule()
    first.kill()
    first.join()
    assert observer.now(post_id) == "Queue: scheduled"
    serve()
    ends_as(post_id, "published")
    assert in_outbox(home) == [post_id]


@pytest.mark.parametrize("point", POINTS)
def test_the_outbox_has_the_post_exactly_once_after_a_kill_at_any_point(
    home, serve, post_now, ends_as, observer, point
):
    post_id = post_now()
    assert ends_by_sigkill(serve(point))
    assert observer.now(post_id) == ("History: published" if point == "after recording" else "History: going out")
    serve()
    ends_as(post_id, "published")
    assert in_outbox(home) == [post_id]


@pytest.mark.parametrize("point", BESIDE_THE_CLAIM)
def test_every_destination_has_the_post_exactly_once_after_a_kill_beside_the_claim(
    eventually, home, serve, schedule, connect, ends_as, accepting, observer, point
):
    connect(accepting.address)
    connect(accepting.address, name="sales", deduplicates="yes")
    post_id = schedule("outbox", "webhook:shop", "webhook:sales")
    assert ends_by_sigkill(serve(point))
    assert observer.now(post_id) == ("History: published" if "receipt" in point else "Queue: going out")
    serve()
    ends_as(post_id, "published")
    eventually(lambda: home.one_machine.engine_store.next_due() is None)  # no attempt is left
    assert in_outbox(home) == [post_id]
    assert accepting.ids == [post_id] * 2


@pytest.mark.parametrize(
    ("point", "state", "received"),
    [
        ("after claiming", "unconfirmed", 0),
        ("between publishing and recording", "unconfirmed", 1),
        ("after recording", "published", 1),
    ],
)
def test_a_webhook_gets_the_post_at_most_once_after_a_kill_at_any_point(
    serve, post_now, connect, ends_as, accepting, point, state, received
):
    connect(accepting.address)
    post_id = post_now("webhook:shop")
    assert ends_by_sigkill(serve(point))
    serve()
    ends_as(post_id, state)
    assert accepting.ids == [post_id] * received


@pytest.mark.parametrize("point", POINTS)
def test_a_webhook_that_ignores_repeats_gets_the_post_after_a_kill_at_any_point(
    serve, post_now, connect, ends_as, accepting, point
):
    connect(accepting.address, deduplicates="yes")
    post_id = post_now("webhook:shop")
    assert ends_by_sigkill(serve(point))
    serve()
    ends_as(post_id, "published")
    assert set(accepting.ids) == {post_id}


def test_a_post_whose_process_is_killed_while_the_webhook_has_it_is_left_to_a_person(
    eventually, serve, post_now, connect, ends_as, waiting, observer
):
    connect(waiting.address)
    post_id = post_now("webhook:shop")
    first = serve()
    eventually(lambda: waiting.ids)
    assert observer.now(post_id) == "History: going out"
    first.kill()
    first.join()
    serve()
    ends_as(post_id, "unconfirmed")
    assert waiting.ids == [post_id]


def test_two_processes_on_one_home_publish_each_post_once(eventually, serve, schedule, connect, run_of, accepting):
    connect(accepting.address)
    posts = {schedule("webhook:shop", ahead=6) for _ in range(20)}
    serve()
    serve()
    eventually(lambda: all((run := run_of(post_id)) and run.state == "published" for post_id in posts))
    assert sorted(accepting.ids) == sorted(posts)
