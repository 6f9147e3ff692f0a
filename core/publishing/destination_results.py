"""The results of destinations, and the receipts that record them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from core.ledger.port import ClaimResult, Receipt
from core.posts.destinations import Destination
from core.posts.payload import Payload
from core.publishing.network import NetworkResult, Published, Refused, RetryLater, Unconfirmed
from core.time.instants import utc_text


@dataclass(frozen=True, kw_only=True)
class DestinationResult:
    """The result of one destination. Every state except `waiting` is final."""

    destination: Destination
    state: Literal["published", "refused", "unconfirmed", "superseded", "waiting"]
    url: str | None = None
    reason: str | None = None
    retry_after: timedelta | None = None
    reference: dict[str, Any] | None = None

    @property
    def final(self) -> bool:
        """Whether a repeated request returns this result again."""
        return self.state != "waiting"

    def as_json(self) -> dict[str, Any]:
        """Return the destination's entry in the posting server's response."""
        return {"destination": self.destination, "state": self.state, "url": self.url, "reason": self.reason}


def result_of_claim(destination: Destination, claim: ClaimResult, now: datetime) -> DestinationResult:
    """Return the result of a claim that was not granted."""
    if claim.verdict == "busy" or claim.verdict == "waiting":  # with `in`, mypy does not narrow the verdict for `state`
        wait, reason = (claim.until or now) - now, claim.detail.get("reason", "Another attempt is running.")
        return DestinationResult(destination=destination, state="waiting", reason=reason, retry_after=wait)
    if claim.verdict == "granted":
        raise ValueError("a granted claim has no result yet")
    return DestinationResult(
        destination=destination,
        state=claim.verdict,
        url=claim.detail.get("url"),
        reason=claim.detail.get("reason"),
        reference=claim.detail.get("reference"),
    )


def destination_result(destination: Destination, result: NetworkResult) -> DestinationResult:
    """Return the result of an attempt."""
    match result:
        case Published(url=url, reference=reference):
            return DestinationResult(destination=destination, state="published", url=url, reference=reference)
        case Refused(reason=reason):
            return DestinationResult(destination=destination, state="refused", reason=reason)
        case Unconfirmed(reason=reason):
            return DestinationResult(destination=destination, state="unconfirmed", reason=reason)
        case RetryLater(reason=reason, retry_after=retry_after):
            return DestinationResult(destination=destination, state="waiting", reason=reason, retry_after=retry_after)


def receipt_of(
    result: NetworkResult, payload: Payload, destination: Destination, attempt: int, now: datetime
) -> Receipt:
    """Return the receipt of an attempt."""
    found = destination_result(destination, result)
    at = result.at if isinstance(result, Published) else now
    detail: dict[str, Any] = {"url": found.url, "reason": found.reason, "reference": found.reference}
    if isinstance(result, RetryLater):
        until = utc_text(now + result.retry_after) if result.retry_after else None
        detail |= {"upload": result.upload_id, "doubt": result.in_doubt or None, "until": until}
    return Receipt(
        kind=found.state,
        at=at,
        revision=payload.revision,
        attempt=attempt,
        destination=destination,
        detail={name: value for name, value in detail.items() if value is not None},
    )
