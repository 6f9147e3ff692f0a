"""Colours, text direction and the progress message, which only a browser shows."""

import http.server
import threading

import pytest
from playwright.sync_api import expect
from pydantic import SecretStr

from core.notifications.channels import WebhookChannel
from tests.browser.conftest import page_link, settle, text_of

ARABIC = "\N{ARABIC LETTER MEEM}\N{ARABIC LETTER REH}\N{ARABIC LETTER HAH}\N{ARABIC LETTER BEH}"
COLOURS = """each => {
    const pixel = document.createElement("canvas").getContext("2d");
    const above = [];
    for (; each; each = each.parentElement) above.unshift(getComputedStyle(each));
    const grounds = above.map((style) => style.backgroundColor);
    const opacity = above.reduce((product, style) => product * style.opacity, 1);
    const drawn = (colours, last = 1) => {
        colours.forEach((colour, place) => {
            pixel.globalAlpha = place === grounds.length ? last : 1;
            pixel.fillStyle = colour;
            pixel.fillRect(0, 0, 1, 1);
        });
        return [...pixel.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    return [drawn([...grounds, above.at(-1).color], opacity), drawn(grounds)];
}"""
"""Returns the visible colours of a text and of its background."""
PSEUDO = "getComputedStyle(document.body, '::before')"


class SlowServer(http.server.ThreadingHTTPServer):
    """Answers once `released` is set."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requested, self.released = threading.Event(), threading.Event()


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.requested.set()
        self.server.released.wait(20)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        """Log nothing."""


@pytest.fixture
def slow_server():
    with SlowServer() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.released.set()
        server.shutdown()


@pytest.fixture
def channel(application, slow_server):
    """Add a channel to the slow server."""
    address = f"http://127.0.0.1:{slow_server.server_port}/"
    secret = SecretStr("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    application.channels.add(WebhookChannel(name="Slow", address=address, secret=secret))
    yield
    application.channels.remove("Slow")


def test_a_slow_run_shows_a_progress_message(running, page, slow_server, channel, eventually):
    page.goto(f"{running.url}/notifications")
    page.get_by_role("button", name="Send test").click()
    assert slow_server.requested.wait(10)
    eventually(lambda: page.evaluate(f"{PSEUDO}.opacity") == "1")
    assert page.evaluate(f"{PSEUDO}.content") == '"Working …"'
    slow_server.released.set()
    expect(page.get_by_text("Test message sent to Slow.")).to_be_visible()
    assert page.evaluate(f"{PSEUDO}.content") == "none"


def test_captions_have_contrast_on_the_page_and_in_a_dialog(running, page, contrast):
    def has_contrast(caption, scheme):
        page.emulate_media(color_scheme=scheme)
        expect(page.locator(".stApp")).to_have_css("color-scheme", scheme)
        expect(caption).to_be_visible()
        return contrast(*caption.evaluate(COLOURS)) >= 4.5

    page.goto(f"{running.url}/accounts")
    caption = page.get_by_text("Built-in feed on the Outbox page.")
    assert [has_contrast(caption, scheme) for scheme in ("light", "dark")] == [True, True]
    page.get_by_role("button", name="Connect an account").click()
    page.get_by_role("dialog").get_by_role("button", name="Bluesky", exact=True).click()
    caption = page.get_by_text("From Settings, Privacy and security, App passwords")
    assert [has_contrast(caption, scheme) for scheme in ("dark", "light")] == [True, True]


def test_each_line_has_the_direction_of_its_script(form):
    text = text_of(form)
    text.fill(f"{ARABIC}.")
    expect(text).to_have_css("unicode-bidi", "plaintext")


def test_the_focus_outline_is_visible_in_the_dark_theme(form):
    form.emulate_media(color_scheme="dark")
    expect(form.locator(".stApp")).to_have_css("color-scheme", "dark")
    chosen = form.get_by_role("button", name="Outbox (built in)")
    text_of(form).focus()
    form.keyboard.press("Tab")  # only the keyboard shows the outline
    chosen.focus()
    expect(chosen).to_have_css("outline", "rgb(127, 208, 218) solid 2px")


def test_the_titles_of_pages_are_level_also_with_a_button_beside_them(form):
    tops = []
    for name in ("Compose", "Accounts", "Queue"):
        page_link(form, name).click()
        title = form.get_by_role("heading", name=name, exact=True, level=1)
        expect(title).to_be_visible()
        settle(form)
        tops.append(title.bounding_box()["y"])
    assert tops == pytest.approx([tops[0]] * 3, abs=2)


def test_all_pages_begin_at_one_left_edge_also_on_a_large_screen(running, page):
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.goto(f"{running.url}/outbox")
    edges = []
    for name in ("Outbox", "Compose", "Accounts", "Calendar"):
        page_link(page, name).click()
        title = page.get_by_role("heading", name=name, exact=True, level=1)
        expect(title).to_be_visible()
        settle(page)
        edges.append(title.bounding_box()["x"])
    assert edges == pytest.approx([edges[0]] * 4, abs=1)


def test_a_choice_is_as_high_as_the_button_beside_it(running, page):
    page.goto(f"{running.url}/calendar")
    button, choice = page.get_by_role("button", name="Today"), page.get_by_role("radio", name="Month")
    expect(choice).to_be_visible()
    assert choice.bounding_box()["height"] == pytest.approx(button.bounding_box()["height"], abs=1)
