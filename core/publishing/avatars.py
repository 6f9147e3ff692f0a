"""Avatars: the small pictures of accounts, read from addresses that other people wrote."""

from functools import partial
from urllib.parse import urlsplit

from core.media.pictures import PictureLimits, fit_picture
from core.publishing.account_form import is_allowed_url
from core.publishing.http.public_web import USUAL_PORTS, PublicWeb, resolve_host
from core.publishing.profile import Profile

SIDE = 128
"""Pixels of the longer side of a stored avatar."""
MAX_BYTES = 5_000_000
"""The largest picture that is read. Networks accept less: Mastodon 2 MB, Bluesky 1 MB."""
SECONDS = 8.0
"""The longest time for one picture. A person who connects an account waits for it."""
_LIMITS = PictureLimits(count=1, max_bytes=100_000, max_side=SIDE)


class Avatars:
    """Reads the avatars of profiles, decodes them, and makes them small."""

    def __init__(self, web: PublicWeb | None = None) -> None:
        self._web = web or PublicWeb()

    def small(self, profile: Profile, server: str | None) -> bytes | None:
        """Return a profile's avatar as a JPEG or PNG of at most SIDE pixels, or None if it has none.

        `server` is the address of the account's own server. An avatar on it is read from it, wherever it is: each check
        of the account asks that server already, so nothing else becomes reachable. It may be on this machine or in this
        network. Every other avatar is read from the public internet only. Raises PunctualError.
        """
        content = profile.avatar
        if content is None and profile.avatar_url:
            web = _only(server) if server and _origin(server) == _origin(profile.avatar_url) else self._web
            content = web.picture(profile.avatar_url, max_bytes=MAX_BYTES, seconds=SECONDS)
        return None if content is None else fit_picture(content, _LIMITS).content


def _only(server: str) -> PublicWeb:
    """Return a reader of one server, which follows no redirect to another host or port."""
    _, host, port = _origin(server) or ("", "", 0)
    return PublicWeb(
        allowed=lambda address: True, usual_ports_only=False, resolve=partial(_resolve_only, host=host, port=port)
    )


def _resolve_only(asked: str, asked_port: int, *, host: str, port: int) -> list[str]:
    return resolve_host(asked, asked_port) if (asked.lower(), asked_port) == (host, port) else []


def _origin(url: str) -> tuple[str, str, int] | None:
    """Return the scheme, host and port of a URL to which Punctual may send posts; None for any other URL."""
    if not is_allowed_url(url):
        return None
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or USUAL_PORTS[parts.scheme]
