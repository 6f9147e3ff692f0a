"""Makes the pictures in docs/images from the running dashboard: `python docs/screenshots.py`."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from core.accounts.port import Account  # noqa: E402 - the repository is not installed
from core.application import Application  # noqa: E402
from core.posts.models import Repeat, new_post_id  # noqa: E402
from core.posts.repeat_rules import ChosenWeekdays, Weekday  # noqa: E402
from core.posts.series import build_series  # noqa: E402
from core.publishing.composing import compose  # noqa: E402
from core.settings import Settings  # noqa: E402
from core.time.instants import wall_time  # noqa: E402

ZONE = "Europe/Berlin"
POSTS = (
    (
        0,
        "17:30",
        ["outbox", "webhook:newsletter"],
        "Version 2.4 is out: builds start twice as fast, and logs tell you what to do.",
    ),
    (0, "19:00", ["outbox"], "Tonight at seven: open office hours. Bring a question that you never dared to ask."),
    (
        1,
        "08:15",
        ["webhook:newsletter"],
        "What we learned from moving 40,000 posts across a clock change, in five minutes.",
    ),
    (1, "12:00", ["outbox", "webhook:intranet"], "Lunch talk today: how our support team answers within the hour."),
    (3, "09:00", ["outbox"], "We are hiring a support engineer who likes people as much as logs. Part time is fine."),
)


def fill(home: Path) -> None:
    """Plan believable posts, counted in days from today."""
    application = Application(Settings(home=home, timezone=ZONE))
    for name in ("newsletter", "intranet"):
        application.accounts.connect(
            Account(destination=f"webhook:{name}", label=name.title(), address="https://example.org/hook")
        )
    today = wall_time(application.clock(), ZONE).date() + timedelta(days=1)
    for days, at, destinations, text in POSTS:
        plan(application, text, destinations, today + timedelta(days=days), time_of_day.fromisoformat(at))
    rule = build_series(
        ChosenWeekdays(days=(Weekday.MONDAY, Weekday.THURSDAY)),
        time_of_day(10),
        ZONE,
        first=today,
        last=None,
        now=application.clock(),
    )
    plan(application, "Good morning! Here is what ships this week.", ["webhook:intranet"], today, time_of_day(10), rule)
    application.close()


def plan(
    application: Application,
    text: str,
    destinations: list[str],
    day: date,
    at: time_of_day,
    repeat: Repeat | None = None,
) -> None:
    """Schedule one post."""
    application.schedules.schedule(
        compose(
            post_id=new_post_id(),
            text=text,
            destinations=destinations,
            wall=datetime.combine(day, at),
            zone=ZONE,
            which=1,
            late_after_minutes=60,
            accounts=application.accounts,
            networks=application.networks,
            repeat=repeat,
        )
    )


@contextmanager
def dashboard(home: Path) -> Iterator[str]:
    """Run the dashboard on a free port, and give its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [sys.executable, "-m", "streamlit", "run", "dashboard.py", "--server.headless", "true"]
    process = subprocess.Popen(
        [*command, "--server.port", port], cwd=ROOT, env=os.environ | {"PUNCTUAL_HOME": str(home)}
    )
    url = f"http://127.0.0.1:{port}"
    for _ in range(100):
        try:
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=1).close()
            break
        except OSError:
            time.sleep(0.1)
    yield url
    process.terminate()
    process.wait()


def main() -> None:
    """Write docs/images/queue.png."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        home = Path(folder) / "home"
        fill(home)
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        with dashboard(home) as url:
            page = browser.new_page(
                viewport={"width": 1240, "height": 860}, timezone_id=ZONE, locale="en-GB", device_scale_factor=1.5
            )
            page.goto(f"{url}/queue")
            page.get_by_role("button", name="More").first.wait_for()
            page.wait_for_load_state("networkidle")
            page.screenshot(path=ROOT / "docs" / "images" / "queue.png")
        browser.close()


if __name__ == "__main__":
    main()
