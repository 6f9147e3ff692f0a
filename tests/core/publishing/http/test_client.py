"""The HTTP client: its deadline, the classification of errors, and the removal of secrets."""

import logging
import socket
import ssl
import threading
import time
import traceback
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from email import message_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.publishing.http.client import RESPONSE_LIMIT, HttpClient, RequestNotSent, Response, ResponseLost

SECRET = "s3cret-0123456789"
NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
POST = {"text": "Grüße 🎉"}
NO_SERVER = "http://127.0.0.1:9/"


def response(status: int = 200, body: bytes = b"{}", **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status=status, headers=named, body=body, complete=True, message="")


def test_a_json_post_is_sent_in_utf_8(start_server):
    server = start_server(200, b'{"id": 1}', Content_Type="application/json")
    answer = HttpClient("It").post_json(server.url, POST)
    assert answer.ok
    assert answer.complete
    assert answer.json_object == {"id": 1}
    headers, body = server.requests[0]
    assert headers["content-type"] == "application/json"
    assert body.decode() == '{"text": "Grüße 🎉"}'


def test_a_form_is_sent_with_its_fields_and_files(start_server):
    server = start_server(200)
    files = {"photo": ("ab12.png", b"\x89PNG\r\n\0", "image/png")}
    assert HttpClient("It").post_form(server.url, {"caption": "Grüße 🎉"}, files, headers={"X-Key": "7"}).ok
    headers, body = server.requests[0]
    caption, photo = message_from_bytes(
        b"Content-Type: " + headers["content-type"].encode() + b"\r\n\r\n" + body
    ).get_payload()
    assert (caption.get_param("name", header="content-disposition"), caption.get_payload(decode=True).decode()) == (
        "caption",
        "Grüße 🎉",
    )
    assert (photo.get_filename(), photo.get_content_type()) == ("ab12.png", "image/png")
    assert b"\r\n\r\n\x89PNG\r\n\0\r\n--" in body
    assert headers["x-key"] == "7"


def test_a_refused_connection_means_that_nothing_was_sent():
    with pytest.raises(RequestNotSent, match="It could not be reached"):
        HttpClient("It").post_json(NO_SERVER, POST)


@pytest.mark.parametrize("start", [b"", b"HTT", b"HTTP/1.1"])
def test_a_connection_that_closes_before_the_response_is_ambiguous(start_server_with, start):
    server = start_server_with(lambda handler: handler.wfile.write(start))
    with pytest.raises(ResponseLost):
        HttpClient("It").post_json(server.url, POST)


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nhello",
        b"HTTP/1.1 2000 OK\r\n\r\n",
    ],
)
def test_an_invalid_response_is_ambiguous_because_the_request_arrived(start_server_with, head):
    server = start_server_with(lambda handler: handler.wfile.write(head))
    with pytest.raises(ResponseLost):
        HttpClient("It").post_json(server.url, POST)
    assert len(server.requests) == 1


@pytest.mark.parametrize("location", ["http://[::1", "\xff", "//", "http://a..b/", "javascript:alert(1)"])
def test_a_redirect_with_an_invalid_location_is_a_response(start_server_with, location):
    head = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode("latin-1")
    server = start_server_with(lambda handler: handler.wfile.write(head))
    assert HttpClient("It").post_json(server.url, POST).status == 302
    assert len(server.requests) == 1


def test_a_redirect_is_not_followed(start_server):
    assert HttpClient("It").post_json(start_server(301, Location=NO_SERVER).url, POST).status == 301


def test_a_silent_server_is_ambiguous_at_the_deadline(start_server_with):
    server = start_server_with(lambda handler: time.sleep(1))
    start = time.monotonic()
    with pytest.raises(ResponseLost, match="did not answer in time"):
        HttpClient("It", seconds=0.2).post_json(server.url, POST)
    assert time.monotonic() - start < 0.9


