"""What a deployment may choose, as context values: `-c posting_url=https://posts.example.org/publish`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit


class UnusableOption(ValueError):
    """A context value would make a stack that cannot post."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """`group` names the schedule group; `allowed_hosts`, separated by commas, those that a post's own URL may name."""

    group: str
    posting_url: str
    allowed_hosts: str

    @classmethod
    def read(cls, context: Callable[[str], str | None]) -> Self:
        """Read the context, value by value. Raises UnusableOption for a posting URL that the relay would refuse."""
        posting_url = context("posting_url") or ""
        if posting_url and not _is_https(posting_url):
            raise UnusableOption("posting_url must be an https address that Lambda can reach.")
        return cls(
            group=context("group") or "punctual",
            posting_url=posting_url,
            allowed_hosts=context("allowed_hosts") or "",
        )


def _is_https(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" and bool(parts.hostname)
