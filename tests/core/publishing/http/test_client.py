"""Requests to other people's servers: what a fault means, how long it may take, and what may never show."""

import logging
import socket
import ssl
import threading
import time
import traceback
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from core.publishing.http.client import RESPONSE_LIMIT, HttpClient, RequestNotSent, Response, ResponseLost

SECRET = "s3cret-0123456789"
NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
POST = {"text": "Grüße 🎉"}


def answered(status: int = 200, body: bytes = b"{}", **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status=status, headers=named, body=body, complete=True, message="")


def test_a_post_is_json_in_utf_8(receiver):
    server = receiver(200, b'{"id": 1}', Content_Type="application/json")
    answer = HttpClient("It").post_json(server.url, POST)
    assert answer.ok
    assert answer.complete
    assert answer.json_object == {"id": 1}
    headers, body = server.requests[0]
    assert headers["content-type"] == "application/json"
    assert body.decode() == '{"text": "Grüße 🎉"}'


def test_a_server_that_is_not_there_got_nothing():
    with pytest.raises(RequestNotSent, match="It could not be reached"):
        HttpClient("It").post_json("http://127.0.0.1:9/", POST)


@pytest.mark.parametrize("start", [b"", b"HTT", b"HTTP/1.1"])
def test_a_connection_that_ends_before_the_answers_body_leaves_a_doubt(rude_receiver, start):
    server = rude_receiver(lambda handler: handler.wfile.write(start))
    with pytest.raises(ResponseLost):
        HttpClient("It").post_json(server.url, POST)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nhello",
        b"HTTP/1.1 2000 OK\r\n\r\n",
    ],
)
def test_an_answer_that_contradicts_itself_leaves_a_doubt_since_the_request_arrived(rude_receiver, answer):
    server = rude_receiver(lambda handler: handler.wfile.write(answer))
    with pytest.raises(ResponseLost):
        HttpClient("It").post_json(server.url, POST)
    assert len(server.requests) == 1


@pytest.mark.parametrize("place", ["http://[::1", "\xff", "//", "http://a..b/", "javascript:alert(1)"])
def test_a_redirect_is_an_answer_wherever_it_leads(rude_receiver, place):
    answer = f"HTTP/1.1 302 Found\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n".encode("latin-1")
    server = rude_receiver(lambda handler: handler.wfile.write(answer))
    assert HttpClient("It").post_json(server.url, POST).status == 302
    assert len(server.requests) == 1


def test_a_server_that_says_nothing_leaves_a_doubt_when_the_time_is_up(rude_receiver):
    server = rude_receiver(lambda handler: time.sleep(1))
    begun = time.monotonic()
    with pytest.raises(ResponseLost, match="did not answer in time"):
        HttpClient("It", seconds=0.2).post_json(server.url, POST)
    assert time.monotonic() - begun < 0.9


def test_a_server_that_drips_its_answer_is_left_when_the_time_is_up(rude_receiver):
    def drip(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(40):
            handler.wfile.write(b" ")
            time.sleep(0.05)

    begun = time.monotonic()
    answer = HttpClient("It", seconds=0.3).post_json(rude_receiver(drip).url, POST)
    assert answer.ok
    assert not answer.complete
    assert time.monotonic() - begun < 1


def test_a_server_that_drips_the_head_of_its_answer_leaves_a_doubt_when_the_time_is_up(rude_receiver):
    def drip(handler):
        for byte in b"HTTP/1.1 200 OK\r\nX-Patience: 1":
            handler.wfile.write(bytes([byte]))
            time.sleep(0.05)

    begun = time.monotonic()
    with pytest.raises(ResponseLost, match="did not answer in time"):
        HttpClient("It", seconds=0.3).post_json(rude_receiver(drip).url, POST)
    assert time.monotonic() - begun < 0.6


FILM = b"x" * 16_000_000
"""More than the system keeps for a connection that nobody reads from."""


@pytest.fixture
def slow_reader():
    """Start a server that reads a request in so many seconds, and then answers or says nothing."""
    with ExitStack() as closing:

        def start(seconds: float, answer: bytes = b"") -> str:
            server = closing.enter_context(socket.create_server(("127.0.0.1", 0)))
            server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)

            def read() -> None:
                left = len(FILM)
                with suppress(OSError), server.accept()[0] as connection:
                    while left > 0 and (piece := connection.recv(262_144)):
                        left -= len(piece)
                        time.sleep(seconds * len(piece) / len(FILM))
                    connection.sendall(answer)
                    connection.recv(1)  # until the other side hangs up

            threading.Thread(target=read, daemon=True).start()
            return f"http://127.0.0.1:{server.getsockname()[1]}/"

        yield start


def test_a_long_body_has_all_of_the_time_and_not_only_that_for_connecting(slow_reader, monkeypatch):
    monkeypatch.setattr("core.publishing.http.client.CONNECT_SECONDS", 0.2)
    answer = HttpClient("It", seconds=10).send(
        "POST", slow_reader(0.8, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), body=FILM
    )
    assert answer.ok


