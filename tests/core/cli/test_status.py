"""The command `status`, the list of cancelled posts, and rows that cannot control the terminal."""

import json

import pytest

from core.application import Application
from core.cli.printed_rows import printable
from core.ledger.port import PlanChange, Receipt
from core.scheduling.setting_aside import set_aside
from core.scheduling.waiting_posts import WaitingPosts
from core.settings import Settings
from core.worker.lock import worker_lock
from core.worker.record import WorkerFiles

AT = ("--at", "2026-11-24T09:00", "--zone", "Europe/Berlin", "--to", "outbox")


@pytest.fixture
def application(tmp_path, clock):
    application = Application(Settings(home=tmp_path), clock)
    yield application
    application.close()


def test_nothing_waits_in_a_new_home(command):
    assert command("status") == (0, "No post waits for you.\n", "")
    assert json.loads(command("status", "--json")[1]) == {
        "waiting": 0, "states": {}, "posts": [], "hold": None, "worker_needed": False,
    }  # fmt: skip


def test_status_prints_the_posts_that_wait_and_exits_with_1(command, application, a_post, payload_for, clock):
    failed = a_post(due_at=clock())
    application.ledger.record(payload_for(failed), Receipt(kind="failed", at=clock(), revision=1))
    unarmed = a_post(post_id="n" * 12, text="Unarmed")
    application.ledger.plan(PlanChange(post=unarmed, schedule_name="post-n"), now=clock())
    clock.move(seconds=30)
    with worker_lock(WorkerFiles(application.home.path)):
        status, out, _ = command("status")
    first, *lines = out.splitlines()
    assert (status, first) == (1, "2 posts to look at: 1 failed, 1 not armed.")
    assert [line.split("  ")[-1] for line in lines] == [failed.text, "Unarmed"]
    found = json.loads(command("status", "--json")[1])
    assert (found["waiting"], found["states"]) == (2, {"failed": 1, "not armed": 1})
    assert [(row["post_id"], row["state"], row["page"]) for row in found["posts"]] == [
        (failed.post_id, "failed", "history"),
        ("n" * 12, "not armed", "queue"),
    ]


def test_a_post_that_was_set_aside_does_not_wait_and_older_runs_are_named(
    command, application, a_post, payload_for, clock, monkeypatch
):
    payload = payload_for(a_post(due_at=clock()))
    application.ledger.record(payload, Receipt(kind="failed", at=clock(), revision=1))
    assert command("status")[0] == 1
    set_aside(application.ledger, payload, now=clock())
    assert command("status")[:2] == (0, "No post waits for you.\n")
    monkeypatch.setattr(WaitingPosts.__init__, "__kwdefaults__", {"runs_looked_at": 1})
    searched = "Only the latest 1 runs were searched for posts that wait.\n"
    assert command("status")[1] == f"No post waits for you.\n{searched}"


@pytest.mark.parametrize("when", [("--in", "3d"), (*AT[:4], "--repeat", "daily")], ids=["one-time", "series"])
def test_status_says_that_no_worker_runs_while_a_post_becomes_due(command, tmp_path, when):
    command("schedule", "--text", "Hello", *when, "--to", "outbox")
    said = "No worker runs: due posts are not published. Start the dashboard, or run `python -m core engine`.\n"
    assert command("status") == (1, f"{said}No post waits for you.\n", "")
    assert json.loads(command("status", "--json")[1])["worker_needed"]
    with worker_lock(WorkerFiles(tmp_path)):
        assert command("status") == (0, "No post waits for you.\n", "")
        command("pause-all")
    assert command("status")[0] == 0


def test_status_and_the_queue_name_a_run_that_no_worker_fired(command, tmp_path, clock):
    command("schedule", "--text", "Hello", *AT, "--repeat", "daily")
    clock.move(days=30)
    with worker_lock(WorkerFiles(tmp_path)):
        status, out, _ = command("status")
    assert (status, out.splitlines()[0]) == (1, "1 post to look at: 1 missing.")
    (row,) = json.loads(command("queue", "--json")[1])
    assert (row["state"], row["due_at"], row["next"][0]) == ("missing", "2026-12-02T08:00:00Z", "2026-12-03T08:00:00Z")
    assert command("queue")[1].startswith("2026-12-02T08:00:00Z")


def test_a_cancelled_post_is_listed_for_30_days(command, clock):
    post_id = json.loads(command("schedule", "--text", "Never", *AT, "--json")[1])["post_id"]
    assert command("queue", "--cancelled") == (0, "No post was cancelled in the last 30 days.\n", "")
    command("cancel", post_id)
    clock.move(days=29)
    [row] = json.loads(command("queue", "--cancelled", "--json")[1])
    assert (row["post_id"], row["state"], row["at"]) == (post_id, "cancelled", "2026-11-02T12:00:00Z")
    clock.move(days=2)
    assert json.loads(command("queue", "--cancelled", "--json")[1]) == []


def test_control_characters_and_direction_marks_are_printed_as_escapes(command, application, a_post, clock):
    post = a_post(text="a\x00\x1b[2Jb\u202ec 👩\u200d🚀")
    application.ledger.plan(PlanChange(post=post, schedule_name="post-x"), now=clock())
    _, out, _ = command("queue")
    assert "a\\x00\\x1b[2Jb\\u202ec 👩\u200d🚀" in out
    assert printable("Grüße\t") == "Grüße\\t"
