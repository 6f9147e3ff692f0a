"""Removes secrets from the texts of servers before a person sees them."""

from collections.abc import Iterable
from urllib.parse import parse_qsl, quote, unquote, urlsplit

MAX_LENGTH = 200
"""Characters of a displayed text."""
MIN_SECRET = 6
"""Characters. A shorter part of a URL is too common to be removed from texts."""
_WORDS = ("services", "webhooks")
"""Long segments in the webhook URLs of Slack and Discord that are the same for everybody."""


def redact(text: str, secrets: Iterable[str]) -> str:
    """Return a text for display: one line, at most MAX_LENGTH characters, without secrets in any usual encoding."""
    forms = {form for secret in secrets for form in _forms(secret)}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, "...")
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())[:MAX_LENGTH]


def secrets_of_url(url: str, *, path: bool = True) -> list[str]:
    """Return the secret parts of a URL: user, password, the values of its query and, with `path`, the path.

    A server may repeat one segment of the path alone, so each long segment counts.
    """
    try:
        address = urlsplit(url)
        parts = [address.username or "", address.password or ""]
    except ValueError:
        return [url]
    parts += [value for _, value in parse_qsl(address.query)]
    segments = [segment for segment in address.path.split("/") if segment not in _WORDS] if path else []
    long_parts = [part for part in parts + segments if len(part) >= MIN_SECRET]
    return [url, address.path.strip("/"), *long_parts] if segments else long_parts


def _forms(secret: str) -> set[str]:
    """Return a secret as it is, percent-encoded, decoded, and with the escaped slashes of some JSON writers."""
    return {form for form in (secret, quote(secret, safe=""), unquote(secret), secret.replace("/", "\\/")) if form}
