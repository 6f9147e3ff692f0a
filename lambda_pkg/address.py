"""Addresses of posting servers: https anywhere, plain http on this machine only."""

import functools
import ipaddress
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit


class RefusedAddress(ValueError):
    """A posting server's URL may not be used. The message omits its path, which may hold a token."""

    def __init__(self, fault: str, remedy: str) -> None:
        super().__init__(f"The posting server's URL {fault}. {remedy}")


@dataclass(frozen=True, kw_only=True)
class Address:
    """The parts of a URL that a request needs. `target` is the path and query, as in the request line."""

    host: str
    port: int
    target: str
    secure: bool

    def __str__(self) -> str:
        return f"{self._host}:{self.port}"

    @property
    def authority(self) -> str:
        """The value of the Host header: it names the port only if it differs from the scheme's default."""
        return self._host if self.port == (443 if self.secure else 80) else str(self)

    def has_server_of(self, other: "Address") -> bool:
        """Return whether both addresses lead to the same server over the same scheme."""
        return (self.host, self.port, self.secure) == (other.host, other.port, other.secure)

    @property
    def _host(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host


Authorize = Callable[[Address, Mapping[str, str], bytes], Mapping[str, str]]
"""Returns the headers that give access to a server, besides the post's own signature. May raise CannotSign."""


@functools.lru_cache(maxsize=16)
def parse_address(url: str) -> Address:
    """Return the parts of a posting server's URL, cached because nearly every post goes to the same server.

    Raises RefusedAddress unless the URL is https, or http on this machine.
    """
    parts, port = _split(url)
    host = parts.hostname
    if not host:
        raise RefusedAddress("names no host", "Enter the full URL, such as https://posts.example.org/publish.")
    if "@" in parts.netloc:
        raise RefusedAddress("holds a user name or password", "Remove them: the relay signs its requests instead.")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise RefusedAddress("is neither https nor http on this machine", "Use an https address.")
    secure = parts.scheme == "https"
    query = f"?{parts.query}" if parts.query else ""
    return Address(host=host, port=port or (443 if secure else 80), target=(parts.path or "/") + query, secure=secure)


def resolve_address(post_url: str | None, posting_url: str, allowed_hosts: Set[str]) -> Address:
    """Return the address of a post's own URL if it has one, else of `posting_url`. Raises RefusedAddress.

    The host of `post_url` must be the host of `posting_url` or one of `allowed_hosts`. Otherwise anyone who may write
    schedules could send signed requests to any server.
    """
    if post_url is None:
        return parse_address(posting_url)
    address = parse_address(post_url)
    if address.host not in {host.lower() for host in allowed_hosts} | {urlsplit(posting_url).hostname}:
        raise RefusedAddress(f"leads to {address.host}, which is not allowed", "Add it to the relay's allowed hosts.")
    return address


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine: localhost, 127.0.0.0/8 or ::1."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split(url: str) -> tuple[SplitResult, int | None]:
    if not url.isascii() or not url.isprintable() or " " in url:
        raise RefusedAddress("holds spaces or characters outside ASCII", "Percent-encode them.")
    fault = RefusedAddress("is not valid", "Check its brackets and its port.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise fault from error
    if port == 0:  # no server listens there
        raise fault
    return parts, port
