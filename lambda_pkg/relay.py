"""The relay: wait for the due instant, sign the post, send it to the posting server, and return a receipt."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from lambda_pkg.address import Address, Authorize, RefusedAddress, parse_address, resolve_address
from lambda_pkg.event import Event, UnreadableEvent, read_event
from lambda_pkg.http_client import Connection, NoResponse, PostingResponse
from lambda_pkg.late_policy import is_too_late, too_late_error
from lambda_pkg.prepare import WARM_UP_TIME, prepare
from lambda_pkg.signature import CannotSign, signed_headers

__all__ = ["AttemptFailed", "InvokedTooEarly", "RelayConfig", "RelayReceipt", "UnreadableEvent", "deliver"]

MAX_WAIT = timedelta(seconds=90)
"""The longest wait for a due instant: the lead of 60 s, and a margin for clocks that differ."""
CONNECT_TIME = timedelta(seconds=2)
"""How long before the due instant the relay connects. Servers close a connection that is idle for longer."""
LEAST_CONNECT_TIME = timedelta(milliseconds=100)
"""A relay that waits for less time connects at the due instant."""

Clock = Callable[[], datetime]
RelayReceipt = dict[str, Any]
"""The result of one attempt, ready for JSON; `_Attempt.receipt` lists its members."""


@dataclass(frozen=True, kw_only=True)
class RelayConfig:
    """The relay's configuration. Each secret signs every request, so receivers can change secrets without a gap.

    `allowed_hosts` are the hosts that a post's own URL may name, besides the host of `posting_url`. `prepare_url` is
    where a posting server of this version prepares posts, None if it does not. `authorize` is None unless the posting
    server is a function behind AWS_IAM. `secrets_fault` states why there are no secrets, if the reason is known.
    """

    posting_url: str
    secrets: tuple[str, ...] = field(repr=False)
    allowed_hosts: frozenset[str] = frozenset()
    prepare_url: str | None = None
    authorize: Authorize | None = field(default=None, repr=False)
    secrets_fault: str | None = None
    connect_seconds: float = 5.0
    response_seconds: float = 45.0


class AttemptFailed(Exception):
    """The attempt failed; another one may succeed. `receipt` describes the attempt."""

    def __init__(self, receipt: RelayReceipt) -> None:
        super().__init__(receipt["error"])
        self.receipt = receipt

    @property
    def retry_after(self) -> timedelta | None:
        """The wait that the posting server asked for. Lambda knows no such wait; the engine heeds it."""
        seconds = self.receipt["retry_after"]
        return None if seconds is None else timedelta(seconds=seconds)


class InvokedTooEarly(Exception):
    """The due instant is more than MAX_WAIT away."""

    def __init__(self, early: timedelta) -> None:
        super().__init__(
            f"Invoked {early.total_seconds():.0f} s before the due instant; the relay waits at most "
            f"{MAX_WAIT.seconds} s. Check this machine's clock and the schedule's time."
        )


def deliver(
    event: Mapping[str, Any],
    config: RelayConfig,
    connection: Connection,
    *,
    attempt: int,
    clock: Clock,
    sleep: Callable[[float], None],
) -> RelayReceipt:
    """Send a post to its posting server at its due instant and return the receipt. The connection stays open.

    A relay that waits has the server prepare the post, and connects, before the due instant.
    `attempt` counts from 1 for each occurrence. A post past its late limit is not sent: its receipt is `missed` on the
    first attempt, else `failed`. Neither is a run that does not count: its receipt is `skipped`, and belongs into no
    ledger. Raises UnreadableEvent, InvokedTooEarly or AttemptFailed.
    """
    post = read_event(event)
    this_attempt = _Attempt(post, attempt, clock)
    if post.excluded:
        return this_attempt.receipt("skipped")
    if not post.has_media:
        _wait(post.due, clock, sleep, until_early=WARM_UP_TIME)
    prepare(post, config.prepare_url, config.secrets, clock, config.authorize)
    _wait(post.due, clock, sleep, until_early=CONNECT_TIME)
    this_attempt.connect_ahead(config, connection)
    _wait(post.due, clock, sleep)
    if is_too_late(post.due, post.late_after, now := clock()):
        error = too_late_error(post.due, post.late_after, now)
        return this_attempt.receipt("missed" if attempt == 1 else "failed", error=error)
    try:
        return this_attempt.send(config, connection)
    except (RefusedAddress, CannotSign) as error:
        raise AttemptFailed(this_attempt.receipt("attempt_failed", error=str(error))) from error


def _wait(due: datetime, clock: Clock, sleep: Callable[[float], None], *, until_early: timedelta = timedelta()) -> None:
    """Return `until_early` before `due`, or at once if that has passed.

    Reads the clock every second, since the machine may be suspended or its clock may be set. Raises InvokedTooEarly.
    """
    while (early := due - clock()) > until_early:
        if early > MAX_WAIT:
            raise InvokedTooEarly(early)
        sleep(min((early - until_early).total_seconds(), 1.0))


class _Attempt:
    """One attempt to deliver one occurrence, and its receipt."""

    def __init__(self, post: Event, number: int, clock: Clock) -> None:
        self._post = post
        self._number = number
        self._clock = clock
        self._started = clock()
        self._posted: datetime | None = None

    def connect_ahead(self, config: RelayConfig, connection: Connection) -> None:
        """Connect to the address of this post, unless it is due. `send` meets any fault again, and reports it."""
        early = self._post.due - self._clock()
        if early >= LEAST_CONNECT_TIME:
            with suppress(RefusedAddress, NoResponse):
                # Each address of the host may take a quarter of the time. So four silent ones do not delay the post.
                connection.connect(self._address(config), seconds=early.total_seconds() / 4)

    def send(self, config: RelayConfig, connection: Connection) -> RelayReceipt:
        """POST to the address of this post. Raises RefusedAddress, CannotSign or AttemptFailed."""
        if config.secrets_fault is not None:
            raise AttemptFailed(self.receipt("attempt_failed", error=config.secrets_fault))
        address = self._address(config)
        try:
            response = self._request(address, config, connection)
        except NoResponse as error:
            raise AttemptFailed(self.receipt("attempt_failed", error=str(error))) from error
        if 200 <= response.status < 300:
            return self.receipt("handed_over", response=response)
        reason = self._access_error(response.status, address, config) or _status_error(response.status, address)
        raise AttemptFailed(self.receipt("attempt_failed", response=response, error=reason))

    def _access_error(self, status: int, address: Address, config: RelayConfig) -> str | None:
        """Return the cause and the remedy if AWS let this post not through to the posting function, else None."""
        if status != 403 or config.authorize is None:
            return None
        if self._post.url is None:
            return f"{address} answered 403: AWS does not let the relay's role call it. Deploy the stack again."
        if address.has_server_of(parse_address(config.posting_url)):
            return f"{address} answered 403: it takes no post with a URL of its own. Schedule the post without one."
        return None

    def _address(self, config: RelayConfig) -> Address:
        return resolve_address(self._post.url, config.posting_url, config.allowed_hosts)

    def _authorize(self, config: RelayConfig) -> Authorize | None:
        """Return None for a post with a posting server of its own, which gets no signature of AWS."""
        return config.authorize if self._post.url is None else None

    def _request(self, address: Address, config: RelayConfig, connection: Connection) -> PostingResponse:
        connection.connect(address, seconds=config.connect_seconds)
        now = self._clock()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "punctual-relay",
            **signed_headers(self._post.occurrence_key, now, self._post.body, config.secrets),
        }
        if authorize := self._authorize(config):
            headers |= authorize(address, headers, self._post.body)
        self._posted = now
        return connection.post(self._post.body, headers, seconds=config.response_seconds, now=self._clock)

    def receipt(self, kind: str, *, response: PostingResponse | None = None, error: str | None = None) -> RelayReceipt:
        """Return the receipt. Instants are UTC in ISO 8601, to the millisecond; no request sets `posted_at` to None."""
        return {
            "kind": kind,
            "post_id": self._post.post_id,
            "revision": self._post.revision,
            "occurrence_key": self._post.occurrence_key,
            "due_at": _utc_text(self._post.due),
            "started_at": _utc_text(self._started),
            "posted_at": self._posted and _utc_text(self._posted),
            "finished_at": _utc_text(self._clock()),
            "attempt": self._number,
            "status": response and response.status,
            "results": response.results if response else [],
            "error": error,
            "retry_after": response and response.retry_after,
        }


def _status_error(status: int, address: Address) -> str:
    """Return the cause and the remedy of a status other than 2xx."""
    if 300 <= status < 400:
        return f"{address} answered {status}, a redirect. The relay follows none: set the posting URL to its target."
    if status in (401, 403):
        return f"{address} answered {status}: it rejected the signature. Set the same signing secret on both sides."
    if status == 404:
        return f"{address} answered 404: it publishes nothing at this path. Correct the posting URL."
    if status == 429:
        return f"{address} answered 429: too many requests. Punctual tries again by itself."
    if status == 503:
        return f"{address} answered 503: it could not finish yet. Punctual tries again by itself."
    return f"{address} answered {status}. Check the posting server's log."


def _utc_text(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
