"""Punctual on an emulated AWS: deployed by the lines of cdk_min/README.md, used in a browser, fired by the scheduler.

`python -m core receive` behind TLS publishes the posts of the small size, and the posting function behind its IAM
function URL those of the full size. Each size has an account of its own. emulator.py and BareMachine say what differs
from AWS.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright

from tests.browser.conftest import CHROMIUM, ONE_RENDERER, Server, settle, text_of, unused_port
from tests.ministack.conftest import ROOT, AwsUser, BareMachine, Emulator

SECTION = (ROOT / "cdk_min" / "README.md").read_text().split("\n## Deploy\n")[1].split("\n## ")[0]
SMALL, FULL, RESTORE, DESTROY = re.findall(r"^make [^#\n]+", SECTION, flags=re.MULTILINE)
"""The commands of the section Deploy, without their comments. RESTORE is SMALL with an option of the cdk command."""
ACCOUNTS = {"small": "111111111111", "full": "222222222222"}
PATIENCE = 240_000
"""Milliseconds. AWS needs two minutes' notice, so a post is scheduled three minutes ahead."""

pytestmark = pytest.mark.parametrize("size", ACCOUNTS)


@dataclass(frozen=True, kw_only=True)
class Site:
    """A deployed size: who deployed it, what the command printed, and the dashboard on it."""

    user: AwsUser
    printed: str
    server: Server


