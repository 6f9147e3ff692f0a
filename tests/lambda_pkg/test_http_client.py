"""The line to posting servers: one connection for a burst, and no post lost with a connection that ended."""

import socket
import threading
import time
from contextlib import suppress

import pytest

from lambda_pkg import http_client
from lambda_pkg.address import parse_address
from lambda_pkg.http_client import Connection, NoResponse

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
CLOSING = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
OLD = b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}"
TO_THE_END = b"HTTP/1.1 200 OK\r\n\r\n{}"
HANG_UP = b""


class Server:
    """A server that serves one connection after the other, as simple ones do, and answers as it is told.

    Each of `answers` is what it says to one request; after `HANG_UP`, said or reached in the end, it parts.
    """

    def __init__(self, *connections):
        self._connections = list(connections)
        self._certificate = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/publish"
        self.requests = []
        """For each connection, the first lines of its requests."""
        self._parted = threading.Semaphore(0)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def wrap(self, certificate):
        """Speak TLS from now on."""
        self._certificate = certificate
        self.url = self.url.replace("http://127.0.0.1", "https://localhost")

    def wait_until_it_parted(self):
        assert self._parted.acquire(timeout=5)

    def close(self):
        with suppress(OSError):  # nobody waits for a connection any more
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _serve(self):
        for answers in self._connections:
            try:
                connected, _ = self._listener.accept()
            except OSError:  # closed
                return
            if self._certificate is not None:
                connected = self._certificate.wrap_socket(connected, server_side=True)
            with connected:
                self.requests.append([])
                self._talk(connected, answers)
            self._parted.release()

    def _talk(self, connected, answers):
        for answer in answers:
            request = b""
            while not request.endswith(b"body"):
                piece = connected.recv(65_536)
                if not piece:
                    return
                request += piece
            self.requests[-1].append(request.split(b"\r\n")[0].decode())
            for part in answer if isinstance(answer, tuple) else (answer,):
                connected.sendall(part)


@pytest.fixture
def server():
    servers = []

    def start(*connections):
        servers.append(Server(*connections))
        return servers[-1]

    yield start
    for started in servers:
        started.close()


@pytest.fixture
def line():
    with Connection() as line:
        yield line


def post(line, url, seconds=5.0):
    line.connect(parse_address(url), seconds=5.0)
    return line.post(b"body", {}, seconds=seconds, now=time.time)


only_where_connections_stay = pytest.mark.skipif(not http_client.REUSES_CONNECTIONS, reason="this system cannot")


@only_where_connections_stay
@pytest.mark.parametrize("answer", [OK, CHUNKED])
def test_posts_that_follow_each_other_share_a_connection(line, server, answer):
    posting_server = server([answer] * 3)
    assert [post(line, posting_server.url).status for _ in range(3)] == [200] * 3
    assert [len(requests) for requests in posting_server.requests] == [3]


@only_where_connections_stay
def test_each_post_names_its_own_path_on_a_shared_connection(line, server):
    posting_server = server([OK, OK])
    for path in ("/publish", "/other?a=b"):
        post(line, posting_server.url.replace("/publish", path))
    assert posting_server.requests == [["POST /publish HTTP/1.1", "POST /other?a=b HTTP/1.1"]]


def test_another_server_gets_a_connection_of_its_own(line, server):
    first, second = server([OK]), server([OK])
    assert [post(line, each.url).status for each in (first, second)] == [200, 200]
    assert [each.requests for each in (first, second)] == [[["POST /publish HTTP/1.1"]]] * 2


@only_where_connections_stay
def test_a_connection_over_tls_is_shared_too(line, server, certificate, trust):
    posting_server = server([OK] * 3, [OK])
    posting_server.wrap(certificate)
    assert [post(line, posting_server.url).status for _ in range(3)] == [200] * 3
    posting_server.wait_until_it_parted()
    assert post(line, posting_server.url).status == 200
    assert [len(requests) for requests in posting_server.requests] == [3, 1]


