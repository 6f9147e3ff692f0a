"""The command line does what the dashboard does, on the same home."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.application import Application
from core.cli.main import main
from core.settings import Settings

ROOT = Path(__file__).parents[3]
AT = ("--at", "2026-11-24T09:00", "--zone", "Europe/Berlin", "--to", "outbox")


@pytest.fixture
def command(tmp_path, clock):
    """Run one command on a home of its own; return its exit status and what it printed."""

    def run(*arguments: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        status = main(arguments, lambda: Application(Settings(home=tmp_path), clock), out, err)
        return status, out.getvalue(), err.getvalue()

    return run


def test_schedule_prints_one_object_with_stable_fields(command):
    status, out, _ = command("schedule", "--text", "Good morning", *AT, "--json")
    planned = json.loads(out)
    assert status == 0
    assert planned == {
        "name": f"post-20261124T080000Z-{planned['post_id']}",
        "post_id": planned["post_id"],
        "text": "Good morning",
        "due_at": "2026-11-24T08:00:00Z",
        "zone": "Europe/Berlin",
        "destinations": ["outbox"],
        "state": "armed",
    }


def test_queue_lists_what_was_scheduled_soonest_first(command):
    command("schedule", "--text", "Second", *AT)
    command("schedule", "--text", "First", "--in", "10s", "--to", "outbox")
    _, out, _ = command("queue", "--json")
    assert [(row["text"], row["due_at"]) for row in json.loads(out)] == [
        ("First", "2026-11-02T12:00:10Z"),
        ("Second", "2026-11-24T08:00:00Z"),
    ]


def test_queue_keeps_what_is_due_and_not_yet_gone(command, clock):
    command("schedule", "--text", "Any moment", "--in", "10s", "--to", "outbox")
    clock.move(seconds=70)
    assert [row["text"] for row in json.loads(command("queue", "--json")[1])] == ["Any moment"]


def test_a_line_shows_how_a_long_text_begins(command):
    command("schedule", "--text", "Once upon a time\n\n" + "and so on " * 40, *AT)
    [line] = command("queue")[1].splitlines()
    assert "outbox  Once upon a time and so on" in line
    assert (line.endswith("…"), len(line) < 200) == (True, True)
    assert len(json.loads(command("queue", "--json")[1])[0]["text"]) > 400


def test_queue_tells_of_posts_that_no_schedule_carries(command, tmp_path, clock):
    ids = [
        json.loads(command("schedule", "--text", text, "--in", ahead, "--to", "outbox", "--json")[1])["post_id"]
        for text, ahead in (("Nobody sent it", "10s"), ("Paused", "20s"), ("Not armed", "2d"))
    ]
    application = Application(Settings(home=tmp_path), clock)
    application.schedules.pause(application.schedules.plan(ids[1]))
    unarmed = application.ledger.get(ids[2]).post.model_copy(update={"revision": 2})
    application.ledger.change(unarmed, desired="active", schedule_name="post-x", now=clock())
    application.close()
    clock.move(hours=26)
    _, out, _ = command("queue", "--json")
    assert [(row["text"], row["state"]) for row in json.loads(out)] == [
        ("Nobody sent it", "missing"),
        ("Paused", "time has passed"),
        ("Not armed", "not armed"),
    ]


def test_cancel_takes_a_post_out_of_the_queue_by_its_name(command):
    name = json.loads(command("schedule", "--text", "Never", *AT, "--json")[1])["name"]
    status, out, _ = command("cancel", name, "--json")
    assert (status, json.loads(out)["state"]) == (0, "cancelled")
    assert json.loads(command("queue", "--json")[1]) == []


def test_a_repeating_post_is_scheduled_with_its_next_runs(command):
    _, out, _ = command(
        "schedule", "--text", "Weekly", "--at", "2027-03-27T09:00", "--zone", "Europe/Berlin", "--to", "outbox",
        "--repeat", "sat,mon", "--until", "2027-04-10", "--json",
    )  # fmt: skip
    planned = json.loads(out)
    assert planned["name"] == f"repeat-{planned['post_id']}"
    assert planned["next"][:2] == ["2027-03-27T08:00:00Z", "2027-03-29T07:00:00Z"]


def test_the_queue_tells_the_rule_of_a_repeating_post_and_lists_it_at_its_next_run(command):
    command("schedule", "--text", "Once", "--at", "2027-03-28T09:00", "--zone", "UTC", "--to", "outbox")
    command(
        "schedule", "--text", "Weekly", "--at", "2027-03-27T09:00", "--zone", "Europe/Berlin", "--to", "outbox",
        "--repeat", "sat,mon",
    )  # fmt: skip
    weekly, once = json.loads(command("queue", "--json")[1])
    assert (weekly["due_at"], weekly["next"][0]) == (None, "2027-03-27T08:00:00Z")
    assert "rule" not in once
    first, second = command("queue")[1].splitlines()
    assert first.startswith("2027-03-27T08:00:00Z")
    assert first.endswith("outbox  Every Monday and Saturday at 09:00 Europe/Berlin  Weekly")
    assert second.endswith("outbox  Once")


def test_nothing_running_is_said_and_the_post_is_kept(command):
    _, _, err = command("schedule", "--text", "Kept", *AT)
    assert "start the dashboard" in err
    assert len(json.loads(command("queue", "--json")[1])) == 1


def test_history_is_an_empty_array_at_first(command):
    assert command("history", "--json") == (0, "[]\n", "")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--at", "2020-01-01T09:00", "--to", "outbox"), "has passed"),
        (("--at", "2026-11-02T12:00:01", "--to", "outbox"), "only a moment ahead"),
        (("--at", "2027-03-28T02:30", "--zone", "Europe/Berlin", "--to", "outbox"), "does not exist"),
        (("--at", "2027-10-31T02:30", "--zone", "Europe/Berlin", "--to", "outbox"), "occurs twice"),
        (("--at", "2026-11-24T09:00", "--zone", "Mars/Olympus", "--to", "outbox"), "no time zone"),
        (("--at", "2026-11-24T09:00", "--to", "nowhere"), "No account"),
        (("--at", "2056-11-24T09:00", "--to", "outbox"), "too far ahead"),
        (("--at", "2056-11-24T09:00", "--repeat", "daily", "--to", "outbox"), "too far ahead"),
        (("--at", "0001-01-01T00:00", "--zone", "Asia/Tokyo", "--to", "outbox"), "end of the calendar"),
        (("--at", "9999-12-31T23:59", "--to", "outbox"), "end of the calendar"),
    ],
)
def test_what_cannot_be_scheduled_is_refused_with_the_reason_and_a_remedy(command, arguments, reason):
    status, out, err = command("schedule", "--text", "No", *arguments)
    assert (status, out) == (1, "")
    assert reason in err
    assert len(err.strip().splitlines()) == 2
    assert json.loads(command("queue", "--json")[1]) == []


def test_an_empty_text_is_refused(command):
    status, _, err = command("schedule", "--text", "  ", *AT)
    assert (status, err.splitlines()[0]) == (1, "The post has no text.")


def test_which_one_decides_a_doubled_hour(command):
    doubled = ("--at", "2027-10-31T02:30", "--zone", "Europe/Berlin", "--to", "outbox", "--json")
    first, second = (
        json.loads(command("schedule", "--text", "x", *doubled, "--which", which)[1])["due_at"] for which in "12"
    )
    assert (first, second) == ("2027-10-31T00:30:00Z", "2027-10-31T01:30:00Z")


def test_cancelling_what_is_not_there_is_refused(command):
    status, _, err = command("cancel", "nothing")
    assert status == 1
    assert "nothing" in err


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("dance",),
        ("schedule",),
        ("schedule", "--text", "x", "--at", "soon", "--to", "outbox"),
        ("schedule", "--text", "x", "--in", "²s", "--to", "outbox"),
        ("schedule", "--text", "x", "--in", "9999999d", "--to", "outbox"),
        ("schedule", "--text", "x", "--in", "99999999999999999d", "--to", "outbox"),
        ("queue", "--limit", "-1"),
        ("history", "--limit", "0"),
    ],
)
def test_wrong_usage_exits_with_2(command, arguments, capsys):
    with pytest.raises(SystemExit) as left:
        command(*arguments)
    assert left.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_a_last_date_without_a_rule_is_wrong_usage(command, capsys):
    with pytest.raises(SystemExit) as left:
        command("schedule", "--text", "x", *AT, "--until", "2027-01-01")
    assert left.value.code == 2
    assert "--repeat" in capsys.readouterr().err


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_text_that_the_terminal_cannot_write_is_written_with_escapes(tmp_path, form):
    environment = {**os.environ, "PUNCTUAL_HOME": str(tmp_path), "PYTHONIOENCODING": "ascii"}
    schedule = ("schedule", "--text", "Grüße 🎉", "--in", "1h", "--to", "outbox")
    done = subprocess.run(
        [sys.executable, "-m", "core", *schedule, *form], env=environment, cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout.count("\n")) == (0, 1)
    assert json.loads(done.stdout)["text"] == "Grüße 🎉" if form else "Gr\\xfc\\xdfe" in done.stdout


def test_a_reader_that_has_seen_enough_is_no_failure(tmp_path):
    environment = {**os.environ, "PUNCTUAL_HOME": str(tmp_path)}
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "core", "queue"],
            env=environment,
            cwd=ROOT,
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


def test_as_a_program_it_names_a_home_that_cannot_be_used(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    ran = subprocess.run(
        [sys.executable, "-m", "core", "queue"],
        env=os.environ | {"PUNCTUAL_HOME": str(blocked)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert str(blocked) in ran.stderr
    assert "Traceback" not in ran.stderr
