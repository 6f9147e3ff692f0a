"""What people meet who use the keyboard alone or a screen reader.

Each page is looked through by axe-core, which npm installs for these tests; what Streamlit's own fields are made of is
left out.
"""

import os
import re
import shutil
import subprocess

import pytest
from playwright.sync_api import expect

STREAMLITS_OWN = [f"[data-testid={each}]" for each in ("stSidebarNavItems", "stDateInput", "stTimeInput")]
STREAMLITS_OWN += ["[data-testid=stFileUploaderDropzone]"]
LOOK_THROUGH = """async (left_out) => {
    const { violations } = await axe.run({ exclude: left_out });
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}`));
}"""
PAGES = {
    "Compose": "Schedule",
    "Queue": "Two",
    "Calendar": "Mon",
    "History": "It went out: https://example.com/a",
    "Outbox": "https://example.com/a",
    "Accounts": "Outbox (built in)",
    "Notifications": "Nobody is told yet",
    "Health": "Look again",
}
"""Each page with words that stand on it once it is drawn."""


@pytest.fixture(scope="module")
def axe(tmp_path_factory):
    """Where axe-core's script lies."""
    if shutil.which("npm") is None:
        pytest.skip("axe-core comes from npm, which is not installed")
    folder = tmp_path_factory.mktemp("axe")
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=1", "axe-core@4.14.1"]
    environment = {**os.environ, "npm_config_cache": str(folder / "cache")}
    installed = subprocess.run(
        [*command, "--prefix", str(folder)], env=environment, capture_output=True, text=True, timeout=120
    )
    if installed.returncode != 0:
        pytest.skip(f"axe-core could not be installed: {installed.stderr.strip()[-200:]}")
    return folder / "node_modules/axe-core/axe.min.js"


@pytest.fixture
def posts(plan, application, eventually):
    """One post that went out, and two that wait."""
    plan("It went out: https://example.com/a", seconds=3)
    plan("One", seconds=3600)
    plan("Two", seconds=86_400)
    eventually(lambda: application.outbox.feed(limit=1))


def faults(page):
    """What axe-core finds; a second look leaves out what was just being drawn, and faint."""
    found = page.evaluate(LOOK_THROUGH, STREAMLITS_OWN)
    if found:
        page.wait_for_timeout(2000)
        found = page.evaluate(LOOK_THROUGH, STREAMLITS_OWN)
    return found


def about(page, label, text):
    """The button of the post that says so."""
    return page.get_by_role("button", name=re.compile(rf"^{label} [\d:]+, {text}$"))


def test_no_page_has_a_fault_that_a_program_finds(running, page, axe, posts):
    page.goto(running.url)
    page.add_script_tag(path=axe)
    for name, words in PAGES.items():
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
        expect(page.get_by_text(words, exact=True).first).to_be_visible()
        expect(page.locator("[data-test-script-state=notRunning]")).to_be_visible()
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            expect(page.locator(".stApp")).to_have_css("color-scheme", scheme)
            assert not faults(page), (name, scheme)


def test_the_buttons_of_a_list_have_names_of_their_own(running, page, posts):
    page.goto(f"{running.url}/queue")
    for label in ("Cancel", "More"):
        for text in ("One", "Two"):
            expect(about(page, label, text)).to_be_visible()


def test_the_keyboard_stays_with_the_post_that_was_cancelled(running, page, posts):
    page.goto(f"{running.url}/queue")
    about(page, "Cancel", "One").press("Enter")
    expect(about(page, "Undo", "One")).to_be_focused()
    page.keyboard.press("Enter")
    expect(about(page, "Cancel", "One")).to_be_focused()


def test_what_became_of_a_post_is_said(running, page, application):
    page.goto(running.url)
    page.get_by_label("Text", exact=True).fill("Can you hear me?")
    page.get_by_role("button", name="Schedule").press("Enter")
    expect(page.get_by_role("status").get_by_text("Scheduled: Can you hear me?")).to_be_attached()