@pytest.mark.parametrize("answer", [CLOSING, OLD, TO_THE_END])
def test_a_server_that_closes_after_its_answer_gets_a_connection_for_each_post(line, server, answer):
    posting_server = server([answer], [answer])
    assert [post(line, posting_server.url).status for _ in range(2)] == [200, 200]
    assert [len(requests) for requests in posting_server.requests] == [1, 1]


def test_a_closed_line_leaves_a_server_that_serves_one_after_the_other_free_for_others(line, server):
    posting_server = server([OK, OK], [OK])
    post(line, posting_server.url)
    line.close()
    with Connection() as another:
        assert post(another, posting_server.url).status == 200


def test_a_line_can_be_used_again_once_it_was_closed(line, server):
    posting_server = server([OK, OK], [OK])
    post(line, posting_server.url)
    line.close()
    assert post(line, posting_server.url).status == 200


def test_a_connection_that_the_server_ended_since_is_not_used_again(line, server):
    posting_server = server([OK], [OK])
    post(line, posting_server.url)
    posting_server.wait_until_it_parted()
    assert post(line, posting_server.url).status == 200
    assert [len(requests) for requests in posting_server.requests] == [1, 1]


def test_what_nobody_asked_for_is_not_taken_for_the_next_answer(line, server):
    posting_server = server([(OK, OK.replace(b"200", b"500"))], [OK])
    statuses = [post(line, posting_server.url).status]
    posting_server.wait_until_it_parted()
    statuses.append(post(line, posting_server.url).status)
    assert statuses == [200, 200]


@only_where_connections_stay
def test_a_post_that_met_the_end_of_a_used_connection_goes_over_a_new_one(line, server):
    posting_server = server([OK, HANG_UP], [OK])
    assert [post(line, posting_server.url).status for _ in range(2)] == [200, 200]
    assert [len(requests) for requests in posting_server.requests] == [2, 1]


@only_where_connections_stay
def test_it_is_sent_again_only_once(line, server):
    posting_server = server([OK, HANG_UP], [HANG_UP])
    post(line, posting_server.url)
    with pytest.raises(NoResponse, match="without a whole answer"):
        post(line, posting_server.url)
    assert [len(requests) for requests in posting_server.requests] == [2, 1]


def test_a_new_connection_that_ends_without_an_answer_is_not_tried_again(line, server):
    posting_server = server([HANG_UP], [OK])
    with pytest.raises(NoResponse, match="without a whole answer"):
        post(line, posting_server.url)
    assert [len(requests) for requests in posting_server.requests] == [1]


@only_where_connections_stay
def test_what_began_to_be_answered_is_not_sent_again(line, server):
    posting_server = server([OK, b"HTTP/1."], [OK])
    post(line, posting_server.url)
    with pytest.raises(NoResponse, match="without a whole answer"):
        post(line, posting_server.url)
    assert [len(requests) for requests in posting_server.requests] == [2]


@only_where_connections_stay
def test_a_server_that_keeps_silent_on_a_used_connection_is_not_sent_the_post_again(line, server):
    class Silent(tuple):
        def __iter__(self):
            time.sleep(0.5)
            return iter(())

    posting_server = server([OK, Silent()], [OK])
    post(line, posting_server.url)
    with pytest.raises(NoResponse, match="did not answer in time"):
        post(line, posting_server.url, seconds=0.1)
    assert [len(requests) for requests in posting_server.requests] == [2]


@only_where_connections_stay
def test_a_further_answer_in_two_pieces_is_not_held_up(line, server):
    """By Nagle's algorithm there and a delayed acknowledgement here it would come 40 ms late."""
    posting_server = server([(OK[:-2], OK[-2:])] * 21)
    post(line, posting_server.url)
    begun = time.monotonic()
    for _ in range(20):
        post(line, posting_server.url)
    assert time.monotonic() - begun < 20 * 0.040


def test_where_the_system_cannot_acknowledge_at_once_each_post_has_a_connection(line, server, monkeypatch):
    monkeypatch.setattr(http_client, "REUSES_CONNECTIONS", False)
    posting_server = server([OK], [OK])
    assert [post(line, posting_server.url).status for _ in range(2)] == [200, 200]
    assert [len(requests) for requests in posting_server.requests] == [1, 1]
