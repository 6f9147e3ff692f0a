"""The pages for people who use only the keyboard or a screen reader.

axe-core checks each page. npm installs it for these tests. The inner elements of some Streamlit widgets are excluded.
"""

import os
import re
import shutil
import subprocess
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from core.accounts.port import Account
from core.drafts.draft import DraftContent
from core.posts.models import new_post_id
from core.time.instants import wall_time
from core.timetable.port import NOT_STORED
from core.timetable.timetable import suggested
from tests.browser.conftest import page_link, settle, text_of

EXCLUDED = [f"[data-testid={each}]" for each in ("stSidebarNavItems", "stDateInput", "stTimeInput")]
EXCLUDED += ["[data-testid=stFileUploaderDropzone]"]
FIND_VIOLATIONS = """async (excluded) => {
    const { violations } = await axe.run({ exclude: excluded });
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}`));
}"""
AT_REST = """() => document.getAnimations().every(
    (each) => each.playState !== "running" || each.effect.getComputedTiming().endTime === Infinity
)"""
PAGES = {
    "Compose": "Schedule",
    "Drafts": "Half a thought",
    "Queue": "Two",
    "Calendar": "Mon",
    "History": "Published: https://example.com/a",
    "Outbox": "https://example.com/a",
    "Accounts": "Built-in feed on the Outbox page. No credentials needed.",
    "Posting times": "Next posting times",
    "Import and export": "Calendar feed",
    "Notifications": "Where should we tell you?",
    "Health": "Check again",
}
"""Each page with a text that appears once the page is complete."""


@pytest.fixture(scope="module")
def axe(tmp_path_factory):
    """Install axe-core and return the path of its script."""
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
def posts(plan):
    """Schedule two posts."""
    plan("One", seconds=3600)
    plan("Two", seconds=86_400)


@pytest.fixture
def results(plan, application, eventually):
    """Publish one post, save a draft, and set posting times."""
    stored = application.posting_times.all().get(None, NOT_STORED)
    application.posting_times.save(None, suggested("Europe/Berlin"), base=stored.version)
    content = DraftContent(text="Half a thought", destinations=("outbox",), zone="UTC", wall="2027-01-01T09:00:00")
    application.drafts.save(new_post_id(), content, base=0, now=application.clock())
    published = plan("Published: https://example.com/a", seconds=4).post
    eventually(lambda: published.text in {each.text for each in application.outbox.feed(limit=5)})


def violations(page):
    """Return what axe-core finds once no element fades in or changes its colour."""
    page.wait_for_function(AT_REST)
    return page.evaluate(FIND_VIOLATIONS, EXCLUDED)


def post_button(page, label, text):
    """Return the button of the post with this text."""
    return page.get_by_role("button", name=re.compile(rf"^{label} [\d:]+, {text}$"))


def test_axe_finds_no_violation_on_any_page(running, page, axe, posts, results):
    page.goto(running.url)
    page.evaluate(axe.read_text())  # a script element would break the Content Security Policy
    for name, text in PAGES.items():
        page_link(page, name).click()
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
        expect(page.get_by_text(text, exact=True).first).to_be_visible()
        settle(page)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            expect(page.locator(".stApp")).to_have_css("color-scheme", scheme)
            assert not violations(page), (name, scheme)


def test_each_button_names_its_post_and_the_focus_stays_on_the_card_of_a_cancelled_post(running, page, posts):
    page.goto(f"{running.url}/queue")
    for label in ("Cancel", "More"):
        for text in ("One", "Two"):
            expect(post_button(page, label, text)).to_be_visible()
    post_button(page, "Cancel", "One").press("Enter")
    expect(post_button(page, "Undo", "One")).to_be_focused()
    page.keyboard.press("Enter")
    expect(post_button(page, "Cancel", "One")).to_be_focused()


def tab_to(page, target, most):
    """Press Tab until an element has the focus, at most so many times."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            return
    expect(target).to_be_focused(timeout=1)


def test_a_post_is_written_addressed_and_scheduled_with_the_keyboard_alone(form, application):
    application.accounts.connect(Account(destination="webhook:sales", label="Sales", credentials={"url": "x"}))
    try:
        form.reload()
        outbox, sales = (form.get_by_role("button", name=name) for name in ("Outbox", "Sales"))
        expect(sales).to_be_visible()
        settle(form)
        form.keyboard.press("Tab")
        expect(form.get_by_role("link", name="Skip to main content")).to_be_focused()
        form.keyboard.press("Enter")
        tab_to(form, outbox, 5)
        form.keyboard.press("ArrowRight")
        expect(sales).to_be_focused()
        form.keyboard.press("Space")
        expect(form.get_by_role("region", name="Preview").get_by_role("article", name="Sales")).to_be_visible()
        tab_to(form, text_of(form), 4)
        form.keyboard.type("Typed, addressed and timed")
        tab_to(form, form.get_by_role("textbox", name="When, in words"), 12)
        form.keyboard.type("tomorrow 9am")
        form.keyboard.press("Control+Enter")
        expect(form.locator(".st-key-card-outcome")).to_contain_text("Scheduled for")
        expect(text_of(form)).to_be_focused()
        expect(text_of(form)).to_have_value("")
        now = application.clock()
        [listed] = application.listing.window(now, now + timedelta(days=2), limit=10)
        [detail] = application.listing.details([listed])
        assert detail.post.text == "Typed, addressed and timed"
        assert detail.post.destinations == ("outbox", "webhook:sales")
        assert wall_time(detail.post.due_at, "Europe/Berlin").hour == 9
    finally:
        application.accounts.remove("webhook:sales")


def test_the_state_of_a_new_post_is_announced(form):
    text_of(form).fill("Can you hear me?")
    form.get_by_role("button", name="Schedule").press("Enter")
    expect(form.get_by_role("status").get_by_text("Scheduled: Can you hear me?")).to_be_attached()
