"""The options of a deployment, read from CDK context values: `-c posting_url=https://posts.example.org/publish`."""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

DEFAULT_CONCURRENCY = 50
"""The number of posts that the posting server publishes at once. Lambda retries further posts a minute later."""


class InvalidOption(ValueError):
    """A context value is not valid. The message omits the value."""

    def __init__(self, name: str, required: str) -> None:
        super().__init__(f"The context value {name} must be {required}. Correct it on the command line or in cdk.json.")


@dataclass(frozen=True, kw_only=True)
class Options:
    """The validated options. `group` names the schedule group; commas separate the `allowed_hosts`.

    `concurrency` is reserved for the posting server on Lambda, or None without one.
    """

    stack: str
    group: str
    posting_url: str
    prepare_url: str
    allowed_hosts: str
    concurrency: int | None

    @classmethod
    def read(cls, context: Callable[[str], Any]) -> Self:
        """Return the options of a context. Raises InvalidOption for the first invalid value."""
        text = _TextReader(context)
        posting_url = text("posting_url", "an https address that Lambda can reach", _is_reachable)
        server = text("posting_server", "lambda, or left out", lambda value: value == "lambda")
        if server and posting_url:
            raise InvalidOption("posting_url", "left out with posting_server=lambda, which has its own URL")
        prepare_url = text("prepare_url", "an https address that Lambda can reach", _is_reachable)
        if server and prepare_url:
            raise InvalidOption("prepare_url", "left out with posting_server=lambda, which has its own URL")
        concurrency = text("posting_concurrency", "a whole number from 1 to 1000", _is_concurrency)
        if concurrency and not server:
            raise InvalidOption("posting_concurrency", "left out without posting_server=lambda")
        return cls(
            stack=text("stack", "1 to 128 letters, digits and hyphens, a letter first", _matches(_STACK)) or "Punctual",
            group=text("group", "1 to 64 letters, digits, hyphens, underscores and dots", _matches(_GROUP))
            or "punctual",
            posting_url=posting_url,
            prepare_url=prepare_url,
            allowed_hosts=text("allowed_hosts", "host names, separated by commas, without https://", _are_hosts),
            concurrency=int(concurrency or DEFAULT_CONCURRENCY) if server else None,
        )


class _TextReader:
    """A reader of context values as text: the command line gives text, and cdk.json may also hold a number."""

    def __init__(self, context: Callable[[str], Any]) -> None:
        self._context = context

    def __call__(self, name: str, required: str, is_valid: Callable[[str], bool]) -> str:
        value = self._context(name)
        text = "" if value is None else str(value)
        if text and not (type(value) in (str, int) and is_valid(text)):
            raise InvalidOption(name, required)
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
    """Return whether Lambda may reach a URL: https, and neither a private nor a loopback address."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:  # unmatched brackets, or a port that is not a number
        return False
    if parts.scheme != "https" or not host or port == 0 or "@" in parts.netloc or not _URL.fullmatch(url):
        return False
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:  # a host name
        return host != "localhost" and not host.endswith((".localhost", ".local", ".internal"))
