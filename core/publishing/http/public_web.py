"""Requests to web addresses that another person wrote: to the public internet only, bounded in size and time.

Such an address must not make Punctual read a router, a cloud's metadata or a neighbour. Each name is looked up once,
and the connection goes to the address that was checked, so that a second look-up cannot give another one (DNS
rebinding). Redirects are followed and checked in the same way. No proxy is used; no cookie and no credential is sent.
"""

import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from email.message import Message
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
from urllib3.exceptions import HTTPError

from core.errors import PunctualError, shortage_of
from core.media.content import Content, temporary_content
from core.media.intake import FileTooLarge
from core.publishing.http.deadline import seconds_left, session_until
from core.publishing.http.public_address import IpAddress, is_public, parse_address

SECONDS = 20.0
"""The longest time for one address, its redirects included. Looking up a name can exceed it."""
CONNECT_SECONDS = 5.0
MAX_REDIRECTS = 5
USUAL_PORTS = {"http": 80, "https": 443}
USER_AGENT = "Mozilla/5.0 (compatible; Punctual)"
_REDIRECTS = (301, 302, 303, 307, 308)
_CHUNK = 65_536

T = TypeVar("T")

AddressRule = Callable[[IpAddress], bool]
Resolve = Callable[[str, int], Sequence[str]]
Connect = Callable[[str, int, float], socket.socket]


class CannotFetch(PunctualError):
    """An address cannot be read."""

    hint = "Check the address in a browser. A picture can be given as a file too."

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(f"{address} {reason}.")


class NotPublic(CannotFetch):
    """An address is of this machine or of a private network."""

    hint = "Punctual reads public addresses only. A picture can be given as a file."

    def __init__(self, address: str) -> None:
        super().__init__(address, "is no public address")


@dataclass(frozen=True, kw_only=True)
class WebPage:
    """The beginning of a page of HTML. `address` is that after its redirects; `charset` is None if it names none."""

    address: str
    content: bytes
    charset: str | None


@dataclass(frozen=True, kw_only=True)
class _Wanted:
    """What is read of an answer: up to `max_bytes` of a content type that `is_type` accepts."""

    accept: str
    is_type: Callable[[str], bool]
    other_type: str
    max_bytes: int
    rest_may_follow: bool = False


class _Blocked(OSError):
    """The host of a connection has no public address."""


class PublicWeb:
    """Reads public addresses. Any thread may use it."""

    def __init__(
        self,
        *,
        allowed: AddressRule = is_public,
        usual_ports_only: bool = True,
        resolve: Resolve | None = None,
        connect: Connect | None = None,
    ) -> None:
        """`resolve` looks up a name, and `connect` connects to an address within seconds."""
        self._allowed = allowed
        self._usual_ports_only = usual_ports_only
        self._resolve = resolve or resolve_host
        self._connect = connect or _connect

    def status(self, address: str, *, seconds: float = SECONDS) -> int:
        """Return the HTTP status of an address after its redirects. Raises CannotFetch or NotPublic."""
        return self._follow(address, seconds, "text/html,*/*", lambda at, response, deadline: response.status_code)

    def page(self, address: str, *, max_bytes: int, seconds: float = SECONDS) -> WebPage:
        """Return at most the first `max_bytes` of a page of HTML. Raises CannotFetch or NotPublic."""
        wanted = _Wanted(
            accept="text/html",
            is_type=lambda found: found in ("text/html", "application/xhtml+xml"),
            other_type="is no page",
            max_bytes=max_bytes,
            rest_may_follow=True,
        )

        def read(at: str, response: requests.Response, deadline: float) -> WebPage:
            content = _body(address, response, deadline, wanted)
            return WebPage(address=at, content=content, charset=_content_type(response).get_content_charset())

        return self._follow(address, seconds, wanted.accept, read)

    def picture(self, address: str, *, max_bytes: int, seconds: float = SECONDS) -> bytes:
        """Return a picture. Raises CannotFetch, NotPublic or FileTooLarge."""
        wanted = _Wanted(
            accept="image/*",
            is_type=lambda found: found.startswith("image/"),
            other_type="is no picture",
            max_bytes=max_bytes,
        )
        return self._follow(
            address, seconds, wanted.accept, lambda at, response, deadline: _body(address, response, deadline, wanted)
        )

    def file(self, address: str, *, max_bytes: int, seconds: float = SECONDS) -> Content:
        """Return a picture or a video as a file, whatever type its server names, but for text.

        Raises as `picture` does, and MachineShortage if the disk is full.
        """
        wanted = _Wanted(
            accept="image/*, video/mp4",
            is_type=lambda found: not found.startswith("text/"),
            other_type="is no picture",
            max_bytes=max_bytes,
        )

        def read(at: str, response: requests.Response, deadline: float) -> Content:
            try:
                return temporary_content(_pieces(address, response, deadline, wanted))
            except OSError as error:
                raise shortage_of(error) or error from error

        return self._follow(address, seconds, wanted.accept, read)

    def _follow(
        self, address: str, seconds: float, accept: str, read: Callable[[str, requests.Response, float], T]
    ) -> T:
        """Request an address and the targets of its redirects; return what is read of the last answer."""
        deadline = time.monotonic() + seconds
        at = address
        for _ in range(MAX_REDIRECTS + 1):
            self._check_address(address, at)
            with session_until(deadline, self._new_socket) as session:
                session.trust_env = False
                session.headers.clear()
                headers = {"User-Agent": USER_AGENT, "Accept": accept, "Accept-Encoding": "identity"}
                try:
                    left = seconds_left(deadline)
                    with session.get(at, headers=headers, timeout=left, allow_redirects=False, stream=True) as response:
                        target = response.headers.get("Location")
                        if response.status_code not in _REDIRECTS or not target:
                            return read(at, response, deadline)
                        at = urljoin(at, target)
                except (requests.RequestException, HTTPError, OSError, ValueError) as error:
                    raise _translated(address, error) from error
        raise CannotFetch(address, "redirects too often")

    def _check_address(self, address: str, at: str) -> None:
        try:
            parts = urlsplit(at)
            usual = parts.port in (None, USUAL_PORTS.get(parts.scheme)) or not self._usual_ports_only
            valid = usual and parts.scheme in USUAL_PORTS and bool(parts.hostname) and "@" not in parts.netloc
        except ValueError:
            valid = False
        if not valid:
            raise CannotFetch(address, "is no address of a public website")

    def _new_socket(self, host: str, port: int, deadline: float) -> socket.socket:
        """Connect to an allowed address of a host. If one of its addresses is not allowed, none is."""
        found = self._resolve(host, port)
        if not found or not all(self._allowed(parse_address(each)) for each in found):
            raise _Blocked
        failure: OSError | None = None
        for each in found:
            try:
                return self._connect(each, port, min(CONNECT_SECONDS, seconds_left(deadline)))
            except OSError as error:
                failure = error
        raise failure or _Blocked


