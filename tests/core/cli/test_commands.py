"""The commands schedule, list and cancel posts of a home."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.application import Application
from core.ledger.port import PlanChange
from core.settings import Settings

ROOT = Path(__file__).parents[3]
AT = ("--at", "2026-11-24T09:00", "--zone", "Europe/Berlin", "--to", "outbox")


def test_schedule_prints_one_object_with_stable_members(command):
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
        "labels": [],
        "state": "armed",
    }


def test_queue_lists_posts_soonest_first(command):
    command("schedule", "--text", "Second", *AT)
    command("schedule", "--text", "First", "--in", "10s", "--to", "outbox")
    _, out, _ = command("queue", "--json")
    assert [(row["text"], row["due_at"]) for row in json.loads(out)] == [
        ("First", "2026-11-02T12:00:10Z"),
        ("Second", "2026-11-24T08:00:00Z"),
    ]


def test_queue_keeps_a_due_post_that_is_not_published_yet(command, clock):
    command("schedule", "--text", "Any moment", "--in", "10s", "--to", "outbox")
    clock.move(seconds=70)
    assert [row["text"] for row in json.loads(command("queue", "--json")[1])] == ["Any moment"]


def test_a_line_shows_the_start_of_a_long_text(command):
    command("schedule", "--text", "Once upon a time\n\n" + "and so on " * 40, *AT)
    [line] = command("queue")[1].splitlines()
    assert "outbox  Once upon a time and so on" in line
    assert (line.endswith("…"), len(line) < 200) == (True, True)
    assert len(json.loads(command("queue", "--json")[1])[0]["text"]) > 400


def test_queue_lists_posts_without_a_schedule(command, tmp_path, clock):
    ids = [
        json.loads(command("schedule", "--text", text, "--in", ahead, "--to", "outbox", "--json")[1])["post_id"]
        for text, ahead in (("Missing", "10s"), ("Paused", "20s"), ("Not armed", "2d"))
    ]
    application = Application(Settings(home=tmp_path), clock)
    application.schedules.pause(application.schedules.plan(ids[1]))
    unarmed = application.ledger.get(ids[2]).post.model_copy(update={"revision": 2})
    application.ledger.change(PlanChange(post=unarmed, desired="active", schedule_name="post-x"), now=clock())
    application.close()
    clock.move(hours=26)
    _, out, _ = command("queue", "--json")
    assert [(row["text"], row["state"]) for row in json.loads(out)] == [
        ("Missing", "missing"),
        ("Paused", "time has passed"),
        ("Not armed", "not armed"),
    ]


def test_cancel_removes_a_post_from_the_queue_by_its_schedule_name(command):
    name = json.loads(command("schedule", "--text", "Never", *AT, "--json")[1])["name"]
    status, out, _ = command("cancel", name, "--json")
    assert (status, json.loads(out)["state"]) == (0, "cancelled")
    assert json.loads(command("queue", "--json")[1]) == []


def test_schedule_prints_the_next_runs_of_a_repeating_post(command):
    _, out, _ = command(
        "schedule", "--text", "Weekly", "--at", "2027-03-27T09:00", "--zone", "Europe/Berlin", "--to", "outbox",
        "--repeat", "sat,mon", "--until", "2027-04-10", "--json",
    )  # fmt: skip
    planned = json.loads(out)
    assert planned["name"] == f"repeat-{planned['post_id']}"
    assert planned["next"][:2] == ["2027-03-27T08:00:00Z", "2027-03-29T07:00:00Z"]


def test_queue_lists_a_repeating_post_at_its_next_run_with_its_rule(command):
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


def test_schedule_warns_when_no_engine_runs_and_keeps_the_post(command):
    _, _, err = command("schedule", "--text", "Kept", *AT)
    assert "start the dashboard" in err
    assert len(json.loads(command("queue", "--json")[1])) == 1


def test_history_of_a_new_home_is_an_empty_array(command):
    assert command("history", "--json") == (0, "[]\n", "")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--at", "2020-01-01T09:00", "--to", "outbox"), "has passed"),
        (("--at", "2026-11-02T12:00:01", "--to", "outbox"), "is too soon"),
        (("--at", "2027-03-28T02:30", "--zone", "Europe/Berlin", "--to", "outbox"), "does not exist"),
        (("--at", "2027-10-31T02:30", "--zone", "Europe/Berlin", "--to", "outbox"), "occurs twice"),
        (("--at", "2026-11-24T09:00", "--zone", "Mars/Olympus", "--to", "outbox"), "no time zone"),
        (("--at", "2026-11-24T09:00", "--to", "nowhere"), "No account"),
        (("--at", "2056-11-24T09:00", "--to", "outbox"), "too far ahead"),
        (("--at", "2056-11-24T09:00", "--repeat", "daily", "--to", "outbox"), "too far ahead"),
        (("--at", "0001-01-01T00:00", "--zone", "Asia/Tokyo", "--to", "outbox"), "outside the supported range"),
        (("--at", "9999-12-31T23:59", "--to", "outbox"), "outside the supported range"),
    ],
)
def test_an_invalid_post_is_refused_with_a_reason_and_a_remedy(command, arguments, reason):
    status, out, err = command("schedule", "--text", "No", *arguments)
    assert (status, out) == (1, "")
    assert reason in err
    assert len(err.strip().splitlines()) == 2
    assert json.loads(command("queue", "--json")[1]) == []


def test_an_empty_text_is_refused(command):
    status, _, err = command("schedule", "--text", "  ", *AT)
    assert (status, err.splitlines()[0]) == (1, "The post has no text.")


def test_which_selects_the_pass_of_an_hour_that_occurs_twice(command):
    doubled = ("--at", "2027-10-31T02:30", "--zone", "Europe/Berlin", "--to", "outbox", "--json")
    first, second = (
        json.loads(command("schedule", "--text", "x", *doubled, "--which", which)[1])["due_at"] for which in "12"
    )
    assert (first, second) == ("2027-10-31T00:30:00Z", "2027-10-31T01:30:00Z")


def test_cancelling_an_unknown_post_is_refused(command):
    status, _, err = command("cancel", "nothing")
    assert status == 1
    assert "nothing" in err


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("dance",),
        ("schedule",),
        ("schedule", "--text", "x", "--in", "²s", "--to", "outbox"),
        ("schedule", "--text", "x", "--in", "9999999d", "--to", "outbox"),
        ("schedule", "--text", "x", "--in", "99999999999999999d", "--to", "outbox"),
        ("queue", "--limit", "-1"),
        ("history", "--limit", "0"),
    ],
)
def test_wrong_usage_exits_with_2(command, arguments, capsys):
    with pytest.raises(SystemExit) as exit_:
        command(*arguments)
    assert exit_.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_until_without_repeat_is_wrong_usage(command, capsys):
    with pytest.raises(SystemExit) as exit_:
        command("schedule", "--text", "x", *AT, "--until", "2027-01-01")
    assert exit_.value.code == 2
    assert "--repeat" in capsys.readouterr().err


@pytest.fixture
def process(tmp_path):
    """Return a function that runs `python -m core` in a process of its own."""

    def run(*arguments: str, stdout: int = subprocess.PIPE, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PUNCTUAL_HOME": str(tmp_path), **variables}
        command = [sys.executable, "-m", "core", *arguments]
        return subprocess.run(command, env=environment, cwd=ROOT, stdout=stdout, stderr=subprocess.PIPE, text=True)

    return run


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_characters_that_the_terminal_lacks_are_written_as_escapes(process, form):
    schedule = ("schedule", "--text", "Grüße 🎉", "--in", "1h", "--to", "outbox")
    done = process(*schedule, *form, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stdout.count("\n")) == (0, 1)
    assert json.loads(done.stdout)["text"] == "Grüße 🎉" if form else "Gr\\xfc\\xdfe" in done.stdout


def test_a_closed_output_pipe_is_no_failure(process):
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = process("queue", stdout=writing)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_command_that_serves_nothing_imports_no_web_server(process):
    imports = process("queue", PYTHONPROFILEIMPORTTIME="1").stderr
    assert "core.cli.printed_rows" in imports
    assert "starlette" not in imports
    assert "uvicorn" not in imports


def test_an_unusable_home_is_named(process, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    done = process("queue", PUNCTUAL_HOME=str(blocked))
    assert done.returncode == 1
    assert str(blocked) in done.stderr
    assert "Traceback" not in done.stderr
