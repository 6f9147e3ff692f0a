"""Screenshots of every page: empty, with 12 and with 400 posts; on a laptop, a large screen and a phone; both themes.

`python -m benchmarks.screens FOLDER [NAME ...]` writes `FOLDER/POSTS/NAME-WIDTH-THEME.png`, and prints the cumulative
layout shift of each full load. With names such as `queue`, only these pages. Needs Chromium on the PATH.
"""

import argparse
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from benchmarks.measuring import dashboard, scratch
from benchmarks.sample_home import ZONE, make

COUNTS = (0, 12, 400)
SCREENS = {
    "1280-light": (1280, 800, "light"),
    "1280-dark": (1280, 800, "dark"),
    "1920-light": (1920, 1080, "light"),
    "1920-dark": (1920, 1080, "dark"),
    "390-light": (390, 844, "light"),
    "390-dark": (390, 844, "dark"),
}
"""The width and the height in pixels, and the theme."""
PAGES = {
    "compose": "",
    "drafts": "drafts",
    "queue": "queue",
    "queue-dense": "queue?rows=Dense",
    "calendar-month": "calendar?view=month",
    "calendar-week": "calendar?view=week",
    "calendar-list": "calendar?view=list",
    "history": "history",
    "insights": "history?view=Insights",
    "outbox": "outbox",
    "accounts": "accounts",
    "posting-times": "posting_times",
    "bulk": "bulk",
    "notifications": "notifications",
    "health": "health",
}
"""The address of each page."""
PATIENCE = 60_000
"""Milliseconds."""
WATCH_SHIFTS = """
window.shift = 0;
new PerformanceObserver((found) => {
    for (const each of found.getEntries()) if (!each.hadRecentInput) window.shift += each.value;
}).observe({ type: "layout-shift", buffered: true });
"""
"""Adds up the layout shifts of a page."""
SETTLING = 600
"""Milliseconds in which charts, fonts and pictures appear after the script of a page has ended."""


def take(browser: Browser, port: int, folder: Path, names: Iterable[str]) -> None:
    """Write the screenshots of the named pages of one dashboard."""
    folder.mkdir(parents=True, exist_ok=True)
    for screen, (width, height, theme) in SCREENS.items():
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if theme == "dark" else "light",
            timezone_id=ZONE,
            locale="en-GB",
            has_touch=width < 640,
        )
        context.add_init_script(WATCH_SHIFTS)
        page = context.new_page()
        for name in names:
            page.goto(f"http://127.0.0.1:{port}/{PAGES[name]}")
            page.get_by_role("heading").first.wait_for(timeout=PATIENCE)
            page.locator("[data-test-script-state=notRunning]").wait_for(state="attached", timeout=PATIENCE)
            expect(page.get_by_test_id("stSkeleton")).to_have_count(0, timeout=PATIENCE)
            page.wait_for_timeout(SETTLING)
            page.screenshot(path=folder / f"{name}-{screen}.png")
            print(f"{folder.name:>4} posts  {name:<15} {screen:<11} layout shift {page.evaluate('window.shift'):.3f}")
        context.close()


def main() -> None:
    """Make the homes, run their dashboards and take the screenshots."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(PAGES))
    parser.add_argument("--posts", type=int, action="append", help="the number of posts, instead of 0, 12 and 400")
    options = parser.parse_args()
    if unknown := set(options.names) - set(PAGES):
        parser.error(f"no such page: {', '.join(sorted(unknown))}")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        for count in options.posts or COUNTS:
            with tempfile.TemporaryDirectory(dir=scratch(), ignore_cleanup_errors=True) as home:
                make(Path(home), count)
                with dashboard(Path(home)) as (port, _):
                    take(browser, port, options.folder / str(count), options.names or PAGES)
        browser.close()


if __name__ == "__main__":
    main()
