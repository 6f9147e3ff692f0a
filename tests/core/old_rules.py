"""An older release of pytz, and a process that plans posts by its rules, one order a line.

pytz 2025.2 has the rules of 2025b. By later releases, Casablanca, Vancouver, Edmonton and Havana no longer change their
clocks.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

OLD_RELEASE = "2025b"
_REQUIREMENT = "pytz==2025.2"
_ROOT = Path(__file__).parents[2]
_SCRIPT = """
import json, sys
from datetime import date, datetime, time
from pathlib import Path

import pytz

from core.application import Application
from core.posts.models import Post
from core.posts.repeat_rules import Daily
from core.posts.series import build_series
from core.settings import Settings
from core.time.instants import instant
from core.transfer.exporting import export_posts


def carry_out(order):
    now = datetime.fromisoformat(order["now"])
    application = Application(Settings(home=Path(order["home"])), lambda: now)
    for given in order["posts"]:
        wall, zone = datetime.fromisoformat(given["wall"]), given["zone"]
        timing = {"due_at": instant(wall, zone, which=given.get("which"))}
        if "until" in given:
            last = date.fromisoformat(given["until"])
            repeat = build_series(Daily(), wall.time(), zone, first=wall.date(), last=last, now=now)
            timing = {"due_at": None, "repeat": repeat}
        members = {"post_id": given["post_id"], "zone": zone, "wall": given["wall"]}
        plan = application.schedules.schedule(Post(text="Hello", destinations=("outbox",), **members, **timing))
        if given.get("paused"):
            application.schedules.pause(plan)
    if order["export"]:
        export_posts(application, Path(order["export"]))
    application.close()


for line in sys.stdin:
    carry_out(json.loads(line))
    print(pytz.OLSON_VERSION, flush=True)
"""


def install(folder: Path) -> Path:
    """Install the older pytz into a folder once for all test processes, and return the folder."""
    with FileLock(f"{folder}.lock"):
        if not (folder / "pytz" / "__init__.py").exists():
            command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder)]
            subprocess.run([*command, _REQUIREMENT], check=True)
    return folder


@pytest.fixture(scope="session")
def plan_by_old_rules(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., None]]:
    """Return a function that plans posts in a process with the older pytz, and exports them if a file is given.

    All tests share the process, because its start takes longer than a test.
    """
    pytz = install(tmp_path_factory.getbasetemp().parent / "older-pytz")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(pytz), str(_ROOT)])}
    command = [sys.executable, "-c", _SCRIPT]
    with subprocess.Popen(command, env=environment, text=True, stdin=-1, stdout=-1) as process:

        def plan(home: Path, now: datetime, posts: list[dict[str, Any]], *, export: Path | None = None) -> None:
            order = {"now": now.isoformat(), "home": str(home), "posts": posts, "export": export and str(export)}
            print(json.dumps(order), file=process.stdin, flush=True)
            assert process.stdout.readline().strip() == OLD_RELEASE

        yield plan
        process.stdin.close()
