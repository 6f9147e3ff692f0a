"""The host names under which a server is reached, and the rule for the `Host` and `Origin` of a request."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
"""The names of this machine in an address bar."""
MAX_PORT = 65535

_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)\.?(?::(?P<port>[0-9]{1,5}))?", re.I)


def parse_host(host: str) -> tuple[str, str] | None:
    """Return the name, in lower case and without brackets, and the port of a `Host`; None if it is malformed.

    The port has no leading zeros, and is empty if it is the default port of the scheme.
    """
    match = _HOST.fullmatch(host)
    if match is None or (match["port"] and not 1 <= int(match["port"]) <= MAX_PORT):
        return None
    return match["name"].strip("[]").lower(), (match["port"] or "").lstrip("0")


def is_loopback(address: str) -> bool:
    """Return whether only this machine reaches a listening address: a loopback IP, `localhost` or a socket file."""
    if "/" in address or address == "localhost":
        return True
    found = _ip(address)
    return found is not None and found.is_loopback


@dataclass(frozen=True, kw_only=True)
class AllowedHosts:
    """The hosts that a server accepts.

    `public`: names, each with or without a port. A name without a port is accepted with any port. `own_addresses`:
    whether the server also accepts the IP address at which a connection arrives. Loopback names are accepted on
    connections to a loopback address.
    """

    public: tuple[str, ...] = ()
    own_addresses: bool = False

    def accepts_host(self, host: str, local_address: str) -> bool:
        """Return whether a connection to `local_address` may ask for `host`.

        A page of another site can point its own name at this machine (DNS rebinding), but not choose another name.
        """
        parsed = parse_host(host)
        if parsed is None:
            return False
        name, port = parsed
        if name in LOOPBACK_NAMES and is_loopback(local_address):
            return True
        if self.own_addresses and _ip(name) is not None and _ip(name) == _ip(local_address):
            return True
        return any(parse_host(public) in ((name, ""), (name, port)) for public in self.public)


def same_origin(origin: str, host: str) -> bool:
    """Return whether an `Origin` names exactly the requested `Host`, with the same port."""
    try:
        address = urlsplit(origin)
    except ValueError:
        return False
    return address.scheme in ("http", "https") and address.netloc == host


def _ip(address: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
