"""`python -m core restore` in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture
def restore(tmp_path):
    """Restore a backup to the home and return the finished process."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PUNCTUAL_")}
    environment["PUNCTUAL_HOME"] = str(tmp_path / "home")

    def run(*arguments):
        command = [sys.executable, "-m", "core", "restore", *arguments]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)

    return run


@pytest.fixture
def queue(command_in, tmp_path):
    """Return the texts in the queue."""
    return lambda: [row["text"] for row in json.loads(command_in(tmp_path / "home", "queue", "--json")[1])]


@pytest.fixture
def backup(command_in, tmp_path):
    """Schedule a post, make a backup, and schedule another post."""
    home, schedule = tmp_path / "home", ("schedule", "--zone", "UTC", "--to", "outbox", "--in")
    assert command_in(home, *schedule, "2d", "--text", "Kept")[0] == 0
    assert command_in(home, "backup", str(tmp_path / "backup"))[0] == 0
    assert command_in(home, *schedule, "3d", "--text", "Later")[0] == 0
    return tmp_path / "backup"


def test_a_backup_is_restored_and_the_data_of_before_is_named(restore, queue, backup, tmp_path):
    assert queue() == ["Kept", "Later"]
    done = restore(str(backup))
    assert done.returncode == 0, done.stderr
    [aside] = tmp_path.glob("home.replaced-*")
    assert f"The data of before is in {aside}." in done.stdout
    assert "History shows them as unconfirmed" in done.stdout
    assert queue() == ["Kept"]


def test_the_result_is_available_as_json(restore, backup, tmp_path):
    row = json.loads(restore("--json", str(backup)).stdout)
    [aside] = tmp_path.glob("home.replaced-*")
    assert (row["home"], row["replaced"]) == (str(tmp_path / "home"), str(aside))
    assert row["made_at"].endswith("Z")


def test_a_folder_without_a_backup_is_refused_with_a_remedy(restore, queue, backup, tmp_path):
    (tmp_path / "empty").mkdir()
    done = restore(str(tmp_path / "empty"))
    assert done.returncode == 1
    assert "has no list of its files" in done.stderr
    assert "Nothing was changed." in done.stderr
    assert queue() == ["Kept", "Later"]
