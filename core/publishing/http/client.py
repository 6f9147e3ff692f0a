"""An HTTP client with one deadline for all its requests, without redirects, and with an error for unsent requests.

The networks' own client libraries retry, follow redirects or wait without a limit. To publish once, Punctual must know
whether a request may have arrived, so every network uses this client.
"""

import http.client
import json
import logging
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import requests
from urllib3.exceptions import HTTPError, NewConnectionError

from core.errors import PunctualError
from core.media.content import Content
from core.publishing.http.body import Body, form_body
from core.publishing.http.deadline import session_until
from core.publishing.http.redaction import redact
from core.time.instants import from_utc_text
from lambda_pkg.retry_after import MAX_RETRY_AFTER, parse_retry_after

DEADLINE_SECONDS = 25.0
"""Seconds for all requests of one client, unless the caller sets others. The module transfer_time adds the time for
pictures and videos. The lease of a claim is longer."""
CONNECT_SECONDS = 5.0
"""Time limit for one connection."""
RESPONSE_LIMIT = 2_000_000
"""Bytes after which the rest of a response body is not read. No useful response is longer."""
MESSAGE_BYTES = 1000
"""The part of a plain-text body that can be an error message."""

logging.getLogger("urllib3").setLevel(logging.ERROR)
"""Below ERROR, urllib3 logs URLs, and the URLs of Telegram, Discord and Slack contain secrets."""

RequestSigner = Callable[[requests.PreparedRequest], requests.PreparedRequest]
"""Adds a signature to a prepared request before it is sent."""
File = tuple[str, Content, str]
"""A file of a form: its name, content and content type."""


class RequestError(PunctualError):
    """A request failed without a response."""

    hint = "Check the address and the connection, then try again."


class RequestNotSent(RequestError):
    """The request failed before its last byte was sent, so the server cannot have processed it."""


class ResponseLost(RequestError):
    """The request was sent, and no complete response head arrived. The server may have processed the request."""


@dataclass(frozen=True, kw_only=True)
class Response:
    """A server's response. `complete` is False if the body ended early or exceeded RESPONSE_LIMIT."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    complete: bool
    message: str
    """The server's error message, else the name of the status. At most 200 characters, without secrets."""
    request_sent: bool = True
    """Whether the request was sent to its end. A server may respond earlier, and then has nothing to process."""

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def json(self) -> Any:
        """The parsed JSON body; None if the body is not JSON."""
        return _parse_json(self.body)

    @property
    def json_object(self) -> dict[str, Any]:
        """The JSON object in the body; empty if there is none."""
        found = self.json
        return found if isinstance(found, dict) else {}

    def json_value(self, *path: str) -> Any:
        """Return the value at a path of member names in the JSON body; None if there is none."""
        found: Any = self.json
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        return found

    def retry_after(self, now: datetime) -> timedelta | None:
        """Return how long the server asks us to wait, at most one day; None if it does not ask.

        The sources, in order, are `Retry-After` (RFC 9110), the JSON member that Telegram sends, and the end of the
        rate limit. The last one counts only for a 429, because Mastodon and X send it with every response (doc).
        """
        return next((wait for wait in self._waits(now) if wait is not None), None)

    def _waits(self, now: datetime) -> Iterator[timedelta | None]:
        """Yield the wait from each source, in order; None if the source has none."""
        yield parse_retry_after(self.headers.get("Retry-After", ""), now)
        yield parse_retry_after(str(self.json_value("parameters", "retry_after")), now)
        if self.status == 429:
            for name in ("X-RateLimit-Reset", "RateLimit-Reset", "x-rate-limit-reset"):
                yield _wait_for_limit(self.headers.get(name, ""), now)


