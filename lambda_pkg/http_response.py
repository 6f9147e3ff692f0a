"""Reads one HTTP/1 response from a stream, within bounds.

`http.client` parses headers as those of an e-mail, which took a third of the relay's processor time.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass

MAX_LINE_BYTES = 65_536
MAX_HEADERS = 100


class InvalidResponse(Exception):
    """The response is incomplete, or it is not one of HTTP/1."""


@dataclass(frozen=True, kw_only=True)
class HttpResponse:
    """A response. The names of `headers` are in lower case; of repeated ones, the first counts.

    `reusable` tells whether the connection may carry another request: the server keeps it, and the body is read.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    reusable: bool


def read_response(stream: io.BufferedReader, *, max_bytes: int) -> HttpResponse:
    """Return the response to a POST, with at most `max_bytes` of its body.

    Raises InvalidResponse, ConnectionResetError if the stream ends before the first byte, and the stream's errors.
    """
    status, keeps = _read_status(stream)
    headers = _read_headers(stream)
    while status < 200:  # interim responses, such as 100 Continue
        status, keeps = _read_status(stream)
        headers = _read_headers(stream)
    body, complete = _read_body(stream, status, headers, max_bytes)
    keeps = keeps and "close" not in headers.get("connection", "").lower()
    return HttpResponse(status=status, headers=headers, body=body, reusable=keeps and complete)


def _read_status(stream: io.BufferedReader) -> tuple[int, bool]:
    """Return the status, and whether the version keeps connections by default."""
    if not stream.peek(1):
        raise ConnectionResetError
    version, _, rest = _read_line(stream).partition(" ")
    status = rest.strip()[:3]
    if not version.startswith("HTTP/1.") or len(status) != 3 or not status.isdecimal() or status < "100":
        raise InvalidResponse
    return int(status), version != "HTTP/1.0"


def _read_headers(stream: io.BufferedReader) -> dict[str, str]:
    headers: dict[str, str] = {}
    for _ in range(MAX_HEADERS):
        line = _read_line(stream)
        if not line:
            return headers
        name, _, value = line.partition(":")
        headers.setdefault(name.lower(), value.strip())
    raise InvalidResponse


def _read_body(
    stream: io.BufferedReader, status: int, headers: Mapping[str, str], max_bytes: int
) -> tuple[bytes, bool]:
    """Return the body or its start, and whether the stream is at its end while the connection may stay open."""
    if status in (204, 304):
        return b"", True
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return _read_chunks(stream, max_bytes)
    declared = headers.get("content-length", "")
    if not declared.isdecimal() or len(declared) > 18:  # the end of the connection is the end of the body
        return stream.read(max_bytes), False
    length = int(declared)
    return _read_exactly(stream, min(length, max_bytes)), length <= max_bytes


def _read_chunks(stream: io.BufferedReader, max_bytes: int) -> tuple[bytes, bool]:
    body = b""
    while size := _chunk_size(_read_line(stream)):
        body += _read_exactly(stream, min(size, max_bytes - len(body)))
        if len(body) == max_bytes:
            return body, False
        if _read_line(stream):
            raise InvalidResponse
    _read_headers(stream)  # the trailers
    return body, True


def _chunk_size(line: str) -> int:
    try:
        size = int(line.partition(";")[0], 16)
    except ValueError as error:
        raise InvalidResponse from error
    if size < 0:
        raise InvalidResponse
    return size


def _read_exactly(stream: io.BufferedReader, count: int) -> bytes:
    content = stream.read(count)
    if len(content) < count:
        raise InvalidResponse
    return content


def _read_line(stream: io.BufferedReader) -> str:
    """Return a line without its end."""
    line = stream.readline(MAX_LINE_BYTES)
    if not line.endswith(b"\n"):
        raise InvalidResponse
    return line.rstrip(b"\r\n").decode("latin-1")
