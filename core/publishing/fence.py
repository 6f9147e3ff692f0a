"""The fence: whatever happens around it, one publication happens at most once."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from core.accounts.port import Account
from core.errors import PunctualError
from core.ledger.port import Claim, Ledger, Receipt
from core.media.port import MediaStore
from core.posts.models import part_of
from core.posts.payload import Payload
from core.publishing.attachments import CannotAttach, attachments
from core.publishing.network import (
    DEADLINE_SECONDS,
    Later,
    Network,
    Outgoing,
    Published,
    Refused,
    Result,
    Unconfirmed,
    Unprepared,
)
from core.time.instants import Clock, utc_text

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=DEADLINE_SECONDS + 10)
"""Longer than a network may take, so that a claim never runs out under a call that is still going on."""

BEFORE_ANY_CLAIM = 0
"""The attempt that a receipt names of which no claim was made, so that what became of a claim goes before it."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """How it stands with one destination. All states are final but `waiting`."""

    destination: str
    state: Literal["published", "refused", "unconfirmed", "superseded", "waiting"]
    url: str | None = None
    reason: str | None = None
    retry_after: timedelta | None = None
    reference: dict[str, Any] | None = None

    @property
    def final(self) -> bool:
        """Whether asking again will give the same answer."""
        return self.state != "waiting"

    def as_json(self) -> dict[str, Any]:
        """Return the posting server's answer for this destination."""
        return {"destination": self.destination, "state": self.state, "url": self.url, "reason": self.reason}


class Fence:
    """Publishes behind a claim: prepare what may be repeated, claim durably, call the network, record."""

    def __init__(self, ledger: Ledger, media: MediaStore, clock: Clock) -> None:
        self._ledger = ledger
        self._media = media
        self._clock = clock

    def publish_once(
        self,
        payload: Payload,
        account: Account,
        network: Network,
        *,
        part: int = 1,
        earlier: tuple[dict[str, Any], ...] = (),
    ) -> Verdict:
        """Publish one destination of an occurrence unless that was done, is being done, or is no longer wanted.

        `part` is which of a thread's parts, and `earlier` the references of those before it. Pictures and videos that
        cannot go out make the publication refused; nothing goes out without them. A network that asked to be left alone
        is neither prepared for nor called before the instant it named.
        """
        destination = part_of(account.destination, part)
        known = self._known(payload, destination)
        if known is not None:
            return known
        before = self._before(payload, destination) if payload.media else []
        try:
            outgoing = self._outgoing(payload, account, network, part, earlier, _uploaded_before(before))
            prepared = network.prepare(outgoing)
        except CannotAttach as error:
            return self.refuse(payload, destination, f"{error} {error.hint}")
        except Unprepared as error:
            return self._settle(payload, destination, error.result)
        return self._publish(payload, destination, network, replace(outgoing, prepared=prepared))

    def _publish(self, payload: Payload, destination: str, network: Network, outgoing: Outgoing) -> Verdict:
        """Claim, call the network, record. What was prepared first counts where a repeat is recognised by it."""
        deduplicates, now = outgoing.account.deduplicates, self._clock()
        claim = self._ledger.claim(
            payload,
            destination,
            deduplicates=deduplicates,
            prepared=outgoing.prepared,
            lease_until=now + LEASE,
            now=now,
        )
        if claim.verdict != "yours":
            return _told(destination, claim, now)
        prepared = claim.prepared if deduplicates else outgoing.prepared
        result = _published(network, replace(outgoing, attempt=claim.attempt, prepared=prepared))
        return self._finish(payload, destination, claim, result)

    def refuse(self, payload: Payload, destination: str, reason: str) -> Verdict:
        """Record that a destination cannot be published to, unless it was published before. A doubt stays one."""
        if any(receipt.detail.get("doubt") for receipt in self._before(payload, destination)):
            doubt = Unconfirmed(reason=f"{reason} An earlier attempt may have arrived: look there first.")
            return self._settle(payload, destination, doubt)
        return self._settle(payload, destination, Refused(reason=reason))

    def put_off(self, payload: Payload, destination: str, reason: str) -> Verdict:
        """Record why a destination has to wait that could not be claimed, unless it has ended before. Never raises."""
        waiting = Later(reason=reason)
        try:
            known = self._known(payload, destination)
            if known is not None and known.final:
                return known
            self._ledger.record(payload, _receipt(waiting, payload, destination, BEFORE_ANY_CLAIM, self._clock()))
        except Exception as error:  # noqa: BLE001 - what kept it from being claimed may keep this as well
            log.warning("%s to %s: %r", payload.occurrence_key, destination, error)
        return _verdict(destination, waiting)

    def _settle(self, payload: Payload, destination: str, result: Result) -> Verdict:
        """Record what becomes of a publication without calling the network, unless it has ended before.

        How long the network asked to be left alone does not matter for that.
        """
        now = self._clock()
        claim = self._ledger.claim(
            payload, destination, deduplicates=False, prepared=None, lease_until=now + LEASE, now=now
        )
        if claim.verdict not in ("yours", "waiting"):
            return _told(destination, claim, now)
        return self._finish(payload, destination, claim, result)

    def _known(self, payload: Payload, destination: str) -> Verdict | None:
        """Return how it stands with what has ended, or is to be left alone, without preparing for it; else None."""
        now = self._clock()
        claim = self._ledger.stands(payload, destination, now=now)
        return _told(destination, claim, now) if claim is not None else None

    def _before(self, payload: Payload, destination: str) -> list[Receipt]:
        """Return what befell a destination so far, in order."""
        occurrence = self._ledger.occurrence(payload.occurrence_key)
        return [receipt for receipt in occurrence.receipts if receipt.destination == destination] if occurrence else []

    def _outgoing(
        self,
        payload: Payload,
        account: Account,
        network: Network,
        part: int,
        earlier: tuple[dict[str, Any], ...],
        upload: str | None,
    ) -> Outgoing:
        """Return what goes out; a thread's further parts have keys of their own, and its pictures are on the first."""
        media = payload.media if part == 1 else ()
        return Outgoing(
            occurrence_key=part_of(payload.occurrence_key, part),
            post_id=payload.post_id,
            account=account,
            text=payload.text_for(part_of(account.destination, part)),
            due_at=payload.due,
            media=attachments(media, self._media, network.media_limits(account), network.label) if media else (),
            earlier=earlier,
            upload=upload,
        )

    def _finish(self, payload: Payload, destination: str, claim: Claim, result: Result) -> Verdict:
        self._ledger.finish(payload, _receipt(result, payload, destination, claim.attempt, self._clock()))
        return _verdict(destination, result)


