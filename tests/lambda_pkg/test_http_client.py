"""The relay's HTTP client: posts share a connection, and a closed connection loses no post."""

import time
from datetime import UTC, datetime

import pytest

from lambda_pkg import http_client
from lambda_pkg.address import parse_address
from lambda_pkg.http_client import Connection, NoResponse

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
CLOSING = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
HTTP_1_0 = b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}"
WITHOUT_LENGTH = b"HTTP/1.1 200 OK\r\n\r\n{}"
NO_RESPONSE = b""


@pytest.fixture
def connection():
    with Connection() as connection:
        yield connection


def post(connection, url, seconds=5.0):
    connection.connect(parse_address(url), seconds=5.0)
    return connection.post(b"body", {}, seconds=seconds, now=lambda: datetime.now(UTC))


def statuses(connection, url, count):
    return [post(connection, url).status for _ in range(count)]


def requests_per_connection(server):
    return [len(requests) for requests in server.requests]


needs_reuse = pytest.mark.skipif(not http_client.REUSES_CONNECTIONS, reason="this system reuses no connections")


@needs_reuse
@pytest.mark.parametrize("response", [OK, CHUNKED])
def test_successive_posts_share_a_connection(connection, start_scripted_server, response):
    server = start_scripted_server([response] * 3)
    assert statuses(connection, server.url, 3) == [200] * 3
    assert requests_per_connection(server) == [3]


@needs_reuse
def test_each_post_on_a_shared_connection_names_its_own_path(connection, start_scripted_server):
    server = start_scripted_server([OK, OK])
    for path in ("/publish", "/other?a=b"):
        post(connection, server.url.replace("/publish", path))
    assert server.requests == [["POST /publish HTTP/1.1", "POST /other?a=b HTTP/1.1"]]


def test_each_server_has_a_connection_of_its_own(connection, start_scripted_server):
    first, second = start_scripted_server([OK]), start_scripted_server([OK])
    assert [post(connection, server.url).status for server in (first, second)] == [200, 200]
    assert [server.requests for server in (first, second)] == [[["POST /publish HTTP/1.1"]]] * 2


@needs_reuse
def test_posts_share_a_tls_connection(connection, start_scripted_server, certificate, trusted_certificate):
    server = start_scripted_server([OK] * 3, [OK])
    server.use_tls(certificate)
    assert statuses(connection, server.url, 3) == [200] * 3
    server.wait_for_closed_connection()
    assert post(connection, server.url).status == 200
    assert requests_per_connection(server) == [3, 1]


@pytest.mark.parametrize("response", [CLOSING, HTTP_1_0, WITHOUT_LENGTH])
def test_a_server_that_closes_after_its_response_gets_a_new_connection_per_post(
    connection, start_scripted_server, response
):
    server = start_scripted_server([response], [response])
    assert statuses(connection, server.url, 2) == [200, 200]
    assert requests_per_connection(server) == [1, 1]


def test_after_close_a_server_with_one_connection_at_a_time_serves_others(connection, start_scripted_server):
    server = start_scripted_server([OK, OK], [OK])
    post(connection, server.url)
    connection.close()
    with Connection() as another:
        assert post(another, server.url).status == 200


def test_a_closed_connection_can_connect_again(connection, start_scripted_server):
    server = start_scripted_server([OK, OK], [OK])
    post(connection, server.url)
    connection.close()
    assert post(connection, server.url).status == 200


def test_a_connection_that_the_server_closed_is_not_reused(connection, start_scripted_server):
    server = start_scripted_server([OK], [OK])
    post(connection, server.url)
    server.wait_for_closed_connection()
    assert post(connection, server.url).status == 200
    assert requests_per_connection(server) == [1, 1]


def test_unexpected_data_is_not_read_as_the_next_response(connection, start_scripted_server):
    server = start_scripted_server([(OK, OK.replace(b"200", b"500"))], [OK])
    first = post(connection, server.url).status
    server.wait_for_closed_connection()
    assert [first, post(connection, server.url).status] == [200, 200]


@needs_reuse
def test_a_post_on_a_connection_that_closes_is_sent_again_on_a_new_one(connection, start_scripted_server):
    server = start_scripted_server([OK, NO_RESPONSE], [OK])
    assert statuses(connection, server.url, 2) == [200, 200]
    assert requests_per_connection(server) == [2, 1]


@needs_reuse
def test_a_post_is_sent_again_only_once(connection, start_scripted_server):
    server = start_scripted_server([OK, NO_RESPONSE], [NO_RESPONSE])
    post(connection, server.url)
    with pytest.raises(NoResponse, match="before a complete response"):
        post(connection, server.url)
    assert requests_per_connection(server) == [2, 1]


def test_a_new_connection_that_closes_without_a_response_is_not_retried(connection, start_scripted_server):
    server = start_scripted_server([NO_RESPONSE], [OK])
    with pytest.raises(NoResponse, match="before a complete response"):
        post(connection, server.url)
    assert requests_per_connection(server) == [1]


@needs_reuse
def test_a_post_whose_response_began_is_not_sent_again(connection, start_scripted_server):
    server = start_scripted_server([OK, b"HTTP/1."], [OK])
    post(connection, server.url)
    with pytest.raises(NoResponse, match="before a complete response"):
        post(connection, server.url)
    assert requests_per_connection(server) == [2]


@needs_reuse
def test_a_timeout_on_a_reused_connection_does_not_send_the_post_again(connection, start_scripted_server):
    class Stall(tuple):
        def __iter__(self):
            time.sleep(0.5)
            return iter(())

    server = start_scripted_server([OK, Stall()], [OK])
    post(connection, server.url)
    with pytest.raises(NoResponse, match="did not answer in time"):
        post(connection, server.url, seconds=0.1)
    assert requests_per_connection(server) == [2]


@needs_reuse
def test_a_response_in_two_segments_is_not_delayed_on_a_reused_connection(connection, start_scripted_server):
    """Nagle's algorithm and a delayed acknowledgement would hold the second segment for 40 ms."""
    server = start_scripted_server([(OK[:-2], OK[-2:])] * 21)
    post(connection, server.url)
    began = time.monotonic()
    statuses(connection, server.url, 20)
    assert time.monotonic() - began < 20 * 0.040


def test_without_quick_acknowledgements_each_post_has_its_own_connection(
    connection, start_scripted_server, monkeypatch
):
    monkeypatch.setattr(http_client, "REUSES_CONNECTIONS", False)
    server = start_scripted_server([OK], [OK])
    assert statuses(connection, server.url, 2) == [200, 200]
    assert requests_per_connection(server) == [1, 1]
