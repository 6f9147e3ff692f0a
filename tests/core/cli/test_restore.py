"""`python -m core restore` in processes of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture
def run(tmp_path):
    """Run a command on the home and return the finished process."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PUNCTUAL_")}
    environment["PUNCTUAL_HOME"] = str(tmp_path / "home")

    def run_command(*arguments):
        command = [sys.executable, "-m", "core", *arguments]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)

    return run_command


def queue(run):
    return [row["text"] for row in json.loads(run("queue", "--json").stdout)]


@pytest.fixture
def backup(run, tmp_path):
    """Schedule a post, make a backup, and schedule another post."""
    schedule = ("schedule", "--zone", "UTC", "--to", "outbox", "--in", "2d", "--text")
    assert run(*schedule, "Kept").returncode == 0
    assert run("backup", str(tmp_path / "backup")).returncode == 0
    assert run(*schedule, "Later").returncode == 0
    return tmp_path / "backup"


def test_a_backup_is_restored_and_the_data_of_before_is_named(run, backup, tmp_path):
    assert queue(run) == ["Kept", "Later"]
    done = run("restore", str(backup))
    assert done.returncode == 0, done.stderr
    [aside] = tmp_path.glob("home.replaced-*")
    assert f"The data of before is in {aside}." in done.stdout
    assert "History shows them as unconfirmed" in done.stdout
    assert queue(run) == ["Kept"]


def test_the_result_is_available_as_json(run, backup, tmp_path):
    row = json.loads(run("restore", "--json", str(backup)).stdout)
    [aside] = tmp_path.glob("home.replaced-*")
    assert (row["home"], row["replaced"]) == (str(tmp_path / "home"), str(aside))
    assert row["made_at"].endswith("Z")


def test_a_folder_without_a_backup_is_refused_with_a_remedy(run, backup, tmp_path):
    (tmp_path / "empty").mkdir()
    done = run("restore", str(tmp_path / "empty"))
    assert done.returncode == 1
    assert "has no list of its files" in done.stderr
    assert "Nothing was changed." in done.stderr
    assert queue(run) == ["Kept", "Later"]