@pytest.mark.parametrize("reading", [0.4, 5.0])
def test_sending_a_body_and_waiting_for_the_answer_share_the_time(slow_reader, reading):
    begun = time.monotonic()
    with pytest.raises(ResponseLost, match="did not answer in time"):
        HttpClient("It", seconds=0.6).send("POST", slow_reader(reading), body=FILM)
    assert 0.5 < time.monotonic() - begun < 0.9


def test_all_requests_on_a_line_share_its_time(receiver):
    line = HttpClient("It", seconds=0.05)
    time.sleep(0.06)
    with pytest.raises(RequestNotSent, match="too long"):
        line.post_json(receiver(200).url, POST)


def test_an_endless_answer_is_read_up_to_the_limit(receiver):
    answer = HttpClient("It").post_json(receiver(200, b"x" * 10_000_000).url, POST)
    assert not answer.complete
    assert RESPONSE_LIMIT <= len(answer.body) < RESPONSE_LIMIT + 70_000


def test_a_redirect_is_an_answer_like_any_other(receiver):
    answer = HttpClient("It").post_json(receiver(301, Location="http://127.0.0.1:9/").url, POST)
    assert answer.status == 301


def test_a_log_in_from_netrc_is_not_sent(receiver, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text(f"machine 127.0.0.1 login ada password {SECRET}")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server = receiver(200)
    HttpClient("It").post_json(server.url, POST, headers={"Authorization": "Bearer ours"})
    assert server.requests[0][0]["authorization"] == "Bearer ours"


def test_no_fault_shows_the_address_that_was_called(caplog):
    caplog.set_level(logging.DEBUG)
    with pytest.raises(RequestNotSent) as caught:
        HttpClient("It").post_json(f"http://127.0.0.1:9/bot{SECRET}/send", POST)
    assert caught.value.__context__ is None
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert SECRET not in caplog.text


@pytest.mark.parametrize("token", ["with\nnewline", "emoji🎉"])
def test_a_token_that_no_header_can_hold_is_never_sent_nor_shown(receiver, token):
    with pytest.raises(RequestNotSent) as caught:
        HttpClient("It").post_json(receiver(200).url, POST, headers={"Authorization": f"Bearer {token}"})
    assert token not in str(caught.value)


@pytest.mark.parametrize("url", ["http://", "nonsense", "http://[::1", "ftp://127.0.0.1/", "http://a..b/"])
def test_an_address_that_is_none_is_told_so(url):
    with pytest.raises(RequestNotSent, match="not valid"):
        HttpClient("It").post_json(url, POST)


@pytest.fixture
def self_signed(tmp_path) -> str:
    """A file with a key and a certificate for 127.0.0.1 that nobody else has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    unsigned = x509.CertificateBuilder(name, name, key.public_key(), 1, datetime(2026, 1, 1), datetime(2099, 1, 1))  # noqa: DTZ001
    certificate = unsigned.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (tmp_path / "server.pem").write_bytes(key.private_bytes(*form) + certificate)
    return str(tmp_path / "server.pem")


def test_a_certificate_that_nobody_vouches_for_stops_everything_before_it_is_sent(rude_receiver, self_signed):
    server = rude_receiver(lambda handler: None)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed)
    server._server.socket = context.wrap_socket(server._server.socket, server_side=True)
    server._server.handle_error = lambda *_: None  # the client hangs up in the middle of the greeting
    with pytest.raises(RequestNotSent, match="certificate"):
        HttpClient("It").post_json(server.url.replace("http://", "https://"), POST)
    assert server.requests == []


def test_words_that_stand_elsewhere_in_an_answer_are_made_plain_as_well():
    assert HttpClient("It", secrets=[SECRET]).plain(f"No {SECRET}\r\nhere" + "!" * 300) == "No ... here" + "!" * 189


def test_a_line_tells_what_is_left_of_its_time():
    assert 9 < HttpClient("It", seconds=10).left <= 10
    assert HttpClient("It", seconds=-1).left < 0


@pytest.mark.parametrize(
    ("kind", "body", "words"),
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
def test_the_servers_words_are_short_plain_and_without_secrets(receiver, kind, body, words):
    answer = HttpClient("It", secrets=[SECRET]).post_json(receiver(422, body, Content_Type=kind).url, POST)
    assert answer.message.startswith(words)
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
def test_every_way_to_ask_for_a_pause_is_understood(headers, body, seconds):
    pause = answered(429, body, **headers).retry_after(NOW)
    assert pause == (None if seconds is None else timedelta(seconds=seconds))


@given(st.text(max_size=40))
def test_a_pause_that_is_nonsense_never_raises(text):
    pause = answered(429, Retry_After=text).retry_after(NOW)
    assert pause is None or timedelta() <= pause <= timedelta(days=1)
