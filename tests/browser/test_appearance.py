"""What only a browser shows: what is drawn how, and what is said while something takes its time."""

import http.server
import threading

import pytest
from playwright.sync_api import expect
from pydantic import SecretStr

from core.notices.channels import SignedWebhook

ARABIC = "\N{ARABIC LETTER MEEM}\N{ARABIC LETTER REH}\N{ARABIC LETTER HAH}\N{ARABIC LETTER BEH}"
PSEUDO = "getComputedStyle(document.querySelector('.stApp'), '::before')"


class Held(http.server.ThreadingHTTPServer):
    """A server that answers when it is told to."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked, self.free = threading.Event(), threading.Event()


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.asked.set()
        self.server.free.wait(20)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def held():
    with Held() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.free.set()
        server.shutdown()


@pytest.fixture
def channel(application, held):
    """A channel to that server."""
    address = f"http://127.0.0.1:{held.server_port}/"
    secret = SecretStr("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    application.channels.add(SignedWebhook(name="Slow", address=address, secret=secret))
    yield
    application.channels.remove("Slow")


def test_what_takes_a_while_is_seen_to_be_at_work(running, page, held, channel, eventually):
    page.goto(f"{running.url}/notifications")
    page.get_by_role("button", name="Send a test").click()
    assert held.asked.wait(10)
    eventually(lambda: page.evaluate(f"{PSEUDO}.opacity") == "1")
    assert page.evaluate(f"{PSEUDO}.content") == '"Working …"'
    held.free.set()
    expect(page.get_by_text("The test message to Slow was sent.")).to_be_visible()
    assert page.evaluate(f"{PSEUDO}.content") == "none"


@pytest.mark.parametrize(("scheme", "gray"), [("light", "rgb(88, 99, 101)"), ("dark", "rgb(169, 182, 183)")])
def test_captions_have_the_gray_of_the_theme(running, page, application, scheme, gray):
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{running.url}/queue")
    caption = page.get_by_text("Write a post, choose a time, and it waits here until it goes out.")
    expect(caption).to_have_css("color", gray)
    dimmed = "each => { for (; each; each = each.parentElement) if (getComputedStyle(each).opacity != 1) return each }"
    assert caption.evaluate_handle(dimmed).as_element() is None


def test_each_line_runs_in_the_direction_of_its_language(running, page):
    page.goto(running.url)
    text = page.get_by_label("Text", exact=True)
    text.fill(f"{ARABIC}.")
    expect(text).to_have_css("unicode-bidi", "plaintext")
