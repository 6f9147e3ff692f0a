"""The processor time of open Queue tabs beside an upload, what is sent to them, and how long others wait meanwhile.

`python -m benchmarks.tabs [TABS ...]`: by default 1, 5 and 20 tabs. In the first part nothing is due, in the second one
posts are published. During both, a file of 100 MB is uploaded at an even rate. `one more` is another session, which
opens the Queue several times and cancels posts; `first` opened it before the tabs.
"""

import os
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from benchmarks.browser import PATIENCE_SECONDS, Browser, Tab
from benchmarks.measuring import compose_post, dashboard, heading, percentile, row, temporary_home, verdict, within
from core.application import Application
from core.ledger.history import runs
from core.time.instants import real_clock
from core.time.phrases import plural

WAITING, DUE_EACH_SECOND = 100, 1
"""Posts that wait for hours, and posts that are published in each second of the second part."""
SECONDS = 15
"""The length of each of the two parts."""
SETTLE_SECONDS = 5
"""The time after the last posts."""
QUIET_SECONDS, QUIET_MESSAGES = 32, 40
"""A tab is idle when it gets no more messages in this time, which has two looks at the frame of the page.

Each tab is drawn once more when the light of Health has its first result.
"""
UPLOADED_BYTES = 100_000_000
VISITS, CANCELLATIONS = 9, 9
AIMS = {"of one core": 15.0, "KB a minute and tab": 50.0}
"""The most that the first part may take."""


@contextmanager
def open_tabs(port: int, count: int) -> Iterator[list[Tab]]:
    """Open tabs, and yield them when they are idle."""
    tabs = [Tab(port) for _ in range(count)]
    for tab in tabs:
        tab.start()
    for tab in tabs:  # a part of a first run would count as traffic of an idle page
        assert tab.drawn.wait(PATIENCE_SECONDS), "a tab was not drawn"
    deadline, before = time.monotonic() + 3 * PATIENCE_SECONDS, 0
    while (now := sum(tab.messages for tab in tabs)) - before > QUIET_MESSAGES * count:
        assert time.monotonic() < deadline, "the tabs did not become idle"
        before = now
        time.sleep(QUIET_SECONDS)
    yield tabs


@contextmanager
def uploading(port: int) -> Iterator[None]:
    """Upload a file in the page of another session, for as long as one part takes."""
    browser = Browser(port)
    browser.visit("compose")
    thread = threading.Thread(target=browser.upload, args=(UPLOADED_BYTES, SECONDS))
    thread.start()
    yield
    thread.join()
    browser.close()


def measure(count: int) -> None:
    """Print the figures of `count` tabs while nothing is due, and while posts are published."""
    with temporary_home() as application:
        now = real_clock().replace(microsecond=0)
        for number in range(WAITING):
            application.schedules.schedule(compose_post(application, now + timedelta(hours=2, minutes=number)))
        with dashboard(application.home.path) as (port, started):
            first = _visits(port)
            with open_tabs(port, count) as tabs:
                with uploading(port):
                    _part(f"{count} tabs, nothing due", started.pid, tabs, AIMS)
                with uploading(port):
                    _print_visits(count, first, _visits(port), _cancellations(port))
                soon = real_clock().replace(microsecond=0) + timedelta(seconds=4)
                for number in range(DUE_EACH_SECOND * SECONDS):
                    due = soon + timedelta(seconds=number // DUE_EACH_SECOND)
                    application.schedules.schedule(compose_post(application, due))
                with uploading(port):
                    _part(f"{count} tabs, {plural(DUE_EACH_SECOND, 'post')} a second", started.pid, tabs, {})
                    time.sleep(SETTLE_SECONDS)
        _print_lags(count, application)


def _visits(port: int) -> float:
    """Return the median seconds until another session has its first Queue."""
    durations = []
    for _ in range(1 + VISITS):
        browser = Browser(port)
        durations.append(browser.visit("queue"))
        browser.close()
    return statistics.median(durations[1:])


def _cancellations(port: int) -> float:
    """Return the seconds of the slowest Cancel."""
    browser = Browser(port)
    browser.visit("queue")
    slowest = max(browser.click("cancel-") for _ in range(CANCELLATIONS))
    browser.close()
    return slowest


def _print_visits(count: int, first: float, another: float, cancellation: float) -> None:
    row(f"{count} tabs: the first session's Queue", f"{first * 1e3:,.0f} ms")
    row(f"{count} tabs: one more session's Queue", f"{another * 1e3:,.0f} ms", verdict(another / first, at_most=1.5))
    row(
        f"{count} tabs: slowest Cancel of {CANCELLATIONS}",
        f"{cancellation * 1e3:,.0f} ms",
        within(cancellation, 0.5, "s"),
    )


def _print_lags(count: int, application: Application) -> None:
    wanted = DUE_EACH_SECOND * SECONDS
    lags = [run.lag_ms for run in runs(application.ledger, limit=wanted) if run.lag_ms is not None]
    label = f"{count} tabs, {len(lags)} of {wanted} posts: lag"
    row(f"{label}, percentile 50", f"{percentile(lags or [0], 50):,.0f} ms")
    row(
        f"{label}, percentile 99",
        f"{percentile(lags or [0], 99):,.0f} ms",
        within(percentile(lags or [1e9], 99), 30, "ms"),
    )


def _part(label: str, pid: int, tabs: list[Tab], aims: dict[str, float]) -> None:
    before, messages, content = _cpu_seconds(pid), sum(tab.messages for tab in tabs), sum(tab.bytes for tab in tabs)
    time.sleep(SECONDS)
    per_minute = 60 / SECONDS / len(tabs)
    figures = {
        "of one core": ((_cpu_seconds(pid) - before) / SECONDS * 100, "%"),
        "messages a minute and tab": ((sum(tab.messages for tab in tabs) - messages) * per_minute, ""),
        "KB a minute and tab": ((sum(tab.bytes for tab in tabs) - content) * per_minute / 1e3, ""),
    }
    for name, (figure, unit) in figures.items():
        row(f"{label}: {name}", f"{figure:,.1f}{unit}", within(figure, aims[name], unit) if name in aims else "")


def _cpu_seconds(pid: int) -> float:
    """Return the processor time of a process, without its worker's."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    heading("Open tabs, beside an upload of 100 MB")
    for tabs in map(int, sys.argv[1:] or ("1", "5", "20")):
        measure(tabs)
