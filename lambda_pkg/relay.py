"""The relay: wait for the due instant, sign, hand the post over, and say what became of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from lambda_pkg.address import Address, RefusedAddress, address_for
from lambda_pkg.event import Event, UnreadableEvent, read_event
from lambda_pkg.signature import UnusableSecret, signed_headers

if TYPE_CHECKING:
    from lambda_pkg.http_client import Answer, Line

__all__ = ["Environment", "HandOverFailed", "InvokedTooEarly", "Receipt", "UnreadableEvent", "deliver"]

LONGEST_WAIT = timedelta(seconds=90)
"""How early the relay may be invoked: the lead of 60 s, and room for clocks that differ."""

Clock = Callable[[], datetime]
Receipt = dict[str, Any]
"""What became of one attempt, ready for JSON; `_Attempt.receipt` has its members."""


@dataclass(frozen=True, kw_only=True)
class Environment:
    """What the relay needs to know. Every secret signs: with two, receivers change over without a gap.

    `allowed_hosts` are those that a post's own URL may name, besides the posting URL's.
    """

    posting_url: str
    secrets: tuple[str, ...] = field(repr=False)
    allowed_hosts: frozenset[str] = frozenset()
    connect_seconds: float = 5.0
    answer_seconds: float = 45.0


class HandOverFailed(Exception):
    """The post was not handed over this time; another attempt may succeed. `receipt` tells the attempt's story."""

    def __init__(self, receipt: Receipt) -> None:
        super().__init__(receipt["error"])
        self.receipt = receipt


class InvokedTooEarly(Exception):
    """The due instant is further away than the relay waits."""

    def __init__(self, early: timedelta) -> None:
        super().__init__(
            f"Invoked {early.total_seconds():.0f} s before the due instant; the relay waits {LONGEST_WAIT.seconds} s "
            "at most. Check this machine's clock and the schedule's time."
        )


def deliver(
    event: Mapping[str, Any],
    environment: Environment,
    line: "Line",
    *,
    attempt: int,
    clock: Clock,
    sleep: Callable[[float], None],
) -> Receipt:
    """Hand a post over at its due instant, and return the receipt. The line is left to whoever gave it.

    `attempt` is 1 when nothing was tried for this occurrence before. Past its late limit nothing is sent, and the
    receipt is `missed` (never attempted) or `failed`. Raises UnreadableEvent, InvokedTooEarly, or HandOverFailed.
    """
    post = read_event(event)
    this = _Attempt(post, attempt, clock)
    _make_ready(post.url or environment.posting_url)
    _wait_until(post.due, clock, sleep)
    if post.late_after is not None and clock() > post.due + post.late_after:
        return this.receipt("missed" if attempt == 1 else "failed", error=_too_late(post, clock))
    try:
        return this.hand_over(environment, line)
    except (RefusedAddress, UnusableSecret) as error:
        raise HandOverFailed(this.receipt("attempt_failed", error=str(error))) from error


def _make_ready(url: str) -> None:
    """Load what is slow to load, while there is time: the network modules, which cost more than all of the rest."""
    from lambda_pkg.http_client import tls

    if url.startswith("https:"):
        tls()


def _wait_until(due: datetime, clock: Clock, sleep: Callable[[float], None]) -> None:
    """Return at `due`. The clock is read every second: a machine may sleep meanwhile, or its clock be set."""
    while (early := due - clock()) > timedelta():
        if early > LONGEST_WAIT:
            raise InvokedTooEarly(early)
        sleep(min(early.total_seconds(), 1.0))


class _Attempt:
    """One attempt at handing over one occurrence, and the receipt of it."""

    def __init__(self, post: Event, number: int, clock: Clock) -> None:
        self._post = post
        self._number = number
        self._clock = clock
        self._started = clock()
        self._posted: datetime | None = None

    def hand_over(self, environment: Environment, line: "Line") -> Receipt:
        """POST to where this post goes. Raises RefusedAddress, UnusableSecret, or HandOverFailed."""
        from lambda_pkg.http_client import NoAnswer

        address = address_for(self._post.url, environment.posting_url, environment.allowed_hosts)
        try:
            answer = self._exchange(address, environment, line)
        except NoAnswer as error:
            raise HandOverFailed(self.receipt("attempt_failed", error=str(error))) from error
        if 200 <= answer.status < 300:
            return self.receipt("handed_over", answer=answer)
        raise HandOverFailed(self.receipt("attempt_failed", answer=answer, error=_refusal(answer.status, address)))

    def _exchange(self, address: Address, environment: Environment, line: "Line") -> "Answer":
        line.connect(address, seconds=environment.connect_seconds)
        now = self._clock()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "punctual-relay",
            **signed_headers(self._post.occurrence_key, now, self._post.body, environment.secrets),
        }
        self._posted = now
        return line.post(
            self._post.body, headers, seconds=environment.answer_seconds, now=lambda: self._clock().timestamp()
        )

    def receipt(self, kind: str, *, answer: "Answer | None" = None, error: str | None = None) -> Receipt:
        """Tell this attempt's story. Instants are UTC, ISO 8601, to the millisecond; `posted_at` None: nothing sent."""
        return {
            "kind": kind,
            "post_id": self._post.post_id,
            "revision": self._post.revision,
            "occurrence_key": self._post.occurrence_key,
            "due_at": _utc(self._post.due),
            "started_at": _utc(self._started),
            "posted_at": self._posted and _utc(self._posted),
            "finished_at": _utc(self._clock()),
            "attempt": self._number,
            "status": answer and answer.status,
            "results": answer.results if answer else [],
            "error": error,
            "retry_after": answer and answer.retry_after,
        }


def _too_late(post: Event, clock: Clock) -> str:
    late, limit = clock() - post.due, post.late_after or timedelta()
    return (
        f"Not posted: {late.total_seconds() / 60:.0f} minutes after its time, and the limit is "
        f"{limit.total_seconds() / 60:.0f}. Schedule it again."
    )


def _refusal(status: int, address: Address) -> str:
    """Say in plain words what an answer that is not 2xx means, and what to do about it."""
    if 300 <= status < 400:
        return f"{address} answered {status}, a redirect, which is not followed. Set the posting URL to where it leads."
    if status in (401, 403):
        return f"{address} answered {status}: it refused the signature. Give both sides the same signing secret."
    if status == 404:
        return f"{address} answered 404: nothing is published at this path. Correct the posting URL."
    if status == 429:
        return f"{address} answered 429: too many requests for now. It is tried again by itself."
    if status == 503:
        return f"{address} answered 503: it could not finish yet. It is tried again by itself."
    return f"{address} answered {status}. Look into the posting server's log."


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