class HttpClient:
    """Sends the requests of one call to one server; they share one deadline.

    Error messages call the server `name`. `secrets` are removed from the server's texts before they are shown.
    """

    def __init__(self, name: str, secrets: Iterable[str] = (), seconds: float = DEADLINE_SECONDS) -> None:
        self._name = name
        self._secrets = [secret for secret in secrets if secret]
        self._deadline = time.monotonic() + seconds

    def get(self, url: str, **options: Any) -> Response:
        """Send a GET request. Accepts the options of `send`; raises RequestNotSent or ResponseLost."""
        return self.send("GET", url, **options)

    def post_json(self, url: str, content: Mapping[str, Any], **options: Any) -> Response:
        """POST a JSON object. Accepts the options of `send`; raises RequestNotSent or ResponseLost."""
        body = json.dumps(content, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", **options.pop("headers", {})}
        return self.send("POST", url, body=body, headers=headers, **options)

    def post_form(self, url: str, fields: Mapping[str, str], files: Mapping[str, File], **options: Any) -> Response:
        """POST a multipart form. Accepts the options of `send`; raises RequestNotSent or ResponseLost."""
        body, content_type = form_body(fields, files)
        headers = {"Content-Type": content_type, **options.pop("headers", {})}
        return self.send("POST", url, body=body, headers=headers, **options)

    def send(
        self,
        method: str,
        url: str,
        *,
        body: bytes | Body | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        sign: RequestSigner = lambda request: request,
    ) -> Response:
        """Send one request once and return the response, also an error response.

        Raises RequestNotSent or ResponseLost, and the errors of reading the body.
        """
        seconds_left = self.seconds_left
        if seconds_left <= 0:
            raise RequestNotSent(f"{self._name} took too long to answer.")
        session = session_until(self._deadline)
        try:
            with session:
                response = session.request(
                    method,
                    url,
                    data=body,
                    params=params,
                    headers={"User-Agent": "Punctual", "Accept-Encoding": "identity", **(headers or {})},
                    auth=sign,  # with any auth set, requests does not send credentials from ~/.netrc
                    timeout=(min(CONNECT_SECONDS, seconds_left), seconds_left),
                    allow_redirects=False,
                    stream=True,
                )
        except (requests.RequestException, HTTPError, UnicodeError) as error:
            request_error = _request_error(self._name, error, sent=session.request_sent)
        else:
            with response:
                return self._read(response, sent=session.request_sent)
        raise request_error  # outside the except block, so that no traceback shows the request and its secrets

    @property
    def seconds_left(self) -> float:
        """Seconds until the deadline; negative after it."""
        return self._deadline - time.monotonic()

    def redact(self, text: str) -> str:
        """Return a server's text for display: one line, at most 200 characters, without secrets."""
        return redact(text, self._secrets)

    def _read(self, response: requests.Response, *, sent: bool) -> Response:
        body, complete = b"", False
        with suppress(HTTPError, OSError):
            while len(body) < RESPONSE_LIMIT:
                piece = response.raw.read1(65_536, decode_content=True)
                if not piece:
                    complete = True
                    break
                body += piece
        status, content_type = response.status_code, response.headers.get("Content-Type", "")
        message = _message(status, content_type, body, self._secrets)
        return Response(
            status=status, headers=response.headers, body=body, complete=complete, message=message, request_sent=sent
        )


def bearer(token: str) -> dict[str, str]:
    """Return the Authorization header for a token."""
    return {"Authorization": f"Bearer {token}"}


def _request_error(name: str, error: Exception, *, sent: bool) -> RequestError:
    """Return ResponseLost if the request was `sent` to its end, else RequestNotSent.

    The transport decides this, because the same error can occur before and after the request was sent.
    """
    causes = list(_causes(error))
    timed_out = isinstance(error, requests.Timeout) or any(isinstance(cause, TimeoutError) for cause in causes)
    if sent:
        return ResponseLost(f"{name} {'did not answer in time' if timed_out else 'closed the connection early'}.")
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return RequestNotSent(f"{name}'s certificate is not valid, so nothing was sent.")
    if isinstance(error, requests.ConnectTimeout) or any(isinstance(cause, NewConnectionError) for cause in causes):
        return RequestNotSent(f"{name} could not be reached.")
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return RequestNotSent(f"{name} offered no secure connection, so nothing was sent.")
    if isinstance(error, ValueError):  # the URL or a header of the request is invalid
        return RequestNotSent(f"{name}'s address or credentials are not valid. Connect the account again.")
    if timed_out:
        return RequestNotSent(f"The connection to {name} was too slow to send the whole request.")
    return RequestNotSent(f"{name} closed the connection before it had the whole request.")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and the errors that it wraps: requests puts them into `args`, urllib3 into `reason`."""
    yield error
    for inner in chain(error.args, [getattr(error, "reason", None)]):
        if isinstance(inner, BaseException):
            yield from _causes(inner)


def _wait_for_limit(text: str, now: datetime) -> timedelta | None:
    """Return the time until the end of a rate limit; None if `text` is not valid.

    `text` is an ISO instant from Mastodon, and seconds since 1970 from Bluesky and X. A number up to 10^9 is taken as
    seconds from now.
    """
    try:
        seconds = float(text)
        end = datetime.fromtimestamp(seconds, UTC) if seconds > 1e9 else now + timedelta(seconds=seconds)
    except (ValueError, OverflowError, OSError):
        try:
            end = from_utc_text(text)
        except (ValueError, OverflowError):
            return None
    return max(timedelta(), min(end - now, MAX_RETRY_AFTER))


def _parse_json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _message(status: int, content_type: str, body: bytes, secrets: Iterable[str]) -> str:
    """Return the error message in a JSON or plain-text body, else the name of the status."""
    start = body[:MESSAGE_BYTES].decode(errors="replace")
    if len(body) > MESSAGE_BYTES:
        start = start.rpartition(" ")[0]  # the last word may be half of a secret
    plain_text = start if content_type.startswith("text/") and "<" not in start else ""  # a message, not a page
    message = redact(next(_json_messages(_parse_json(body)), plain_text), secrets)
    return message or http.client.responses.get(status, "an unknown status")


def _json_messages(content: Any) -> Iterator[str]:
    """Yield the error messages in a network's JSON, the most specific first."""
    if not isinstance(content, dict):
        return
    for name in ("error_description", "detail", "message", "description", "error", "title"):
        if isinstance(content.get(name), str) and content[name]:
            yield content[name]