def _uploaded_before(before: Sequence[Receipt]) -> str | None:
    """Return what the last attempt uploaded, unless something else came of it than waiting."""
    return before[-1].detail.get("upload") if before and before[-1].kind == "waiting" else None


def _published(network: Network, outgoing: Outgoing) -> Result:
    """Call the network. An error, which no network should raise, leaves open whether the post is out."""
    try:
        return network.publish(outgoing)
    except Exception as error:  # noqa: BLE001 - the claim must be ended whatever went wrong
        log.exception("%s to %s", outgoing.occurrence_key, outgoing.account.destination)
        reason = str(error) if isinstance(error, PunctualError) else "Punctual failed while publishing; see its log."
        return Later(reason=reason, doubt=True) if outgoing.account.deduplicates else Unconfirmed(reason=reason)


def _told(destination: str, claim: Claim, now: datetime) -> Verdict:
    """Answer from what an earlier attempt left."""
    if claim.verdict == "busy" or claim.verdict == "waiting":
        wait, reason = (claim.until or now) - now, claim.detail.get("reason", "Another attempt is under way.")
        return Verdict(destination=destination, state="waiting", reason=reason, retry_after=wait)
    if claim.verdict == "yours":
        raise ValueError("a claim that is ours has no answer yet")
    return _stored(destination, claim.verdict, claim.detail)


def _stored(
    destination: str, state: Literal["published", "refused", "unconfirmed", "superseded"], told: Mapping[str, Any]
) -> Verdict:
    """Return what a receipt or a claim tells of how it ended."""
    return Verdict(
        destination=destination,
        state=state,
        url=told.get("url"),
        reason=told.get("reason"),
        reference=told.get("reference"),
    )


def _verdict(destination: str, result: Result) -> Verdict:
    match result:
        case Published(url=url, reference=reference):
            return Verdict(destination=destination, state="published", url=url, reference=reference)
        case Refused(reason=reason):
            return Verdict(destination=destination, state="refused", reason=reason)
        case Unconfirmed(reason=reason):
            return Verdict(destination=destination, state="unconfirmed", reason=reason)
        case Later(reason=reason, retry_after=retry_after):
            return Verdict(destination=destination, state="waiting", reason=reason, retry_after=retry_after)


def _receipt(result: Result, payload: Payload, destination: str, attempt: int, now: datetime) -> Receipt:
    verdict = _verdict(destination, result)
    at = result.at if isinstance(result, Published) else now
    detail: dict[str, Any] = {"url": verdict.url, "reason": verdict.reason, "reference": verdict.reference}
    if isinstance(result, Later):
        until = utc_text(now + result.retry_after) if result.retry_after else None
        detail |= {"upload": result.upload, "doubt": result.doubt or None, "until": until}
    return Receipt(
        kind=verdict.state,
        at=at,
        revision=payload.revision,
        attempt=attempt,
        destination=destination,
        detail={name: value for name, value in detail.items() if value is not None},
    )
