"""Where a post may be handed over: https anywhere, http on this machine alone."""

import functools
import ipaddress
from collections.abc import Set
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit


class RefusedAddress(ValueError):
    """A posting server's URL is one that nothing is sent to. The URL is never repeated: its path may hold a token."""

    def __init__(self, wrong: str, remedy: str) -> None:
        super().__init__(f"The posting server's URL {wrong}. {remedy}")


@dataclass(frozen=True, kw_only=True)
class Address:
    """A URL taken apart. `target` is its path and query, as they stand in a request's first line."""

    host: str
    port: int
    target: str
    secure: bool

    def __str__(self) -> str:
        return f"{self._host}:{self.port}"

    @property
    def authority(self) -> str:
        """What stands in a request's Host header: the port only where it is not the scheme's own."""
        return self._host if self.port == (443 if self.secure else 80) else str(self)

    @property
    def _host(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host


@functools.lru_cache(maxsize=16)
def address_of(url: str) -> Address:
    """Take a posting server's URL apart, kept since nearly every post goes to the same one.

    Raises RefusedAddress for any that is neither https nor loopback http.
    """
    parts, port = _split(url)
    host = parts.hostname
    if not host:
        raise RefusedAddress("names no host", "Write it out whole, as in https://posts.example.org/publish.")
    if "@" in parts.netloc:
        raise RefusedAddress("holds a user name or password", "Leave them out: requests are signed.")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise RefusedAddress("is neither https nor http on this machine itself", "Use an https address.")
    secure = parts.scheme == "https"
    query = f"?{parts.query}" if parts.query else ""
    return Address(host=host, port=port or (443 if secure else 80), target=(parts.path or "/") + query, secure=secure)


def address_for(own_url: str | None, posting_url: str, allowed_hosts: Set[str]) -> Address:
    """Return where a post goes: its own URL if it names one, else `posting_url`. Raises RefusedAddress.

    A post's own URL must lead to the posting URL's host or to an allowed one: who may write schedules may not thereby
    send signed requests anywhere.
    """
    if own_url is None:
        return address_of(posting_url)
    address = address_of(own_url)
    if address.host not in {host.lower() for host in allowed_hosts} | {urlsplit(posting_url).hostname}:
        raise RefusedAddress(f"leads to {address.host}, which is not allowed", "Add it to the relay's allowed hosts.")
    return address


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine itself: localhost, 127.0.0.0/8 or ::1."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split(url: str) -> tuple[SplitResult, int | None]:
    if not url.isascii() or not url.isprintable() or " " in url:
        raise RefusedAddress("holds spaces or characters outside ASCII", "Write them percent-encoded.")
    try:
        parts = urlsplit(url)
        return parts, parts.port
    except ValueError as error:
        raise RefusedAddress("cannot be read", "Check its brackets and its port.") from error
