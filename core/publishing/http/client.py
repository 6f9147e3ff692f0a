"""HTTP with other people's servers: one deadline for all of a call, no redirects, and faults that say what they mean.

The networks' own client libraries repeat, redirect or wait without end somewhere inside; a post that must go out once
needs to know whether a request may have arrived. So each network is spoken to with plain requests, and only here.
"""

import http.client
import json
import logging
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import chain
from typing import Any

import requests
from urllib3.exceptions import HTTPError, InvalidHeader, NewConnectionError

from core.errors import PunctualError
from core.publishing.http.deadline import session_until
from core.publishing.network import DEADLINE_SECONDS
from core.time.instants import from_utc_text

CONNECT_SECONDS = 5.0
BODY_LIMIT = 2_000_000
"""Bytes of an answer that are read; no answer that is of use here is longer."""
LONGEST_PAUSE = timedelta(days=1)

logging.getLogger("urllib3").setLevel(logging.ERROR)
"""Below that it logs the addresses it calls, and those of Telegram, Discord and Slack hold their secrets."""

Signature = Callable[[requests.PreparedRequest], requests.PreparedRequest]
"""Signs or changes a request before it is sent."""


class Fault(PunctualError):
    """A request was not answered."""

    hint = "Check the address and the connection, then try again."


class Unreachable(Fault):
    """No connection was made, so nothing was sent."""


