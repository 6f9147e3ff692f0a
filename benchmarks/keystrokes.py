"""The milliseconds from a typed letter until the counter rings, and then all previews, show it, and the work for it.

`python -m benchmarks.keystrokes`. Five accounts get a text of 3,000 characters. Needs Chromium on the PATH.
"""

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import CDPSession, Page, sync_playwright

from benchmarks.measuring import dashboard, heading, row, scratch, within
from core.accounts.port import Account
from core.application import Application
from core.drafts.draft import DraftContent
from core.posts.models import new_post_id
from core.settings import Settings

CHARACTERS, LETTERS, PAUSE = 3_000, 60, 150
"""The length of the text, the letters typed, and the milliseconds between them."""
MOST = 100.0
"""Milliseconds until a letter is counted."""
PATIENCE = 60_000
"""Milliseconds."""
SENTENCES = (
    "The queue is fast even with ten thousand posts 🎉. See https://example.com/a/very/long/path?x=1 and "
    "@ada.bsky.social, @grace@example.social #launch #R&D\nمرحبا 日本語 👨‍👩‍👧‍👦\n"
)
DESTINATIONS = ("bluesky:ada.example", "linkedin:ada", "mastodon:ada@example.social", "telegram:ada", "x:ada")
WATCH = """() => {
    window.seen = { counted: [], drawn: [], shown: [] };
    const ring = () => {
        const hosts = [...document.querySelectorAll("[class*=counter] *")].filter((each) => each.shadowRoot);
        return hosts.map((each) => each.shadowRoot.querySelector(".ring .remaining")?.textContent).find(Boolean);
    };
    window.addEventListener("input", (event) => {
        const since = () => performance.now() - event.timeStamp;
        seen.counted.push(since());
        seen.shown.push(ring());
        requestAnimationFrame(() => {
            const channel = new MessageChannel();  // its message comes after the frame is drawn
            channel.port1.onmessage = () => seen.drawn.push(since());
            channel.port2.postMessage(null);
        });
    });
}"""


def work_seconds(session: CDPSession) -> float:
    """Return the processor seconds of the page's main thread so far, which do not depend on the load of the machine."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(each["value"] for each in metrics if each["name"] == "TaskDuration"))


def type_letters(page: Page) -> dict[str, list[float]]:
    """Type at the end of the text; return the milliseconds of each letter until it was counted and drawn.

    `work` are the processor milliseconds for a letter, those of Streamlit and of the saving of the draft included.
    """
    area = page.get_by_role("textbox", name="Text", exact=True).first
    area.wait_for(timeout=PATIENCE)
    page.locator(".card").nth(len(DESTINATIONS) - 1).wait_for(timeout=PATIENCE)
    page.locator("[data-test-script-state=notRunning]").wait_for(state="attached", timeout=PATIENCE)
    page.evaluate(WATCH)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    area.press("Control+End")
    before = work_seconds(session)
    for number in range(LETTERS):
        page.keyboard.press("abcde "[number % 6])
        page.wait_for_timeout(PAUSE)
    found: dict[str, list[float]] = page.evaluate("seen")
    found["work"] = [(work_seconds(session) - before) * 1000 / LETTERS]
    assert len(set(found["shown"])) > LETTERS // 2, "the rings did not follow the letters"
    return found


def main() -> None:
    """Print the figures."""
    heading("Keystrokes")
    text = (SENTENCES * CHARACTERS)[:CHARACTERS]
    with tempfile.TemporaryDirectory(dir=scratch(), ignore_cleanup_errors=True) as folder, sync_playwright() as driver:
        application, draft = Application(Settings(home=Path(folder))), new_post_id()
        for each in DESTINATIONS:
            label = each.partition(":")[0].title()
            application.accounts.connect(Account(destination=each, label=label, address="http://127.0.0.1:9"))
        content = DraftContent(text=text, destinations=DESTINATIONS, zone="UTC")
        application.drafts.save(draft, content, base=0, now=application.clock())
        application.close()
        with dashboard(Path(folder)) as (port, _):
            browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1400, "height": 900})
            page.goto(f"http://127.0.0.1:{port}/?draft={draft}")
            found = type_letters(page)
            browser.close()
    for name, words in {"counted": "counted by the rings", "drawn": "drawn in every preview"}.items():
        times = sorted(found[name])
        middle, late = times[len(times) // 2], times[len(times) * 95 // 100]
        row(f"A letter is {words}, the typical time", f"{middle:.1f} ms", within(middle, MOST, "ms"))
        row("the same, 95 of 100 letters", f"{late:.1f} ms", within(late, MOST, "ms"))
    row("the work of the page's main thread for a letter", f"{found['work'][0]:.1f} ms")


if __name__ == "__main__":
    main()
