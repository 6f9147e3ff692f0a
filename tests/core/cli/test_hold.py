"""The commands that pause all posts and resume them, and what `status` prints meanwhile."""

import json

import pytest

AT = ("--at", "2026-11-24T09:00", "--zone", "Europe/Berlin", "--to", "outbox", "--json")


@pytest.fixture
def schedule(command):
    """Schedule a post and return its id."""
    return lambda text, *at: json.loads(command("schedule", "--text", text, *(at or AT))[1])["post_id"]


@pytest.fixture
def states(command):
    """Return the states in the queue."""
    return lambda: [row["state"] for row in json.loads(command("queue", "--json")[1])]


def test_all_posts_are_paused_and_resumed(command, schedule, states):
    schedule("One"), schedule("Two")
    status, out, err = command("pause-all")
    assert (status, err) == (0, "")
    assert out == "2 posts paused. Posts that are scheduled from now on go out. Resume with resume-all.\n"
    assert states() == ["paused", "paused"]
    assert command("status")[:2] == (
        0,
        "All posts are paused since 2026-11-02T12:00:00Z (2 posts). Resume with resume-all.\nNo post waits for you.\n",
    )
    assert json.loads(command("status", "--json")[1])["hold"] == {
        "phase": "paused", "since": "2026-11-02T12:00:00Z", "posts": 2,
    }  # fmt: skip
    assert command("resume-all") == (0, "The pause of 2 posts has ended.\n", "")
    assert states() == ["armed", "armed"]


def test_resuming_tells_how_many_posts_passed_meanwhile(command, schedule, clock):
    schedule("Soon", "--in", "10m", "--to", "outbox", "--json")
    assert json.loads(command("pause-all", "--json")[1]) == {"paused": 1}
    clock.move(minutes=20)
    assert json.loads(command("resume-all", "--json")[1]) == {"held": 1, "passed": 1}


def test_without_a_pause_there_is_nothing_to_resume(command):
    status, _, err = command("resume-all")
    assert (status, err.splitlines()[0]) == (1, "The posts are not paused as a whole.")
