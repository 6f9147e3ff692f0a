"""The relay connects before the due instant, and sends at it."""

import socket
from datetime import timedelta
from typing import Any

import pytest

from lambda_pkg.http_client import Connection, NoResponse
from lambda_pkg.relay import CONNECT_TIME, AttemptFailed, deliver

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
NO_RESPONSE = b""
REQUEST = "POST /publish HTTP/1.1"


@pytest.fixture
def early(clock: Any, due: Any) -> Any:
    clock.now = due - timedelta(seconds=60)
    return clock


@pytest.fixture
def after_connecting(early: Any, due: Any) -> Any:
    """Run a function when the relay has connected and begins to sleep again."""

    def run(function: Any) -> None:
        def before_sleep() -> None:
            if early.now == due - CONNECT_TIME:
                function()

        early.before_sleep = before_sleep

    return run


@pytest.fixture(params=["http", "https"])
def start(request: Any, start_scripted_server: Any, certificate: Any, trusted_certificate: None) -> Any:
    """Start a scripted server with or without TLS."""

    def start(*connections: Any) -> Any:
        server = start_scripted_server(*connections)
        if request.param == "https":
            server.use_tls(certificate)
        return server

    return start


def test_the_handshake_is_complete_before_the_due_instant_and_the_request_follows_at_it(
    deliver_post, configure, start, early, due
):
    server, seen = start([OK], [OK]), {}

    def look() -> None:
        if early.now == due - CONNECT_TIME:
            server.wait_for_connection()
        seen[due - early.now] = [list(requests) for requests in server.requests]

    early.before_sleep = look
    assert deliver_post(configure(server.url))["posted_at"] == "2026-11-24T08:00:00.000Z"
    assert all(connections == ([[]] if ahead <= CONNECT_TIME else []) for ahead, connections in seen.items())
    assert min(seen) <= CONNECT_TIME < max(seen)
    assert server.requests == [[REQUEST]]


def test_a_server_that_closes_the_idle_connection_gets_the_post_once_over_another(
    deliver_post, configure, start, after_connecting
):
    server = start([], [OK])
    after_connecting(server.wait_for_closed_connection)
    assert deliver_post(configure(server.url))["posted_at"] == "2026-11-24T08:00:00.000Z"
    assert server.requests == [[], [REQUEST]]


def test_a_server_that_closes_the_connection_after_the_request_does_not_get_it_again(
    deliver_post, configure, start, early
):
    server = start([NO_RESPONSE], [OK])
    with pytest.raises(AttemptFailed, match="before a complete response"):
        deliver_post(configure(server.url))
    assert server.requests == [[REQUEST]]


def test_a_server_that_starts_after_the_first_try_to_connect_gets_the_post_at_its_due_instant(
    deliver_post, configure, start_scripted_server, after_connecting
):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/publish"

        def listen() -> None:
            closed.listen()
            servers.append(start_scripted_server([OK], listener=closed))

        servers: list[Any] = []
        after_connecting(listen)
        assert deliver_post(configure(url))["posted_at"] == "2026-11-24T08:00:00.000Z"
        assert servers[0].requests == [[REQUEST]]


def test_a_refused_address_is_reported_at_the_due_instant(failed_receipt, configure, start_server, early):
    receipt = failed_receipt(configure(start_server(200).url), url="https://other.example/publish")
    assert "not allowed" in receipt["error"]
    assert receipt["finished_at"] == receipt["due_at"]


def test_addresses_that_do_not_answer_take_only_the_time_until_the_due_instant(payload, configure, early):
    class Unreachable(Connection):
        def connect(self, address: Any, *, seconds: float) -> None:
            attempts.append(seconds)
            raise NoResponse("It could not be reached in time.")

    attempts: list[float] = []
    with Unreachable() as connection, pytest.raises(AttemptFailed, match="in time"):
        deliver(
            payload,
            configure("https://posts.example/publish"),
            connection,
            attempt=1,
            clock=early,
            sleep=early.sleep,
        )
    ahead, at_the_due_instant = attempts
    assert 4 * ahead == CONNECT_TIME.total_seconds()
    assert at_the_due_instant == 5.0