def start_receiver(variables: dict[str, str], port: int) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "core", "receive", "--port", str(port)]
    public = {"PUNCTUAL_PUBLIC_HOSTS": "posts.example.org"}
    return subprocess.Popen(command, cwd=ROOT, env=os.environ | variables | public, stderr=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def sites(machine: BareMachine, emulator: Emulator, tmp_path_factory) -> Iterator[dict[str, Site]]:
    """Deploy both sizes with the README's first two lines; start their dashboards and the posting server."""
    found = {}
    for line, (size, account) in zip((SMALL, FULL), ACCOUNTS.items(), strict=True):
        user = AwsUser(account=account, home=tmp_path_factory.mktemp(size))
        finished = machine.run(line, user, emulator)
        assert finished.returncode == 0, f"{finished.stdout}\n{finished.stderr}\n{emulator.log.read_text()}"
        variables = user.variables(emulator) | {"PUNCTUAL_MODE": "aws", "PUNCTUAL_STACK": "Punctual"}
        del variables["HOME"]  # the tools of this machine are in its own
        server = Server(user.home / ".punctual", **variables)
        found[size] = Site(user=user, printed=finished.stdout, server=server)
    receiver = start_receiver(found["small"].server.variables, emulator.receiver_port)
    with ExitStack() as ending:
        ending.callback(receiver.wait, 20)
        ending.callback(receiver.terminate)
        for site in found.values():
            ending.callback(site.server.stop)
            site.server.start("--server.port", unused_port())
        yield found


@pytest.fixture
def site(sites: dict[str, Site], size: str) -> Site:
    return sites[size]


@pytest.fixture(scope="module")
def pages() -> Iterator[dict[str, Page]]:
    """Return one window for each size, which stays open from test to test."""
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", *ONE_RENDERER]
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        context = chromium.new_context(timezone_id="Europe/Berlin", locale="en-GB")
        yield {size: context.new_page() for size in ACCOUNTS}
        chromium.close()


@pytest.fixture
def page(pages: dict[str, Page], size: str) -> Page:
    return pages[size]


def open_compose(page: Page, site: Site) -> None:
    page.goto(site.server.url)
    expect(page.get_by_role("button", name="Post now")).to_be_visible()
    settle(page)


def card_of(page: Page, text: str) -> Locator:
    return page.locator("[class*=st-key-card-]").filter(has_text=text).first


def history(site: Site) -> dict[str, dict[str, object]]:
    """Return the rows of `python -m core history` by their text."""
    command = [sys.executable, "-m", "core", "history", "--json"]
    environment = os.environ | site.server.variables
    listed = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return {row["text"]: row for row in json.loads(listed.stdout)}


def test_the_command_ends_with_the_line_that_starts_the_dashboard(site):
    report = site.printed.split("Deployed: stack Punctual, ")[1]
    assert "AWS_DEFAULT_REGION=eu-central-1 PUNCTUAL_MODE=aws PUNCTUAL_STACK=Punctual make run" in report
    assert "The account runs 10 functions at once" in report
    secret = (site.user.home / ".punctual" / "signing-secret").read_text().strip()
    assert secret.removeprefix("whsec_") not in site.printed


def test_post_now_is_published_over_aws(site, page, size):
    open_compose(page, site)
    text_of(page).fill(f"At once, {size}")
    page.get_by_role("button", name="Post now").click()
    confirm = page.get_by_role("dialog").get_by_role("button", name="Post now")
    expect(confirm).to_be_visible()
    settle(page)
    clicked = datetime.now(UTC)
    confirm.click()
    expect(page.locator(".st-key-card-outcome")).to_contain_text("Published to Outbox", timeout=PATIENCE)
    row = history(site)[f"At once, {size}"]
    assert row["state"] == "published"
    instants = (datetime.fromisoformat(str(row[name])) for name in ("due_at", "published_at"))
    due, published = ((each - clicked).total_seconds() for each in instants)
    print(
        f"{size}: published {published:.2f} s after the click in the dialog, with a cold start; due after {due:.2f} s"
    )


def test_a_post_is_scheduled_on_aws(site, page, size):
    open_compose(page, site)
    text_of(page).fill(f"In three minutes, {size}")
    page.get_by_role("textbox", name="When, in words").fill("in 3 minutes")
    page.get_by_role("button", name="Schedule", exact=True).click()
    expect(page.locator(".st-key-card-outcome")).to_contain_text("Scheduled for")


def test_a_post_is_listed_edited_cancelled_and_restored_on_aws(site, page, size):
    open_compose(page, site)
    text_of(page).fill(f"Not yet, {size}")
    page.get_by_role("textbox", name="When, in words").fill("in 5 hours")
    page.get_by_role("button", name="Schedule", exact=True).click()
    page.locator(".st-key-card-outcome").get_by_role("link", name="View in Queue").click()
    card = card_of(page, f"Not yet, {size}")
    card.get_by_role("button", name="Edit").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Text").fill(f"Better, {size}")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    card = card_of(page, f"Better, {size}")
    card.get_by_role("button", name="Cancel").click()
    expect(card).to_contain_text("Cancelled")
    card.get_by_role("button", name="Undo").click()
    expect(card.get_by_role("button", name="Cancel")).to_be_visible()


def test_the_scheduler_fires_and_history_shows_the_result(site, page, size):
    text = f"In three minutes, {size}"
    page.goto(f"{site.server.url}/queue")
    expect(card_of(page, f"Better, {size}")).to_be_visible()
    waiting = card_of(page, text).filter(has_not_text="Published")  # a published post leaves the Queue after a while
    expect(waiting).to_have_count(0, timeout=PATIENCE)
    page.goto(f"{site.server.url}/history")
    expect(page.get_by_text(text, exact=True)).to_be_visible()
    row = history(site)[text]
    assert row["state"] == "published"
    print(f"{size}: {row['lag_ms']} ms late when the scheduler fired it")


def test_destroy_counts_what_is_lost_and_deletes_the_stack_when_its_name_is_typed(site, machine, emulator, size):
    finished = machine.run(DESTROY, site.user, emulator, typed="Punctual\n")
    assert finished.returncode == 0, finished.stderr
    assert "every scheduled post: 1 post." in finished.stdout  # the one in five hours
    assert ("stays: the table with plans and results" in finished.stdout) is (size == "full")
    assert "Deleted: stack Punctual" in finished.stdout
    again = machine.run(DESTROY, site.user, emulator)
    assert "There is no stack Punctual" in again.stderr


def test_the_line_that_restores_is_the_line_that_deploys_with_an_option(size):
    """Running it would synthesise the stack once more; tests/cdk_min shows that the option reaches the cdk command."""
    assert RESTORE.replace(" --revert-drift", "").strip() == SMALL.strip()
