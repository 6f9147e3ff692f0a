"""The seconds until a page is drawn, with 100 and with 1,000,000 pending posts.

`python -m benchmarks.visits [SMALL_HOME LARGE_HOME]`: homes of `benchmarks.large_home`; by default new ones.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.browser import Browser
from benchmarks.large_home import fill, midnight, spread
from benchmarks.measuring import dashboard, heading, row, scratch, verdict
from core.application import Application
from core.settings import Settings

SMALL, LARGE = 100, 1_000_000
DAYS = 28
"""The days over which the posts of the small home are spread, so that one month of the calendar shows them."""
LARGE_DAYS = 365
ROUNDS = 9
WORKER_START_SECONDS = 5


def new_home(folder: Path, count: int, days: float) -> Path:
    """Fill a new home and return its folder."""
    application = Application(Settings(home=folder))
    fill(application, spread(count, midnight(), days))
    application.close()
    return folder


@contextmanager
def homes() -> Iterator[tuple[Path, Path]]:
    """Yield the homes of the command line, or new ones."""
    if len(sys.argv) == 3:
        yield Path(sys.argv[1]), Path(sys.argv[2])
        return
    with tempfile.TemporaryDirectory(dir=scratch(), ignore_cleanup_errors=True) as folder:
        small, large = Path(folder, "small"), Path(folder, "large")
        yield new_home(small, SMALL, DAYS), new_home(large, LARGE, LARGE_DAYS)


def measure(home: Path) -> dict[str, float]:
    """Return the median seconds of each action on a dashboard of the home."""
    application = Application(Settings(home=home))
    with dashboard(home) as (port, _):
        time.sleep(WORKER_START_SECONDS)
        browser = Browser(port)
        browser.visit("compose")
        found = {
            label: statistics.median([_timed(application, browser, page, action) for _ in range(1 + ROUNDS)][1:])
            for label, (page, action) in ACTIONS.items()
        }
        browser.close()
    application.close()
    return found


def _timed(application: Application, browser: Browser, page: str, action: Callable[[Browser], float]) -> float:
    """Open a page, let the reads that the dashboard keeps grow old by a change, and return the seconds of an action."""
    browser.visit(page)
    assert application.one_machine is not None
    application.one_machine.engine_store.write_unflushed(
        lambda connection: connection.execute("UPDATE schedule_group SET modified = modified + 1")
    )
    return action(browser)


ACTIONS: dict[str, tuple[str, Callable[[Browser], float]]] = {
    "Compose": ("history", lambda browser: browser.visit("compose")),
    "Queue": ("compose", lambda browser: browser.visit("queue")),
    "History": ("compose", lambda browser: browser.visit("history")),
    "Calendar": ("compose", lambda browser: browser.visit("calendar")),
    "Calendar, the next month": ("calendar", lambda browser: browser.click("next")),
    "Calendar, the month before": ("calendar", lambda browser: browser.click("previous")),
    "Queue, a search": ("queue", lambda browser: browser.set_text("search", "summer")),
}
"""The page that is open before, and the action."""


def main() -> None:
    """Print the medians and their ratios."""
    heading("Visits")
    with homes() as folders:
        small, large = map(measure, folders)
    for label in ACTIONS:
        ratio = verdict(large[label] / small[label], at_most=1.3)
        row(f"{label}: {SMALL} posts", f"{small[label] * 1e3:,.0f} ms")
        row(f"{label}: {LARGE:,} posts", f"{large[label] * 1e3:,.0f} ms", ratio)


if __name__ == "__main__":
    main()
