"""Connections are limited in number, in the size of their headers and in the time that a client takes."""

import socket
import threading
from contextlib import ExitStack

import uvicorn

from core.serving.connections import limited_protocol
from core.serving.limits import ConnectionLimits

GET = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n"


def connect(port, first=b""):
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.sendall(first)
    return connection


def response(connection):
    """Return everything that the server sends until it closes the connection."""
    received = b""
    try:
        while chunk := connection.recv(65536):
            received += chunk
    except ConnectionResetError:
        return received
    return received


def status(connection):
    return connection.recv(65536).split(b"\r\n")[0]


def test_a_request_is_answered_while_many_connections_send_one_byte_each(limited_server, caplog):
    port = limited_server(connections=8)
    with ExitStack() as stack:
        slow = [stack.enter_context(connect(port, b"P")) for _ in range(40)]
        for _ in range(5):
            with connect(port, GET) as quick:
                assert status(quick) == b"HTTP/1.1 200 OK"
        closed = [connection for connection in slow[:30] if response(connection) == b""]
    assert len(closed) == 30


def test_the_refused_connections_are_logged_in_one_line(limited_server, caplog):
    port = limited_server(connections=8, header_seconds=0.2)
    with ExitStack() as stack:
        slow = [stack.enter_context(connect(port, b"P")) for _ in range(20)]
        for connection in slow:
            response(connection)
    lines = [record.message for record in caplog.records if record.name == "core.serving.connections"]
    assert len(lines) == 1
    assert "over the limit" in lines[0]


def test_a_connection_without_complete_headers_is_closed(limited_server):
    port = limited_server(header_seconds=0.2)
    with connect(port, GET[:-2]) as slow, connect(port) as silent:
        assert response(slow) == response(silent) == b""


def test_a_body_that_stops_is_closed(limited_server):
    port = limited_server(body_seconds=0.2)
    with connect(port, POST + b"\r\n12345") as slow:
        assert response(slow) == b""


def test_a_body_that_goes_on_is_read_to_its_end(limited_server):
    port = limited_server(body_seconds=0.05, body_bytes=1)
    with connect(port, POST + b"\r\n") as steady:
        for _ in range(10):
            steady.sendall(b"1")
        assert status(steady) == b"HTTP/1.1 200 OK"


def test_headers_without_an_end_are_refused(limited_server):
    port = limited_server(header_bytes=4096)
    with connect(port, POST + b"X-Long: " + b"a" * 5000) as greedy:
        assert response(greedy).startswith(b"HTTP/1.1 431 ")


def test_large_complete_headers_are_refused(limited_server):
    port = limited_server(header_bytes=4096)
    headers = b"".join(b"X-%d: %s\r\n" % (number, b"a" * 100) for number in range(50))
    with connect(port, POST + headers + b"\r\n0123456789") as greedy:
        assert response(greedy).startswith(b"HTTP/1.1 431 ")


def test_a_connection_serves_several_requests(limited_server):
    port = limited_server(header_bytes=len(GET) * 2, header_seconds=30)
    with connect(port) as connection:
        for _ in range(10):
            connection.sendall(GET)
            assert status(connection) == b"HTTP/1.1 200 OK"


def test_an_unused_connection_that_was_served_is_closed_after_those_that_were_not(limited_server):
    port = limited_server(connections=8)
    with ExitStack() as stack:
        served = stack.enter_context(connect(port, GET))
        assert status(served) == b"HTTP/1.1 200 OK"
        slow = [stack.enter_context(connect(port, b"P")) for _ in range(10)]
        assert response(slow[0]) == b""
        served.sendall(GET)
        assert status(served) == b"HTTP/1.1 200 OK"


HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


async def accept_or_respond(scope, receive, send):
    """Keep a WebSocket open until its client leaves, and respond 200 to a request."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await receive()
    else:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})


def test_websockets_leave_connections_for_requests():
    protocol = limited_protocol(ConnectionLimits(connections=6, websockets=3))
    config = uvicorn.Config(
        accept_or_respond, http=protocol, ws="websockets-sansio", lifespan="off", log_level="warning"
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        port = listener.getsockname()[1]
        with ExitStack() as stack:
            sockets = [stack.enter_context(connect(port, HANDSHAKE)) for _ in range(5)]
            statuses = sorted(status(each) for each in sockets)
            with connect(port, GET) as quick:
                assert status(quick) == b"HTTP/1.1 200 OK"
        server.should_exit = True
        thread.join()
    assert statuses == [b"HTTP/1.1 101 Switching Protocols"] * 3 + [b"HTTP/1.1 503 Service Unavailable"] * 2


def test_the_connections_of_a_process_take_a_quarter_of_its_files():
    assert [ConnectionLimits.for_open_files(files).connections for files in (16, 128, 1024, 10**6)] == [
        8,
        32,
        256,
        1024,
    ]
