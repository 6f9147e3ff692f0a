"""The HTTP status of a public web page, or that it is unknown."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.publishing.http.public_web import PublicWeb

SECONDS = 6.0
"""The time for all requests of one link."""


def page_status(url: str, web: "PublicWeb | None" = None) -> int | None:
    """Return the status of a page after its redirects, or None if that cannot be known: that is no warning."""
    from core.publishing.http.public_web import CannotFetch, PublicWeb  # here, because most posts have no link

    try:
        return (web or PublicWeb()).status(url, seconds=SECONDS)
    except CannotFetch:
        return None
