"""The commands `export` and `import` print a report."""

import json

import pytest

from core.errors import PunctualError
from core.scheduling.schedules import Schedules


@pytest.fixture
def old(tmp_path, command_in):
    """Return a home with one pending post."""
    status, _, _ = command_in(tmp_path / "old", "schedule", "--text", "Good morning", "--in", "1h", "--to", "outbox")
    assert status == 0
    return tmp_path / "old"


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "posts.jsonl")


def test_both_commands_print_the_number_of_posts(command_in, old, tmp_path, path):
    status, out, _ = command_in(old, "export", path)
    assert (status, out) == (0, f"Exported 1 post. At the destination, run: python -m core import {path}\n")
    _, queue, _ = command_in(old, "queue", "--json")
    assert [row["state"] for row in json.loads(queue)] == ["moved"]
    assert command_in(tmp_path / "new", "import", path) == (0, "Imported 1 post.\n", "")


def test_the_report_is_printed_as_json(command_in, old, tmp_path, path):
    command_in(old, "export", path)
    status, out, _ = command_in(tmp_path / "new", "import", path, "--json")
    assert (status, json.loads(out)) == (0, {"moved": 1, "remarks": [], "unfinished": []})


def test_an_unfinished_export_exits_with_1_and_asks_for_a_repeat(command_in, old, path, monkeypatch):
    class SchedulerUnreachable(PunctualError):
        hint = "Wait."

    def fail(*_):
        raise SchedulerUnreachable("No response.")

    monkeypatch.setattr(Schedules, "settle", fail)
    status, out, err = command_in(old, "export", path)
    assert status == 1
    assert "No response. Wait." in out
    assert err.startswith("1 post could not be moved.\nRun the same command again")