def _body(address: str, response: requests.Response, deadline: float, wanted: _Wanted) -> bytes:
    """Return what is wanted of an answer. Raises CannotFetch or FileTooLarge."""
    return b"".join(_pieces(address, response, deadline, wanted))[: wanted.max_bytes]


def _pieces(address: str, response: requests.Response, deadline: float, wanted: _Wanted) -> Iterator[bytes]:
    """Yield what is wanted of an answer, and a byte more of a page. Raises as `_body` does."""
    if response.status_code != 200:
        raise CannotFetch(address, f"answers with the status {response.status_code}")
    if not wanted.is_type(_content_type(response).get_content_type()):
        raise CannotFetch(address, wanted.other_type)
    declared = response.headers.get("Content-Length", "")
    if declared.isdecimal() and int(declared) > wanted.max_bytes and not wanted.rest_may_follow:
        raise FileTooLarge(int(declared), wanted.max_bytes)
    size, most = 0, wanted.max_bytes + 1
    while size < most and (piece := response.raw.read(min(_CHUNK, most - size), decode_content=True)):
        yield piece
        size += len(piece)
        seconds_left(deadline)
    if size > wanted.max_bytes and not wanted.rest_may_follow:
        raise FileTooLarge(size, wanted.max_bytes)


def _content_type(response: requests.Response) -> Message:
    """Return a message with the content type of an answer, which is application/octet-stream without a header."""
    found = Message()
    found["Content-Type"] = response.headers.get("Content-Type") or "application/octet-stream"
    return found


def _translated(address: str, error: Exception) -> PunctualError:
    causes: list[Any] = [error]
    for cause in causes:
        if isinstance(cause, _Blocked):
            return NotPublic(address)
        inner = [*getattr(cause, "args", ()), getattr(cause, "reason", None), cause.__cause__, cause.__context__]
        causes += [each for each in inner if isinstance(each, BaseException) and each not in causes]
    if any(isinstance(each, TimeoutError | requests.Timeout) for each in causes):
        return CannotFetch(address, "took too long to answer")
    return CannotFetch(address, "could not be reached")


def resolve_host(host: str, port: int) -> list[str]:
    """Return the addresses of a name, for a connection to a port. Raises OSError."""
    return [str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _connect(address: str, port: int, seconds: float) -> socket.socket:
    return socket.create_connection((address, port), timeout=seconds)
