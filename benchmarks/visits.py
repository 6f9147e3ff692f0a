"""The seconds until a page is drawn, with 100 and with 1,000,000 pending posts.

`python -m benchmarks.visits [SMALL_HOME LARGE_HOME]`: homes of `benchmarks.large_home`; by default new ones.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.browser import Browser
from benchmarks.large_home import fill, midnight, spread
from benchmarks.measuring import dashboard, heading, row, scratch, verdict
from core.application import Application
from core.settings import Settings

Action = Callable[[Browser], float]
"""Does something in a session, and returns the seconds that it took."""
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


class Site:
    """A dashboard of a home, and one session of it."""

    def __init__(self, home: Path, stack: ExitStack) -> None:
        self._application = Application(Settings(home=home))
        stack.callback(self._application.close)
        port, _ = stack.enter_context(dashboard(home))
        time.sleep(WORKER_START_SECONDS)
        self.browser = Browser(port)
        stack.callback(self.browser.close)
        self.browser.visit("compose")

    def timed(self, before: Action, action: Action) -> float:
        """Do one thing, end the reads that the dashboard keeps by a change, and return the seconds of another."""
        before(self.browser)
        engine = self._application.one_machine
        assert engine is not None
        engine.engine_store.write_unflushed(
            lambda connection: connection.execute("UPDATE schedule_group SET modified = modified + 1")
        )
        return action(self.browser)


def visit(page: str) -> Action:
    """Return the action that opens a page."""
    return lambda browser: browser.visit(page)


def previous_month(browser: Browser) -> float:
    """Open the calendar at the month before."""
    return browser.visit("calendar") + browser.click("previous")


ACTIONS: dict[str, tuple[Action, Action]] = {
    "Compose": (visit("history"), visit("compose")),
    "Queue": (visit("compose"), visit("queue")),
    "History": (visit("compose"), visit("history")),
    "Calendar": (visit("compose"), visit("calendar")),
    "Calendar, back to this month": (previous_month, lambda browser: browser.click("next")),
    "Queue, a search with many matches": (visit("queue"), lambda browser: browser.set_text("search", "summer")),
    "Queue, a search without a match": (visit("queue"), lambda browser: browser.set_text("search", "winter")),
}
"""What is done before, and the action."""


def main() -> None:
    """Print the medians and their ratios. The homes take turns, so that the load of the machine affects both."""
    heading("Visits")
    with homes() as folders, ExitStack() as stack:
        sites = [Site(folder, stack) for folder in folders]
        for label, (before, action) in ACTIONS.items():
            rounds = [[site.timed(before, action) for site in sites] for _ in range(1 + ROUNDS)]
            small, large = (statistics.median(durations[1:]) for durations in zip(*rounds, strict=True))
            row(f"{label}: {SMALL} posts", f"{small * 1e3:,.0f} ms")
            row(f"{label}: {LARGE:,} posts", f"{large * 1e3:,.0f} ms", verdict(large / small, at_most=1.3))
        site = sites[1]
        ahead = [site.timed(visit("calendar"), lambda browser: browser.click("next")) for _ in range(6)]
        row(f"Calendar, a month ahead, with 20 cards: {LARGE:,} posts", f"{statistics.median(ahead) * 1e3:,.0f} ms")


if __name__ == "__main__":
    main()
