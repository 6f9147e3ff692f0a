"""Import of a table with 1,000 rows, compared with scheduling its posts one by one, as a click on Schedule does."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from tempfile import TemporaryDirectory
from typing import TypeVar

from benchmarks.measuring import ROOT, heading, row, temporary_home, verdict
from core.application import Application
from core.bulk.columns import guess_columns
from core.bulk.dry_run import DryRun, dry_run
from core.bulk.loading import load
from core.bulk.reading import read_table
from core.bulk.row_posts import LoadOptions
from core.bulk.rows import post_rows

T = TypeVar("T")

ROWS = 1000
SAMPLE = 5
AIM = 5


def table() -> bytes:
    """Return a table."""
    lines = [f"Post {n},2028-{1 + n % 12:02}-{1 + n % 28:02} 09:{n % 60:02},outbox" for n in range(ROWS)]
    return "\n".join(["text,date,destinations", *lines]).encode()


def checked_table(application: Application) -> tuple[DryRun, float]:
    """Return the dry run of the table, and its seconds."""
    begin = time.perf_counter()
    found = read_table(table())
    rows = post_rows(found, guess_columns(found.header))
    checked = dry_run(application, rows, LoadOptions(zone="UTC"))
    return checked, time.perf_counter() - begin


def in_a_new_home(work: Callable[[Application], T]) -> T:
    """Return the result of some work in an empty home."""
    with temporary_home() as application:
        return work(application)


def one_by_one(application: Application) -> tuple[float, float]:
    """Return the seconds, and those of the processor, of scheduling the posts one after the other."""
    posts = [each.post for each in checked_table(application)[0].rows if each.post]
    begin, begin_of_process = time.perf_counter(), time.process_time()
    for post in posts:
        application.schedules.schedule(post)
    return time.perf_counter() - begin, time.process_time() - begin_of_process


def loaded(application: Application) -> tuple[float, float]:
    """Return the seconds, and those of the processor, of a load, without the dry run."""
    checked, _ = checked_table(application)
    begin, begin_of_process = time.perf_counter(), time.process_time()
    report = load(application, checked)
    seconds = time.perf_counter() - begin, time.process_time() - begin_of_process
    assert report.count("created") == ROWS, report.rows[:3]
    return seconds


def by_commands() -> float:
    """Return the seconds of scheduling the posts with one command for each, by a sample of them."""
    with TemporaryDirectory(prefix="punctual-load-") as folder:
        command = [
            sys.executable,
            "-m",
            "core",
            "schedule",
            "--text",
            "A post",
            "--at",
            "2028-01-01T09:00",
            "--to",
            "outbox",
        ]
        begin = time.perf_counter()
        for _ in range(SAMPLE):
            subprocess.run(
                command, cwd=ROOT, env=os.environ | {"PUNCTUAL_HOME": folder}, check=True, capture_output=True
            )
        return (time.perf_counter() - begin) / SAMPLE * ROWS


if __name__ == "__main__":
    heading(f"Import of {ROWS:,} rows")
    row("dry run", f"{in_a_new_home(lambda application: checked_table(application)[1]):.2f} s")
    (single, single_work), (many, many_work) = in_a_new_home(one_by_one), in_a_new_home(loaded)
    row("one by one", f"{single:.2f} s")
    row("load", f"{many:.2f} s", verdict(single / many, at_least=AIM))
    row("processor time, one by one", f"{single_work:.2f} s")
    row("processor time, load", f"{many_work:.2f} s", verdict(single_work / many_work, at_least=AIM))
    commands = by_commands()
    row(f"one command for each, by {SAMPLE} of them", f"{commands:.0f} s", verdict(commands / many, at_least=AIM))
