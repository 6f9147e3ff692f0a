"""The seconds in the browser until the calendar of a full month is drawn, and until the queue is filtered.

`python -m benchmarks.desk`. Needs Chromium on the PATH.
"""

import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.large_home import fill, midnight, spread
from benchmarks.measuring import dashboard, heading, row, scratch, within
from core.application import Application
from core.settings import Settings

CALENDAR_POSTS, QUEUE_POSTS = 5_000, 10_000
ROUNDS = 7
WORKER_START_SECONDS = 5
WORD = "0007654"
"""One post has it, far down in the queue."""
PATIENCE = 60_000
"""Milliseconds."""


@contextmanager
def desk(count: int, days: float) -> Iterator[tuple[Page, int]]:
    """Yield a page of a browser, and the port of the dashboard of a home with so many posts."""
    with tempfile.TemporaryDirectory(dir=scratch(), ignore_cleanup_errors=True) as folder, sync_playwright() as driver:
        application = Application(Settings(home=Path(folder)))
        first = midnight()
        fill(application, spread(count, first.replace(day=1) + timedelta(days=31), days))
        application.close()
        with dashboard(Path(folder)) as (port, _):
            time.sleep(WORKER_START_SECONDS)
            browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1280, "height": 800}, timezone_id="Europe/Berlin")
            yield page, port
            browser.close()


def seconds(act: Callable[[], object], *shown: Callable[[], object]) -> float:
    """Do something, and return the seconds until everything is shown."""
    started = time.perf_counter()
    act()
    for each in shown:
        each()
    return time.perf_counter() - started


def idle(page: Page) -> None:
    """Wait until no script runs, so that the page accepts keys and clicks."""
    page.locator("[data-test-script-state=notRunning]").wait_for(state="attached", timeout=PATIENCE)


def calendar() -> None:
    """Print the time until a month of 5,000 posts is drawn, from another page and from the month before."""
    with desk(CALENDAR_POSTS, 27) as (page, port):

        def drawn() -> None:
            page.locator(".cell .chip").nth(20).wait_for(timeout=PATIENCE)
            idle(page)

        page.goto(f"http://127.0.0.1:{port}/calendar?view=month")
        following = page.get_by_role("button", name="Next month")
        following.wait_for(timeout=PATIENCE)
        idle(page)
        ahead = seconds(following.click, drawn)  # the session goes back to this month from now on
        visits = []
        for _ in range(1 + ROUNDS):
            page.get_by_role("link", name="Compose").click()
            page.get_by_role("textbox", name="Text").wait_for()
            idle(page)
            visits.append(seconds(page.get_by_role("link", name="Calendar").click, drawn))
        typical = statistics.median(visits[1:])
        row(
            f"Calendar of a month with {CALENDAR_POSTS:,} posts, from Compose",
            f"{typical:.2f} s",
            within(typical, 1.0, "s"),
        )
        row("the same, from the month before, for the first time", f"{ahead:.2f} s")


def queue() -> None:
    """Print the time from the last letter of a word until only its post is shown."""
    with desk(QUEUE_POSTS, 80) as (page, port):
        first, wanted = page.get_by_text("Number 0000003:"), page.get_by_text(f"Number {WORD}:")
        page.goto(f"http://127.0.0.1:{port}/queue")
        field = page.get_by_label("Search", exact=True)
        field.wait_for(timeout=PATIENCE)
        found = []
        for _ in range(1 + ROUNDS):
            field.fill("")
            first.wait_for(timeout=PATIENCE)
            idle(page)
            field.press_sequentially(WORD[:-1], delay=80)
            last = partial(field.press_sequentially, WORD[-1])
            found.append(seconds(last, wanted.wait_for, partial(first.wait_for, state="hidden")))
        typical = statistics.median(found[1:])
        row(
            f"Queue, one of {QUEUE_POSTS:,} posts found after the last letter",
            f"{typical:.2f} s",
            within(typical, 0.3, "s"),
        )


def main() -> None:
    """Print the figures."""
    heading("Desk")
    calendar()
    queue()


if __name__ == "__main__":
    main()
