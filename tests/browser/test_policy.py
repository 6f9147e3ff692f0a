"""The pages work under their Content-Security-Policy, and no foreign page frames them."""

import pytest

POSTS = ("", "drafts", "queue", "calendar", "history", "outbox")
PAGES = (*POSTS, "accounts", "posting_times", "bulk", "notifications", "health")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_breaks_no_rule_of_its_policy(running, page, path):
    violations = []
    page.on("console", lambda message: violations.append(message.text) if "Policy" in message.text else None)
    page.on("pageerror", lambda error: violations.append(str(error)))
    page.goto(f"{running.url}/{path}")
    page.locator("h1").first.wait_for()
    page.wait_for_load_state("networkidle")
    assert violations == []


def test_a_foreign_page_cannot_frame_the_dashboard(running, page):
    page.goto(f"data:text/html,<iframe src='{running.url}/'></iframe>")
    page.wait_for_load_state("networkidle")
    assert running.url not in page.frames[1].url
