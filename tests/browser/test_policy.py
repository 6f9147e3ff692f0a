"""The pages keep to their Content-Security-Policy, ask no other host, and do not move while they load."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import PATHS, page_link, settle

LAYOUT_SHIFT = """() => {
    const observer = new PerformanceObserver(() => {});
    observer.observe({ type: "layout-shift", buffered: true });
    return observer.takeRecords().reduce((sum, each) => sum + each.value, 0);
}"""
"""The sum of the layout shifts since the page was loaded. Nobody typed or clicked there, which would allow a shift."""


def test_each_page_has_its_address_breaks_no_rule_of_its_policy_asks_no_other_host_and_does_not_move(running, page):
    violations, hosts = [], set()
    page.on("console", lambda message: violations.append(message.text) if "Policy" in message.text else None)
    page.on("pageerror", lambda error: violations.append(str(error)))
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    page.goto(running.url, wait_until="networkidle")
    for name, path in PATHS.items():
        page_link(page, name).click()
        expect(page.get_by_role("heading", name=name, exact=True, level=1)).to_be_visible()
        expect(page).to_have_url(re.compile(f"^{running.url}/{path}([?].*)?$"))
        page.goto(f"{running.url}/{path}", wait_until="networkidle")
        expect(page.get_by_role("heading", name=name, exact=True, level=1)).to_be_visible()
        settle(page)
        expect(page.get_by_text("Page not found")).to_have_count(0)
        page.evaluate("() => new Promise(requestIdleCallback)")  # the scripts of components have begun
        assert (name, violations) == (name, [])
        assert page.evaluate(LAYOUT_SHIFT) < 0.1, name
    assert hosts == {running.url.removeprefix("http://")}


def test_a_foreign_page_cannot_frame_the_dashboard(running, page):
    page.goto(f"data:text/html,<iframe src='{running.url}/'></iframe>")
    page.wait_for_load_state("networkidle")
    assert running.url not in page.frames[1].url
