"""A load that is killed is resumed by loading the same file again: no post is lost, and none is doubled."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from core.application import Application
from core.bulk.loading import BATCH, load
from core.settings import Settings
from core.time.instants import real_clock

ROOT = Path(__file__).parents[3]
ROWS = 250
KILLED = """
import os, signal, sys
from itertools import count
from core.backends.engine_schedules import EngineSchedules
from core.cli.main import run
from core.ledger.sqlite import SqliteLedger

name, calls = sys.argv.pop(1), count(1)
owner = SqliteLedger if hasattr(SqliteLedger, name) else EngineSchedules
original = getattr(owner, name)

def killed(*arguments, **options):
    found = original(*arguments, **options)
    if next(calls) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return found

setattr(owner, name, killed)
sys.exit(run())
"""


@pytest.fixture
def application(tmp_path):
    """Open the home in which the other process was killed, by the clock of the machine."""
    opened = Application(Settings(home=tmp_path / "home"))
    yield opened
    opened.close()


@pytest.mark.parametrize("step", ["plan_all", "create", "stored", "settle_all"])
def test_a_killed_load_is_resumed(step, tmp_path, application, check):
    due = real_clock() + timedelta(days=30)
    table = "text,date\n" + "".join(f"Post {n},{due:%Y-%m-%d} {9 + n // 60:02}:{n % 60:02}\n" for n in range(ROWS))
    path = tmp_path / "posts.csv"
    path.write_text(table)
    command = [sys.executable, "-c", KILLED, step, "load", str(path), "--to", "outbox"]
    environment = os.environ | {"PUNCTUAL_HOME": str(tmp_path / "home"), "PUNCTUAL_TIMEZONE": "Europe/Berlin"}
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=60, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()

    checked = check(table)
    assert (checked.count("there"), checked.count("create")) == (2 * BATCH, ROWS - 2 * BATCH)
    report = load(application, checked)
    assert report.count("created", "there") == ROWS
    entries = application.views.upcoming(due + timedelta(days=1), limit=1000).entries
    assert [each.text for each in entries] == [f"Post {n}" for n in range(ROWS)]
    assert {each.state for each in entries} == {"scheduled"}
