"""The middleware refuses foreign hosts and origins, limits bodies and sets security headers."""

import socket
import threading
from email.parser import BytesParser

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute

from core.serving.hosts import AllowedHosts
from core.serving.middleware import SecurityMiddleware

EVIL = "evil.example"
HANDSHAKE = (
    *("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"),
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)


async def echo_size(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


async def stream(request: Request) -> StreamingResponse:
    return StreamingResponse(iter(["a", "b"]))


@pytest.fixture(scope="module")
def handshakes():
    """Return the origins of the WebSocket handshakes that reached the application."""
    return []


@pytest.fixture(scope="module")
def port(handshakes):
    """Start a server with the middleware, and return its port."""

    async def greet(websocket):
        handshakes.append(websocket.headers.get("origin"))
        await websocket.accept()
        await websocket.close()

    routes = [Route(path, echo_size, methods=["GET", "POST"]) for path in ("/", "/publish")]
    app = Starlette(routes=[*routes, Route("/stream", stream), WebSocketRoute("/socket", greet)])
    hosts = AllowedHosts(public=("posts.example.org",))
    guarded = SecurityMiddleware(app, hosts=lambda: hosts, max_body_bytes=100)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(guarded, lifespan="off", log_level="warning", ws="websockets-sansio"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield listener.getsockname()[1]
        server.should_exit = True
        thread.join()


@pytest.fixture
def ask(port):
    """Return a function that sends one request and returns its status, headers and body. None stands for the host."""

    def send(*headers, path="/", body=b"", host=None):
        hosts = [] if any(header.startswith("Host") for header in headers) else [f"Host: {host or own(port)}"]
        lines = ["POST" if body else "GET", path, "HTTP/1.1\r\n"]
        head = " ".join(lines) + "\r\n".join([*hosts, "Connection: close", *headers]) + "\r\n\r\n"
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(head.encode() + body)
            received = b""
            while chunk := connection.recv(65536):
                received += chunk
                if b" 101 " in received[:15]:
                    break
        status, _, rest = received.partition(b"\r\n")
        message = BytesParser().parsebytes(rest)
        return int(status.split()[1]), dict(message.items()), message.get_payload()

    return send


def own(port):
    return f"127.0.0.1:{port}"


def test_a_request_of_this_machine_is_passed_on(ask, port):
    assert ask()[::2] == (200, "0")
    assert ask(f"Origin: http://{own(port)}")[0] == 200


def test_a_public_host_is_passed_on(ask):
    assert ask("Origin: https://posts.example.org", host="posts.example.org")[0] == 200


def test_a_rebound_name_is_refused_although_host_and_origin_are_the_same(ask):
    status, _, text = ask(f"Origin: http://{EVIL}", host=EVIL)
    assert status == 421
    assert "PUNCTUAL_PUBLIC_HOSTS" in text


@pytest.mark.parametrize("origin", [f"http://{EVIL}", "http://127.0.0.1:3000", "http://localhost", "null", ""])
def test_a_foreign_origin_is_refused(ask, origin):
    assert ask(f"Origin: {origin}")[0] == 403


def test_two_hosts_or_origins_are_refused(ask, port):
    assert ask(f"Host: {own(port)}", f"Host: {own(port)}")[0] in (400, 421)
    assert ask(*[f"Origin: http://{own(port)}"] * 2)[0] == 403


def test_a_signed_path_accepts_every_host_but_no_foreign_origin(ask):
    assert ask(path="/publish", host="relay-knows-me.example")[0] == 200
    assert ask(f"Origin: http://{EVIL}", path="/publish")[0] == 403


@pytest.mark.parametrize(
    ("host", "origin"),
    [(None, f"http://{EVIL}"), (EVIL, f"http://{EVIL}"), (None, "http://localhost:3000"), (None, ""), (None, "null")],
)
def test_a_foreign_websocket_never_reaches_the_application(ask, handshakes, host, origin):
    status, _, _ = ask(*HANDSHAKE, f"Origin: {origin}", path="/socket", host=host)
    assert status == 403
    assert f"http://{EVIL}" not in handshakes
    assert origin not in handshakes


def test_a_websocket_of_the_same_origin_is_passed_on(ask, port, handshakes):
    status, _, _ = ask(*HANDSHAKE, f"Origin: http://{own(port)}", path="/socket")
    assert status == 101
    assert handshakes[-1] == f"http://{own(port)}"


@pytest.mark.parametrize(("path", "host"), [("/", None), ("/none", None), ("/stream", None), ("/", EVIL)])
def test_every_response_has_the_security_headers(ask, path, host):
    _, headers, _ = ask(path=path, host=host)
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


def test_a_body_over_the_limit_is_refused_by_its_declared_size(ask):
    assert ask("Content-Length: 100", body=b"a" * 100)[::2] == (200, "100")
    assert ask("Content-Length: 101", body=b"a")[0] == 413


def test_a_body_without_a_declared_size_is_refused_at_the_limit(ask):
    chunk = b"32\r\n" + b"a" * 50 + b"\r\n"
    assert ask("Transfer-Encoding: chunked", body=chunk * 2 + b"0\r\n\r\n")[::2] == (200, "100")
    assert ask("Transfer-Encoding: chunked", body=chunk * 3)[0] == 413
