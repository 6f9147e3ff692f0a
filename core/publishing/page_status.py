"""The HTTP status of a public web page, or that it is unknown."""

from core.publishing.http.public_web import CannotFetch, PublicWeb

SECONDS = 6.0
"""The time for all requests of one link."""


def page_status(url: str, web: PublicWeb | None = None) -> int | None:
    """Return the status of a page after its redirects, or None if that cannot be known: that is no warning."""
    try:
        return (web or PublicWeb()).status(url, seconds=SECONDS)
    except CannotFetch:
        return None
