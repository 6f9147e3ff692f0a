"""The options of a deployment, read from CDK context values: `-c posting_url=https://posts.example.org/publish`."""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit


class InvalidOption(ValueError):
    """A context value is not valid. The message omits the value."""

    def __init__(self, name: str, required: str) -> None:
        super().__init__(f"The context value {name} must be {required}. Correct it on the command line or in cdk.json.")


@dataclass(frozen=True, kw_only=True)
class Options:
    """The validated options; an option without a value is an empty text. Commas separate the `allowed_hosts`.

    `full` is true for the full stack, also because the posting server on Lambda needs it. `concurrency` is reserved for
    that server, or None. `table` and `bucket` are the names of existing ones to use. `given` holds the text of each
    context value that was given, without the stack's name.
    """

    given: dict[str, str]
    stack: str
    group: str
    posting_url: str
    prepare_url: str
    allowed_hosts: str
    alarm_email: str
    full: bool
    posting_server: bool
    concurrency: int | None
    table: str
    bucket: str

    @classmethod
    def read(cls, context: Callable[[str], Any]) -> Self:
        """Return the options of a context. Raises InvalidOption for the first invalid value."""
        text = _TextReader(context)
        server = bool(text("posting_server", "lambda, or left out", lambda value: value == "lambda"))
        full = bool(text("full", "true, or left out", lambda value: value == "true")) or server
        options = cls(
            given=text.given,
            stack=text("stack", "1 to 128 letters, digits and hyphens, a letter first, and not aws or ssm", _is_stack)
            or "Punctual",
            group=text("group", "1 to 64 letters, digits, hyphens, underscores and dots", _matches(_GROUP))
            or "punctual",
            posting_url=text("posting_url", "an https address that Lambda can reach", _is_reachable),
            prepare_url=text("prepare_url", "an https address that Lambda can reach", _is_reachable),
            allowed_hosts=text("allowed_hosts", "host names, separated by commas, without https://", _are_hosts),
            alarm_email=text("alarm_email", "a mail address", _matches(_EMAIL)),
            full=full,
            posting_server=server,
            concurrency=int(text("posting_concurrency", "a whole number from 1 to 1000", _is_concurrency) or 0) or None,
            table=text("table", "the name of a table: 3 to 255 letters, digits, _, . and -", _matches(_TABLE)),
            bucket=text("bucket", "the name of a bucket: 3 to 63 of a-z, 0-9, . and -", _matches(_BUCKET)),
        )
        options._check_combinations()
        options.given.pop("stack", None)
        return options

    def _check_combinations(self) -> None:
        """Raise InvalidOption for the first option that the others exclude."""
        for name in ("posting_url", "prepare_url"):
            if self.posting_server and getattr(self, name):
                raise InvalidOption(name, "left out with posting_server=lambda, which has its own URL")
        if self.concurrency and not self.posting_server:
            raise InvalidOption("posting_concurrency", "left out without posting_server=lambda")
        for name in ("table", "bucket"):
            if getattr(self, name) and not self.full:
                raise InvalidOption(name, "left out without full=true or posting_server=lambda")


class _TextReader:
    """A reader of context values as text: the command line gives text, and cdk.json may also hold a number or true."""

    def __init__(self, context: Callable[[str], Any]) -> None:
        self._context = context
        self.given: dict[str, str] = {}

    def __call__(self, name: str, required: str, is_valid: Callable[[str], bool]) -> str:
        value = self._context(name)
        text = "" if value is None else "true" if value is True else str(value)
        if text and not (type(value) in (str, int, bool) and is_valid(text)):
            raise InvalidOption(name, required)
        if text:
            self.given[name] = text
        return text


_STACK = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")
_RESERVED = ("aws", "ssm")
"""No name in Parameter Store, where the stack's name begins that of the signing secret, may begin so."""
_GROUP = re.compile(r"[0-9A-Za-z_.-]{1,64}")
_TABLE = re.compile(r"[0-9A-Za-z_.-]{3,255}")
_BUCKET = re.compile(r"[0-9a-z][0-9a-z.-]{1,61}[0-9a-z]")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]+")
_URL = re.compile(r"[!-~]+")
_HOST = re.compile(r"[0-9A-Za-z]([0-9A-Za-z.-]*[0-9A-Za-z])?")


def _matches(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: bool(pattern.fullmatch(text))


def _is_stack(text: str) -> bool:
    return bool(_STACK.fullmatch(text)) and not text.lower().startswith(_RESERVED)


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