def test_a_body_that_drips_is_incomplete_at_the_deadline(start_server_with):
    def drip(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(40):
            handler.wfile.write(b" ")
            time.sleep(0.05)

    start = time.monotonic()
    answer = HttpClient("It", seconds=0.3).post_json(start_server_with(drip).url, POST)
    assert answer.ok
    assert not answer.complete
    assert time.monotonic() - start < 1


def test_a_response_head_that_drips_is_ambiguous_at_the_deadline(start_server_with):
    def drip(handler):
        for byte in b"HTTP/1.1 200 OK\r\nX-Patience: 1":
            handler.wfile.write(bytes([byte]))
            time.sleep(0.05)

    start = time.monotonic()
    with pytest.raises(ResponseLost, match="did not answer in time"):
        HttpClient("It", seconds=0.3).post_json(start_server_with(drip).url, POST)
    assert time.monotonic() - start < 0.6


LARGE_BODY = b"x" * 16_000_000
"""More than the system buffers for a connection whose other end reads nothing."""


@pytest.fixture
def slow_reader():
    """Start a server that reads LARGE_BODY within a number of seconds, then sends a response, if it has one."""
    with ExitStack() as closing:

        def start(seconds: float, head: bytes = b"") -> str:
            server = closing.enter_context(socket.create_server(("127.0.0.1", 0)))
            server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)

            def read() -> None:
                left = len(LARGE_BODY)
                with suppress(OSError), server.accept()[0] as connection:
                    while left > 0 and (piece := connection.recv(262_144)):
                        left -= len(piece)
                        time.sleep(seconds * len(piece) / len(LARGE_BODY))
                    connection.sendall(head)
                    connection.recv(1)  # until the client closes the connection

            threading.Thread(target=read, daemon=True).start()
            return f"http://127.0.0.1:{server.getsockname()[1]}/"

        yield start


