"""Import of a table with 1,000 rows on AWS, where each request takes 50 ms, compared with scheduling one by one.

`python -m benchmarks.aws_load`. It runs on the stand-ins of `benchmarks.aws_pages`.
"""

import time
from collections.abc import Callable

from benchmarks.aws_pages import LATENCY, Wire, dashboard
from benchmarks.load import AIM, ROWS, checked_table
from benchmarks.measuring import heading, row, verdict
from core.application import Application
from core.bulk.loading import load

SAMPLE = 20
"""The posts that are scheduled one by one. All of them would take minutes."""


def timed(wire: Wire, work: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds of some work with LATENCY, and those of the processor. The wire has its requests."""
    wire.latency, wire.sent = LATENCY, []
    began, began_of_process = time.perf_counter(), time.process_time()
    work()
    durations = time.perf_counter() - began, time.process_time() - began_of_process
    wire.latency = 0.0
    return durations


def one_by_one(application: Application) -> None:
    """Schedule a sample of the posts one after the other."""
    for each in checked_table(application)[0].rows[:SAMPLE]:
        assert each.post
        application.schedules.schedule(each.post)


def loaded(application: Application) -> None:
    """Load the table."""
    report = load(application, checked_table(application)[0])
    assert report.count("created") == ROWS, report.rows[:3]


def main() -> None:
    """Print the figures."""
    heading(f"Import of {ROWS:,} rows on AWS with {LATENCY * 1e3:.0f} ms for each request")
    with dashboard() as (application, wire, _):
        seconds, _ = timed(wire, lambda: checked_table(application))
        row(f"dry run, {len(wire.sent):,} requests", f"{seconds:.2f} s")
        single, _ = timed(wire, lambda: one_by_one(application))
        single *= ROWS / SAMPLE
        row(f"one by one, by {SAMPLE} of them, {len(wire.sent) / SAMPLE:.1f} requests a post", f"{single:.0f} s")
    with dashboard() as (application, wire, _):
        many, work = timed(wire, lambda: loaded(application))
        requests = f"{len(wire.sent) / ROWS:.2f} requests a post"
        row(f"load with its dry run, {requests}", f"{many:.1f} s", verdict(single / many, at_least=AIM))
        row("processor time, load with its dry run", f"{work:.2f} s")


if __name__ == "__main__":
    main()
