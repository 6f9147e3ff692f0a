"""Cards are made from pages of other people: of hostile ones too, in bounded size and time."""

import io
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image

from core.media.folder import FolderMedia
from core.posts.models import CARD_DESCRIPTION_LENGTH, CARD_TITLE_LENGTH
from core.publishing.http.public_web import MAX_REDIRECTS, CannotFetch, NotPublic, PublicWeb
from core.publishing.link_cards import fetching, page_card
from core.publishing.link_cards.fetching import NoCard, fetch_card

SITE = "http://example.com"
CARD = """<meta property="og:title" content="A title"><meta property="og:description" content="Some words">
<meta property="og:image" content="/picture.png">"""


def a_picture(size=(40, 30), form="PNG"):
    file = io.BytesIO()
    Image.new("RGB", size, "red").save(file, form)
    return file.getvalue()


class Handler(BaseHTTPRequestHandler):
    """Answers with what the test has set for the path: a body, or a function that writes the answer."""

    def do_GET(self) -> None:
        site = self.server.site  # type: ignore[attr-defined]
        site.requested.append(self.path)
        answer = site.answers.get(self.path, (404, "text/plain", b""))
        if callable(answer):
            return answer(self)
        status, content_type, body = answer
        self.send_response(status)
        self.send_header("Content-Type" if status == 200 else "Location", content_type)
        self.end_headers()
        return self.wfile.write(body)

    def log_message(self, *args) -> None:
        """Print nothing."""


class Site:
    """A server on loopback, to which every name leads but the addresses, which lead to themselves."""

    def __init__(self, server) -> None:
        self.server, self.answers, self.requested = server, {}, []
        self.web = PublicWeb(resolve=self.resolve, connect=self.connect)

    def resolve(self, host, port):
        return [host] if host[0].isdigit() or ":" in host else ["93.184.215.14"]

    def connect(self, address, port, seconds):
        return socket.create_connection(self.server.server_address, timeout=seconds)

    def page(self, body, content_type="text/html", path="/"):
        self.answers[path] = (200, content_type, body if isinstance(body, bytes) else body.encode())


@pytest.fixture(scope="module")
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def site(server):
    server.site = Site(server)
    server.site.page(a_picture(), "image/png", "/picture.png")
    return server.site


@pytest.fixture
def store(tmp_path):
    return FolderMedia(tmp_path)


@pytest.fixture
def card(site, store):
    """Return the card of a page."""

    def fetch(body=None, content_type="text/html"):
        if body is not None:
            site.page(body, content_type)
        return fetch_card(f"{SITE}/", site.web, store)

    return fetch


def test_a_card_has_the_title_the_description_and_the_stored_picture_of_its_page(card, store):
    found = card(CARD)
    assert (found.url, found.title, found.description) == (f"{SITE}/", "A title", "Some words")
    assert Image.open(io.BytesIO(store.get(found.picture))).size == (40, 30)


@pytest.mark.parametrize(
    ("page", "title", "description"),
    [
        ("<title>Of the\n page</title><meta name=Description content=Words>", "Of the page", "Words"),
        ('<title>x</title><meta name="twitter:title" content="Bird"><meta name="twitter:description" content="W">',)
        + ("Bird", "W"),
        ('<meta name="og:title" content=""><meta name="og:title" content="Second">', "Second", ""),
        ("<title>A <b>bold</b> &lt;script&gt;</title>", "A <b>bold</b> <script>", ""),
        ('<meta property="og:title" content="&lt;img src=x onerror=alert(1)&gt;">', "<img src=x onerror=alert(1)>", ""),
        ("<title>a\x00b\x1b[31m\x9fc</title>", "a\ufffdb[31mc", ""),
    ],
)
def test_the_texts_of_a_page_are_text(card, page, title, description):
    found = card(page.encode(), "text/html; charset=utf-8")
    assert (found.title, found.description, found.picture) == (title, description, None)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("<title>Grüße</title>".encode(), "text/html"),
        ("<title>Grüße</title>".encode(), "text/html; charset=ISO-8859-1"),
        ("<title>Grüße</title>".encode("cp1252"), "text/html; charset=utf-8"),
        ("<title>Grüße</title>".encode("cp1252"), "text/html; charset=no-such-thing"),
        ("<title>Grüße</title>".encode("cp1252"), "text/html; charset=punycode"),
        ("<meta charset=cp1252><title>Grüße</title>".encode("cp1252"), "text/html"),
        ("\ufeff<title>Grüße</title>".encode("utf-16-le"), "text/html; charset=utf-8"),
    ],
)
def test_a_wrong_or_missing_charset_does_not_garble_the_title(card, body, content_type):
    assert card(body, content_type).title == "Grüße"


