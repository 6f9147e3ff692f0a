"""Makes the pictures in docs/images from the running dashboard: `python docs/screenshots.py`. Needs Chromium."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.measuring import dashboard  # noqa: E402 - the repository is not installed
from benchmarks.sample_home import ZONE, make  # noqa: E402

IMAGES = ROOT / "docs" / "images"
POSTS = 40
TEXT = (
    "The kiln is open on Saturday from nine. Bring a friend, bring a cup, and we bring the coffee. "
    "Thank you @noor@example.social for the pictures! #ceramics\n---\n"
    "Parking is behind the house. The tram stops at the door: https://studio.example/open-day"
)
ACCOUNTS = ("Ada on Mastodon", "Studio on Bluesky")
SETTLING = 1500
"""Milliseconds in which the page shows what was typed."""


def take(page: Page, address: str) -> None:
    """Write the pictures of Compose, Queue and Calendar."""
    page.goto(address)
    page.get_by_label("Text", exact=True).fill(TEXT)
    for label in ACCOUNTS:
        page.get_by_role("button", name=label).first.click()
    page.get_by_role("button", name="Outbox").first.click()
    shoot(page, "compose")
    page.goto(f"{address}/queue")
    page.get_by_role("button", name="Cancel").first.wait_for()
    shoot(page, "queue")
    page.goto(f"{address}/calendar?view=month")
    page.locator(".calendar").wait_for()
    shoot(page, "calendar")


def shoot(page: Page, name: str) -> None:
    """Write one picture."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(SETTLING)
    page.screenshot(path=IMAGES / f"{name}.png")


def main() -> None:
    """Write docs/images/compose.png, queue.png and calendar.png."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        home = Path(folder) / "home"
        make(home, POSTS)
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        with dashboard(home) as (port, _):
            page = browser.new_page(viewport={"width": 1280, "height": 800}, timezone_id=ZONE, locale="en-GB")
            take(page, f"http://127.0.0.1:{port}")
        browser.close()


if __name__ == "__main__":
    main()