class BrokenOff(Fault):
    """No whole answer came; the request may have arrived or not."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a server answered. `whole` is False where the connection ended, or the limit came, before the body's end."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    whole: bool
    words: str
    """The server's own words about what is wrong, or the status's name; short, and without our secrets."""

    @property
    def ok(self) -> bool:
        """Whether the server did what it was asked."""
        return 200 <= self.status < 300

    @property
    def content(self) -> Any:
        """The JSON in the body; None where it holds none."""
        return _json(self.body)

    @property
    def members(self) -> dict[str, Any]:
        """The JSON object in the body; empty where it holds none."""
        content = self.content
        return content if isinstance(content, dict) else {}

    def member(self, *path: str) -> Any:
        """The value that lies at a path of members; None where there is none."""
        found: Any = self.content
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        return found

    def pause(self, now: datetime) -> timedelta | None:
        """How long the server asks to be left alone, at most a day.

        Retry-After holds seconds or a date (RFC 9110); Telegram says it in its JSON. Where a 429 lacks it, the end of
        the rate limit counts: an ISO instant with Mastodon, seconds since 1970 with Bluesky and X. Mastodon and X name
        that end in every answer (doc); beside other statuses it asks for nothing.
        """
        names = ("X-RateLimit-Reset", "RateLimit-Reset", "x-rate-limit-reset") if self.status == 429 else ()
        said = [self.headers.get(name) for name in names]
        for text in (self.headers.get("Retry-After"), self.member("parameters", "retry_after"), *said):
            found = _pause(str(text).strip(), now)
            if found is not None:
                return min(max(found, timedelta()), LONGEST_PAUSE)
        return None


class Line:
    """The line to one server for one call of ours; all requests on it share one deadline.

    What a server says is stripped of `secrets`, so that no error text repeats them.
    """

    def __init__(self, name: str, secrets: Iterable[str] = (), seconds: float = DEADLINE_SECONDS) -> None:
        self._name = name
        self._secrets = [secret for secret in secrets if secret]
        self._ends = time.monotonic() + seconds

    def get(self, url: str, **options: Any) -> Answer:
        """Ask. Takes the options of `send`; raises Unreachable or BrokenOff."""
        return self.send("GET", url, **options)

    def post(self, url: str, content: Mapping[str, Any], **options: Any) -> Answer:
        """Send a JSON object. Takes the options of `send`; raises Unreachable or BrokenOff."""
        body = json.dumps(content, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", **options.pop("headers", {})}
        return self.send("POST", url, body=body, headers=headers, **options)

    def send(
        self,
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        sign: Signature = lambda request: request,
    ) -> Answer:
        """Send one request, once, and return what was answered, whatever the status. Raises Unreachable, BrokenOff."""
        left = self.left
        if left <= 0:
            raise Unreachable(f"{self._name} took too long to answer.")
        try:
            with session_until(self._ends) as session:
                answer = session.request(
                    method,
                    url,
                    data=body,
                    params=params,
                    headers={"User-Agent": "Punctual", "Accept-Encoding": "identity", **(headers or {})},
                    auth=sign,  # even an empty one keeps requests from sending what it finds in ~/.netrc instead
                    timeout=(min(CONNECT_SECONDS, left), left),
                    allow_redirects=False,
                    stream=True,
                )
        except (requests.RequestException, HTTPError, UnicodeError) as error:
            fault = _fault(self._name, error)
        else:
            with answer:
                return self._read(answer)
        raise fault  # out here, so that no traceback can show the request that it came from

    @property
    def left(self) -> float:
        """How many seconds are left for all that is still to be asked; less than none when the time is up."""
        return self._ends - time.monotonic()

    def plain(self, said: str) -> str:
        """Return what the server said as it may be shown: short, on one line, without our secrets."""
        return _plain(said, self._secrets)

    def _read(self, answer: requests.Response) -> Answer:
        body, whole = b"", False
        try:
            while len(body) < BODY_LIMIT:
                piece = answer.raw.read1(65_536, decode_content=True)
                if not piece:
                    whole = True
                    break
                body += piece
        except (HTTPError, OSError):
            whole = False
        words = _words(answer.status_code, answer.headers.get("Content-Type", ""), body, self._secrets)
        return Answer(status=answer.status_code, headers=answer.headers, body=body, whole=whole, words=words)


def bearer(token: str) -> dict[str, str]:
    """Return the header that logs in with a token."""
    return {"Authorization": f"Bearer {token}"}


def _fault(name: str, error: Exception) -> Fault:
    """Tell an attempt that surely did not arrive from one that may have. Only the faults listed here are sure."""
    causes = list(_causes(error))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return Unreachable(f"{name}'s certificate is not valid, so nothing was sent.")
    if isinstance(error, requests.ConnectTimeout) or any(isinstance(cause, NewConnectionError) for cause in causes):
        return Unreachable(f"{name} could not be reached.")
    contradicts_itself = any(isinstance(cause, InvalidHeader) for cause in causes)  # the answer, not what was asked
    if isinstance(error, ValueError) and not contradicts_itself:  # the address or a header, before anything was sent
        return Unreachable(f"{name}'s address or log-in is not valid. Connect the account again.")
    if isinstance(error, requests.Timeout) or any(isinstance(cause, TimeoutError) for cause in causes):
        return BrokenOff(f"{name} did not answer in time.")
    return BrokenOff(f"{name} broke the connection off.")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and those that it wraps: requests keeps urllib3's among its arguments, urllib3 keeps a `reason`."""
    yield error
    for inner in chain(error.args, [getattr(error, "reason", None)]):
        if isinstance(inner, BaseException):
            yield from _causes(inner)


def _pause(text: str, now: datetime) -> timedelta | None:
    try:
        seconds = float(text)
        return timedelta(seconds=seconds - now.timestamp() if seconds > 1e9 else seconds)
    except (ValueError, OverflowError):
        pass
    for read in (from_utc_text, parsedate_to_datetime):
        try:
            return read(text) - now
        except (ValueError, TypeError):
            continue
    return None


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _words(status: int, kind: str, body: bytes, secrets: Iterable[str]) -> str:
    start = body[:1000].decode(errors="replace")
    text = start if kind.startswith("text/") and "<" not in start else ""  # a word, and not a page
    found = _plain(next(_said(_json(body)), text), secrets)
    return found or http.client.responses.get(status, "an unknown status")


def _plain(said: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        said = said.replace(secret, "...")
    plain = "".join(character if character.isprintable() else " " for character in said)
    return " ".join(plain.split())[:200]


def _said(content: Any) -> Iterator[str]:
    """The places where the networks put their words for people, the best first."""
    if not isinstance(content, dict):
        return
    for name in ("error_description", "detail", "message", "description", "error", "title"):
        if isinstance(content.get(name), str) and content[name]:
            yield content[name]
