"""What a deployment may choose, as context values: `-c posting_url=https://posts.example.org/publish`."""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

CONCURRENCY = 50
"""Posts that the posting server publishes side by side; of a burst, what is beyond that is tried a minute later."""


class InvalidOption(ValueError):
    """A context value would make a stack that cannot be deployed, or cannot post."""

    def __init__(self, name: str, wanted: str) -> None:
        super().__init__(f"The context value {name} must be {wanted}. Correct it on the command line or in cdk.json.")


@dataclass(frozen=True, kw_only=True)
class Options:
    """`group` names the schedule group; `allowed_hosts`, separated by commas, those that a post's own URL may name.

    `concurrency` is reserved for the posting server on Lambda; None if posts go to the posting URL.
    """

    stack: str
    group: str
    posting_url: str
    allowed_hosts: str
    concurrency: int | None

    @classmethod
    def read(cls, context: Callable[[str], Any]) -> Self:
        """Read the context, value by value. Raises UnusableOption for the first that will not do."""
        told = _Told(context)
        posting_url = told("posting_url", "an https address that Lambda can reach", _is_reachable)
        server = told("posting_server", "lambda, or left out", lambda text: text == "lambda")
        if server and posting_url:
            raise InvalidOption("posting_url", "left out with posting_server=lambda, which brings a URL of its own")
        concurrency = told("posting_concurrency", "a whole number from 1 to 1000", _is_concurrency)
        if concurrency and not server:
            raise InvalidOption("posting_concurrency", "left out without posting_server=lambda")
        return cls(
            stack=told("stack", "1 to 128 letters, digits and hyphens, a letter first", _matches(_STACK)) or "Punctual",
            group=told("group", "1 to 64 letters, digits, hyphens, underscores and dots", _matches(_GROUP))
            or "punctual",
            posting_url=posting_url,
            allowed_hosts=told("allowed_hosts", "host names, separated by commas, without https://", _are_hosts),
            concurrency=int(concurrency or CONCURRENCY) if server else None,
        )


class _Told:
    """The context, read as texts: the command line knows nothing else, and cdk.json may hold a number."""

    def __init__(self, context: Callable[[str], Any]) -> None:
        self._context = context

    def __call__(self, name: str, wanted: str, will_do: Callable[[str], bool]) -> str:
        value = self._context(name)
        text = "" if value is None else str(value)
        if text and not (type(value) in (str, int) and will_do(text)):
            raise InvalidOption(name, wanted)
        return text


_STACK = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")
_GROUP = re.compile(r"[0-9A-Za-z_.-]{1,64}")
_URL = re.compile(r"[!-~]+")
_HOST = re.compile(r"[0-9A-Za-z]([0-9A-Za-z.-]*[0-9A-Za-z])?")


def _matches(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: bool(pattern.fullmatch(text))


def _is_concurrency(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9]{1,4}", text)) and 1 <= int(text) <= 1000


def _are_hosts(text: str) -> bool:
    return all(_HOST.fullmatch(host.strip()) for host in text.split(","))


def _is_reachable(url: str) -> bool:
    """Tell whether a function on AWS could reach a URL: https, and no address that is private or this machine's."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:  # brackets that do not match, a port that is no number
        return False
    if parts.scheme != "https" or not host or port == 0 or "@" in parts.netloc or not _URL.fullmatch(url):
        return False
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:  # a name, as it should be
        return host != "localhost" and not host.endswith((".localhost", ".local", ".internal"))