def test_a_japanese_page_names_its_own_encoding(card):
    page = '<meta http-equiv="Content-Type" content="text/html; charset=Shift_JIS"><title>日本語の題名</title>'
    assert card(page.encode("cp932")).title == "日本語の題名"


def test_long_texts_are_cut(card):
    found = card(f"<title>{'é' * 5000}</title><meta name=description content='{'👩‍👩‍👧' * 2000}'>")
    assert (len(found.title), found.title[-2:]) == (CARD_TITLE_LENGTH, "é…")
    assert len(found.description) <= CARD_DESCRIPTION_LENGTH
    assert found.description.removesuffix("…").replace("👩‍👩‍👧", "") == ""


def test_only_the_beginning_of_a_large_page_is_read(card, monkeypatch):
    monkeypatch.setattr(fetching, "PAGE_BYTES", 100_000)
    assert card(f"<title>First</title>{CARD}<script>{'x' * 4_000_000}</script>").title == "A title"
    with pytest.raises(NoCard):
        card(f"<script>{'x' * 4_000_000}</script><title>Last</title>")


def test_a_page_of_a_gigabyte_is_not_read_to_its_end(card, site, monkeypatch):
    monkeypatch.setattr(fetching, "PAGE_BYTES", 100_000)
    sent = []

    def pour(handler):
        handler.send_response(200)
        handler.send_header("Content-Type", "text/html")
        handler.send_header("Content-Length", str(10**9))
        handler.end_headers()
        handler.wfile.write(CARD.encode())
        try:
            for _ in range(1000):
                sent.append(handler.wfile.write(b" " * 10**6))
        except OSError:
            return

    site.answers["/"] = pour
    assert card().title == "A title"
    assert len(sent) < 1000


def test_a_page_that_drips_is_given_up(card, site, monkeypatch):
    monkeypatch.setattr(fetching, "SECONDS", 0.3)
    given_up = threading.Event()

    def drip(handler):
        handler.send_response(200)
        handler.send_header("Content-Type", "text/html")
        handler.end_headers()
        while not given_up.wait(0.05):
            handler.wfile.write(b" ")

    site.answers["/"] = drip
    with pytest.raises(CannotFetch, match="took too long"):
        card()
    given_up.set()


@pytest.mark.parametrize("target", ["http://127.0.0.1/", "http://169.254.169.254/latest/meta-data/", "http://[::1]/"])
def test_a_redirect_to_a_private_address_is_not_followed(card, site, target):
    site.answers["/"] = (302, target, b"")
    with pytest.raises((NotPublic, CannotFetch)):
        card()
    assert site.requested == ["/"]


@pytest.mark.parametrize("address", ["http://127.0.0.1/x.png", "http://169.254.169.254/x.png", "file:///etc/passwd"])
def test_a_picture_at_a_private_address_is_not_read(card, site, address):
    found = card(f'<title>T</title><meta property="og:image" content="{address}">')
    assert (found.title, found.picture, site.requested) == ("T", None, ["/"])


def test_thirty_redirects_are_too_many(card, site):
    site.answers |= {f"/{number}": (302, f"/{number + 1}", b"") for number in range(30)}
    site.answers["/"] = (302, "/0", b"")
    with pytest.raises(CannotFetch, match="too often"):
        card()
    assert len(site.requested) == MAX_REDIRECTS + 1


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"<html>", "image/png"),
        (a_picture(), "text/html"),
        (b"\x00\x00\x00\x18ftypmp42" + bytes(100), "image/png"),
        (a_picture()[:60], "image/png"),
        (b"", "image/png"),
    ],
)
def test_a_card_of_a_page_with_an_unusable_picture_has_none(card, site, store, body, content_type):
    site.page(body, content_type, "/picture.png")
    assert (card(CARD).title, card().picture, list(store.scan())) == ("A title", None, [])


def test_a_large_picture_is_stored_smaller_and_without_its_metadata(card, site, store):
    site.page(a_picture((3000, 100), "JPEG"), "image/jpeg", "/picture.png")
    assert Image.open(io.BytesIO(store.get(card(CARD).picture))).size == (2000, 67)


@pytest.mark.parametrize("body", ["", "<p>Words</p>", "\x00" * 1000, "<" * 50_000])
def test_a_page_without_a_title_has_no_card(card, body):
    with pytest.raises(NoCard):
        card(body)


def test_a_page_that_takes_long_to_parse_is_given_up(card, monkeypatch):
    monkeypatch.setattr(page_card, "PARSE_SECONDS", 0.5)
    with pytest.raises(NoCard):
        card("<title>T</title>" + "<div>" * 100_000)