def test_sending_a_large_body_may_take_longer_than_the_connect_timeout(slow_reader, monkeypatch):
    monkeypatch.setattr("core.publishing.http.client.CONNECT_SECONDS", 0.2)
    url = slow_reader(0.8, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert HttpClient("It", seconds=10).send("POST", url, body=LARGE_BODY).ok


@pytest.mark.parametrize(
    ("reading_seconds", "expected", "words"),
    [(0.4, ResponseLost, "did not answer in time"), (5.0, RequestNotSent, "too slow to send")],
)
def test_sending_and_waiting_share_one_deadline(slow_reader, reading_seconds, expected, words):
    start = time.monotonic()
    with pytest.raises(expected, match=words):
        HttpClient("It", seconds=0.6).send("POST", slow_reader(reading_seconds), body=LARGE_BODY)
    assert 0.5 < time.monotonic() - start < 0.9


def test_all_requests_of_a_client_share_one_deadline(start_server):
    client = HttpClient("It", seconds=0.05)
    time.sleep(0.06)
    with pytest.raises(RequestNotSent, match="too long"):
        client.post_json(start_server(200).url, POST)


def test_a_client_reports_the_seconds_left():
    assert 9 < HttpClient("It", seconds=10).seconds_left <= 10
    assert HttpClient("It", seconds=-1).seconds_left < 0


def test_a_long_body_is_read_up_to_the_limit(start_server):
    answer = HttpClient("It").post_json(start_server(200, b"x" * 10_000_000).url, POST)
    assert not answer.complete
    assert RESPONSE_LIMIT <= len(answer.body) < RESPONSE_LIMIT + 70_000


@pytest.mark.parametrize(("host", "proxied"), [("proxied.example", True), ("excepted.example", False)])
def test_the_proxy_of_the_environment_is_used_for_every_server_but_the_excepted_ones(
    start_server, monkeypatch, host, proxied
):
    proxy = start_server(200)
    monkeypatch.setenv("http_proxy", proxy.url)
    monkeypatch.setenv("no_proxy", "excepted.example")
    with suppress(RequestNotSent):  # no such host exists
        HttpClient("It", seconds=5).post_json(f"http://{host}/", POST)
    assert [headers["host"] for headers, _ in proxy.requests] == [host] * proxied


def test_credentials_from_netrc_are_not_sent(start_server, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text(f"machine 127.0.0.1 login ada password {SECRET}")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server = start_server(200)
    HttpClient("It").post_json(server.url, POST, headers={"Authorization": "Bearer ours"})
    assert server.requests[0][0]["authorization"] == "Bearer ours"


def test_no_error_or_log_shows_the_url(caplog):
    caplog.set_level(logging.DEBUG)
    with pytest.raises(RequestNotSent) as caught:
        HttpClient("It").post_json(f"{NO_SERVER}bot{SECRET}/send", POST)
    assert caught.value.__context__ is None
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert SECRET not in caplog.text


@pytest.mark.parametrize("token", ["with\nnewline", "emoji🎉"])
def test_a_token_that_no_header_can_hold_is_neither_sent_nor_shown(start_server, token):
    with pytest.raises(RequestNotSent) as caught:
        HttpClient("It").post_json(start_server(200).url, POST, headers={"Authorization": f"Bearer {token}"})
    assert token not in str(caught.value)


@pytest.mark.parametrize("url", ["http://", "nonsense", "http://[::1", "ftp://127.0.0.1/", "http://a..b/"])
def test_an_invalid_url_is_reported_as_invalid(url):
    with pytest.raises(RequestNotSent, match="not valid"):
        HttpClient("It").post_json(url, POST)


def test_an_untrusted_certificate_prevents_sending(start_server_with, certificate):
    server = start_server_with(lambda handler: None)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server._server.socket = context.wrap_socket(server._server.socket, server_side=True)
    server._server.handle_error = lambda *_: None  # the client closes the connection during the handshake
    with pytest.raises(RequestNotSent, match="certificate"):
        HttpClient("It").post_json(server.url.replace("http://", "https://"), POST)
    assert server.requests == []


def test_redacting_removes_secrets_and_control_characters_and_shortens():
    assert HttpClient("It", secrets=[SECRET]).redact(f"No {SECRET}\r\nhere" + "!" * 300) == "No ... here" + "!" * 189


@pytest.mark.parametrize(
    ("content_type", "body", "message"),
    [
        ("application/json", b'{"error": "Invalid", "message": "Text is too long"}', "Text is too long"),
        ("application/json", b'{"error": "The access token is invalid"}', "The access token is invalid"),
        ("application/json", b'{"title": "Forbidden", "detail": "Not permitted"}', "Not permitted"),
        ("application/json", b'{"message": {"deep": 1}, "error": 7}', "Unprocessable"),
        ("application/json", b"not json", "Unprocessable"),
        ("application/json", b"[" * 100_000, "Unprocessable"),
        ("text/html", b"invalid_token", "invalid_token"),
        ("text/html", b"<html>a page</html>", "Unprocessable"),
        ("text/plain", b"two\r\nlines\x00\x1b[31m", "two lines [31m"),
        ("application/json", b'{"message": "token s3cret-0123456789 is bad"}', "token ... is bad"),
        ("application/json", b'{"message": "' + b"x" * 195 + b's3cret-0123456789"}', "x" * 195 + "..."),
    ],
)
def test_an_error_message_is_short_printable_and_without_secrets(start_server, content_type, body, message):
    answer = HttpClient("It", secrets=[SECRET]).post_json(start_server(422, body, Content_Type=content_type).url, POST)
    assert answer.message.startswith(message)
    assert len(answer.message) <= 200
    assert SECRET not in repr(answer)


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"Retry_After": "7"}, b"", 7),
        ({"Retry_After": "1.5"}, b"", 1.5),
        ({"Retry_After": "Tue, 24 Nov 2026 08:01:00 GMT"}, b"", 60),
        ({"Retry_After": "Tue, 24 Nov 2026 07:00:00 GMT"}, b"", 0),
        ({"Retry_After": "-5"}, b"", 0),
        ({"Retry_After": "999999999"}, b"", 86_400),
        ({"X_RateLimit_Reset": "2026-11-24T08:05:00.000000Z"}, b"", 300),
        ({"RateLimit_Reset": "1795507230"}, b"", 30),
        ({"x_rate_limit_reset": "1795507230"}, b"", 30),
        ({"Retry_After": "7", "X_RateLimit_Reset": "2026-11-24T08:05:00Z"}, b"", 7),
        ({}, b'{"parameters": {"retry_after": 35}}', 35),
        ({}, b"{}", None),
        ({"Retry_After": "soon"}, b"", None),
        ({"Retry_After": "nan"}, b"", None),
        ({"Retry_After": "inf"}, b"", None),
        ({"Retry_After": "2026-11-24"}, b"", None),
    ],
)
def test_every_form_of_a_requested_wait_is_parsed(headers, body, seconds):
    wait = response(429, body, **headers).retry_after(NOW)
    assert wait == (None if seconds is None else timedelta(seconds=seconds))


@pytest.mark.parametrize("header", ["Retry_After", "X_RateLimit_Reset"])
@given(text=st.text(max_size=40) | st.floats().map(str))
def test_an_invalid_wait_never_raises(header, text):
    wait = response(429, **{header: text}).retry_after(NOW)
    assert wait is None or timedelta() <= wait <= timedelta(days=1)
