"""The dashboard as a server of its own, and a browser. The tests of this folder share one of each per process."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect, sync_playwright

from core.accounts.port import Account
from core.application import Application
from core.ledger.port import Plan
from core.posts.models import Post, new_post_id
from core.publishing.composing import compose
from core.settings import Settings
from core.time.instants import wall_time

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium")
ONE_RENDERER = ["--renderer-process-limit=1", "--disable-site-isolation-trials"]
"""Options with which all pages share one process of the browser, which compiles Streamlit's scripts once."""

PATHS = {
    "Compose": "",
    "Drafts": "drafts",
    "Queue": "queue",
    "Calendar": "calendar",
    "History": "history",
    "Outbox": "outbox",
    "Accounts": "accounts",
    "Posting times": "posting_times",
    "Import and export": "bulk",
    "Notifications": "notifications",
    "Health": "health",
}
"""The path of each page by its name."""

expect.set_options(timeout=30_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip these tests if no browser is installed."""
    if CHROMIUM is None:
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.skip(reason="no chromium on the PATH"))


class Server:
    """`streamlit run dashboard.py` as a process with its own home, and with more environment variables."""

    def __init__(self, home: Path, **variables: str) -> None:
        self.home = home
        self.variables = {"PUNCTUAL_HOME": str(home)} | variables
        self.log = home.with_suffix(".log")
        self.url = ""

    def start(self, *options: str) -> None:
        """Start the server and wait until it answers. Without a port in the options, Streamlit finds one."""
        command = [sys.executable, "-m", "streamlit", "run", "dashboard.py", "--server.headless", "true", *options]
        environment = os.environ | self.variables
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
        self.url = eventually(self._url)
        eventually(self._answers)

    def stop(self) -> None:
        """Stop the server as Ctrl+C does."""
        self.process.terminate()
        self.process.wait(20)

    def _url(self) -> str | None:
        assert self.process.poll() is None, self.log.read_text()
        found = re.search(r"http://127\.0\.0\.1:\d+", self.log.read_text())
        return found[0] if found else None

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1) as answer:
                return answer.status == 200
        except OSError:
            return False


def eventually(holds: Callable[[], object], seconds: float = 30) -> object:
    """Return the first truthy result; fail if there is none in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := holds():
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s")


def settle(page: Page) -> None:
    """Wait until the script does not run."""
    expect(page.locator("[data-test-script-state=notRunning]")).to_be_visible()


def text_of(window: Page) -> Locator:
    """Return the text field of Compose.

    Streamlit keeps the field of the last draft, hidden below it, until the run that starts the next one ends.
    """
    return window.get_by_label("Text", exact=True).first


def page_link(window: Page, name: str) -> Locator:
    """Return the link of the navigation to a page. Its name may end with a count or a state."""
    return window.get_by_role("link", name=re.compile(rf"^{name}( \d.*| has .*| all .*| needs .*| not .*)?$"))


def expect_first_visit(window: Page, server: Server, name: str) -> None:
    """Open a page of a server that nobody has visited, and expect this page and the links to all others."""
    window.goto(f"{server.url}/{PATHS[name]}")
    expect(window.get_by_role("heading", name=name, exact=True, level=1)).to_be_visible()
    for other in PATHS:
        expect(page_link(window, other)).to_be_visible()
    expect(window.get_by_text("Page not found")).to_have_count(0)


def unused_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


@pytest.fixture(name="eventually")
def eventually_fixture() -> Callable[..., object]:
    """Return a function that waits for a condition in another process."""
    return eventually


@pytest.fixture(scope="package")
def fresh_port() -> str:
    """Return the port of all fresh servers. With one address, the browser loads Streamlit's scripts once."""
    return unused_port()


@pytest.fixture
def fresh_server(tmp_path) -> Iterator[Server]:
    """Return a server without visits, which the test starts."""
    server = Server(tmp_path / "home")
    yield server
    server.stop()


@pytest.fixture(scope="package")
def running(tmp_path_factory) -> Iterator[Server]:
    """Start a server for all tests of this folder."""
    server = Server(tmp_path_factory.mktemp("browser") / "home")
    server.start("--server.port", unused_port())
    yield server
    server.stop()


@pytest.fixture(scope="package")
def opened(running) -> Iterator[Application]:
    """Open the running server's home as another process."""
    application = Application(Settings(home=running.home))
    yield application
    application.close()


@pytest.fixture
def application(opened) -> Application:
    """Return the application of that home, without the queue, drafts and posting times of earlier tests."""
    for listed in opened.listing.window(opened.clock(), opened.clock().replace(year=2040), limit=100):
        opened.schedules.cancel(opened.schedules.plan(listed.post_id))
    for draft in opened.drafts.page(limit=100):
        opened.drafts.remove(draft.draft_id)
    for account, stored in opened.posting_times.all().items():
        opened.posting_times.save(account, None, base=stored.version)
    return opened


@pytest.fixture
def tester(application) -> Iterator[Account]:
    """Connect an account on Mastodon that takes 30 characters."""
    account = Account(
        destination="mastodon:tester",
        label="Tester",
        address="http://127.0.0.1:9",
        limits={"characters": 30},
        credentials={"token": "none"},
    )
    application.accounts.connect(account)
    yield account
    application.accounts.remove(account.destination)


@pytest.fixture
def post(application) -> Callable[..., Post]:
    """Compose a post to the outbox that is due in some seconds."""

    def compose_post(text: str, *, seconds: float) -> Post:
        due = application.clock().replace(microsecond=0) + timedelta(seconds=seconds)
        return compose(
            post_id=new_post_id(),
            text=text,
            destinations=["outbox"],
            wall=wall_time(due, "Europe/Berlin").replace(tzinfo=None),
            zone="Europe/Berlin",
            which=1,
            late_after_minutes=60,
            accounts=application.accounts,
            networks=application.networks,
        )

    return compose_post


@pytest.fixture
def plan(application, post) -> Callable[..., Plan]:
    """Schedule a post as another process does."""
    return lambda text, *, seconds: application.schedules.schedule(post(text, seconds=seconds))


@pytest.fixture(scope="package")
def browser() -> Iterator[BrowserContext]:
    """Start a browser in Berlin. All tests of this folder share it, so that it loads Streamlit's scripts once.

    It ends with this folder, because Playwright's event loop would keep other tests from running their own.
    """
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", *ONE_RENDERER]
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        context = chromium.new_context(
            timezone_id="Europe/Berlin", locale="en-GB", viewport={"width": 1280, "height": 900}
        )
        context.new_page()  # its process stays, so that the pages of all tests use it
        yield context
        chromium.close()


@pytest.fixture
def page(browser) -> Iterator[Page]:
    """Open a window, which is a new session of the dashboard."""
    window = browser.new_page()
    yield window
    window.close()


@pytest.fixture
def form(page, running, application) -> Page:
    """Open Compose and wait until it is complete."""
    page.goto(running.url)
    expect(page.get_by_role("button", name="Post now")).to_be_visible()
    settle(page)
    return page
