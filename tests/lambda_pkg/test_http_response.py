"""The reader of HTTP responses: bodies of every form, interim responses, and what is no response."""

import io

import pytest

from lambda_pkg.http_response import MAX_HEADERS, MAX_LINE_BYTES, InvalidResponse, read_response


def read(content, max_bytes=10):
    return read_response(io.BufferedReader(io.BytesIO(content)), max_bytes=max_bytes)


@pytest.mark.parametrize(
    ("head", "body", "reusable"),
    [
        (b"Content-Length: 4\r\n", b"abcd", True),
        (b"content-length: 4\r\nContent-Length: 9\r\n", b"abcd", True),
        (b"Content-Length: 4\r\nConnection: Close\r\n", b"abcd", False),
        (
            b"Transfer-Encoding: chunked\r\nContent-Length: 1\r\n",
            b"2\r\nab\r\n2;x=y\r\ncd\r\n0\r\nDigest: none\r\n\r\n",
            True,
        ),
        (b"", b"abcd", False),
        (b"Content-Length: soon\r\n", b"abcd", False),
        (b"Content-Length: -1\r\n", b"abcd", False),
        (b"Content-Length: " + b"9" * 19 + b"\r\n", b"abcd", False),
        (b"Transfer-Encoding: gzip\r\n", b"abcd", False),
    ],
)
def test_a_body_ends_by_its_length_its_chunks_or_the_connection(head, body, reusable):
    response = read(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + body)
    assert (response.status, response.body, response.reusable) == (200, b"abcd", reusable)


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"Content-Length: 30\r\n", b"x" * 30),
        (b"Transfer-Encoding: chunked\r\n", b"6\r\nxxxxxx\r\nff\r\nxxxxxxxx"),
        (b"", b"x" * 30),
    ],
)
def test_a_long_body_is_read_up_to_its_limit_and_ends_the_connection(head, body):
    response = read(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + body)
    assert (response.body, response.reusable) == (b"x" * 10, False)


@pytest.mark.parametrize("status", [204, 304])
def test_some_responses_have_no_body(status):
    response = read(b"HTTP/1.1 %d No Content\r\nContent-Length: 4\r\n\r\n" % status)
    assert (response.status, response.body, response.reusable) == (status, b"", True)


def test_interim_responses_come_before_the_response():
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"
    response = read(interim + b"HTTP/1.1 503\r\nRetry-After:  120 \r\nX-Empty:\r\nContent-Length: 0\r\n\r\n")
    assert (response.status, response.reusable) == (503, True)
    assert response.headers == {"retry-after": "120", "x-empty": "", "content-length": "0"}


@pytest.mark.parametrize(
    "content",
    [
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 OK\r\n\r\n",
        b"HTTP/1.1 099 Odd\r\n\r\n",
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcd",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nab\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * (MAX_HEADERS + 1) + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * MAX_LINE_BYTES + b"\r\n\r\n",
    ],
)
def test_an_incomplete_or_foreign_response_is_invalid(content):
    with pytest.raises(InvalidResponse):
        read(content)


def test_a_stream_without_a_byte_was_closed_by_the_server():
    with pytest.raises(ConnectionResetError):
        read(b"")
