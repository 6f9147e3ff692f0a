"""The dashboard's protection: its hosts and origins, its Content-Security-Policy, its limits, and its address."""

import base64
import hashlib
import re
from collections.abc import Callable
from functools import cache

from starlette.middleware import Middleware
from streamlit import config

from core.errors import PunctualError
from core.serving.connections import limit_connections_of_streamlit
from core.serving.hosts import AllowedHosts, is_loopback, parse_host
from core.serving.limits import ConnectionLimits, open_file_limit
from core.serving.middleware import SecurityMiddleware
from core.settings import Settings
from ui.frame.first_paint import FirstPaint, first_page

MAX_BODY_BYTES = 110_000_000
"""The largest upload (server.maxUploadSize in .streamlit/config.toml) with the form around it."""
_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


class OpenAddress(PunctualError):
    """The dashboard would listen on an address that other machines reach."""

    hint = (
        "The dashboard has no login. Let it listen on 127.0.0.1 and put a proxy with a login in front of it"
        " (docs/exposing.md). If a proxy or a firewall keeps strangers out already, set PUNCTUAL_OPEN=yes."
    )

    def __init__(self, address: str) -> None:
        super().__init__(
            f"The dashboard does not listen on {address or 'all addresses'}: strangers could post with it."
        )


def security_middleware() -> list[Middleware]:
    """Return the middleware of the dashboard, and set the limits of its connections.

    Exits with a message if the dashboard would listen on an address that other machines reach, unless PUNCTUAL_OPEN
    allows it.
    """
    try:
        refuse_open_address(config.get_option("server.address") or "", lambda: Settings.read().open)
    except PunctualError as error:
        raise SystemExit(f"{error} {error.hint}") from None
    hosts = _allowed_hosts()
    _allow_in_streamlit(hosts)
    limit_connections_of_streamlit(ConnectionLimits.for_open_files(open_file_limit()))
    return [
        Middleware(
            SecurityMiddleware,
            hosts=_allowed_hosts,
            max_body_bytes=MAX_BODY_BYTES,
            policy=content_security_policy(),
            signed_paths=(),
        ),
        Middleware(FirstPaint),
    ]


def refuse_open_address(address: str, is_open: Callable[[], bool]) -> None:
    """Raise OpenAddress if other machines reach `address` and the settings do not open the dashboard.

    `is_open` is called only for such an address: with invalid settings, a dashboard on loopback starts and shows them.
    """
    if not is_loopback(address) and not is_open():
        raise OpenAddress(address)


@cache
def content_security_policy() -> str:
    """Return the policy of the pages: everything comes from this server, and no other page frames them.

    Streamlit loads inline components as `blob:` modules, and sets styles inside the page. The hashes allow the inline
    scripts of the first page.
    """
    digests = [hashlib.sha256(script.encode()).digest() for script in _INLINE_SCRIPT.findall(first_page())]
    hashes = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' blob: {hashes}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "media-src 'self' data: blob:",
            "font-src 'self' data:",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


@cache
def _allowed_hosts() -> AllowedHosts:
    """Return the hosts of the settings. With invalid settings, which every page shows, return only loopback."""
    try:
        return Settings.read().allowed_hosts
    except PunctualError:
        return AllowedHosts()


def _allow_in_streamlit(hosts: AllowedHosts) -> None:
    """Let Streamlit accept WebSockets of these hosts. The middleware checks each host and origin before Streamlit."""
    names = ["*"] if hosts.own_addresses else [parsed[0] for parsed in map(parse_host, hosts.public) if parsed]
    config.set_option("server.allowedHosts", [*config.get_option("server.allowedHosts"), *names])
