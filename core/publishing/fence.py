"""The fence: publishes an occurrence to each destination at most once."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from core.accounts.port import Account
from core.errors import PunctualError
from core.ledger.claim_rules import STOPPED_BEFORE_SENDING
from core.ledger.newest_revision import newest_revision
from core.ledger.port import ClaimResult, ClaimTerms, Ledger, Receipt
from core.media.port import MediaStore
from core.posts.destinations import Destination
from core.posts.part_media import media_for
from core.posts.payload import Payload
from core.publishing.attachments import CannotAttach, load_attachments
from core.publishing.destination_results import DestinationResult, destination_result, receipt_of, result_of_claim
from core.publishing.link_cards.attached_card import attached_card
from core.publishing.network import (
    Network,
    NetworkResult,
    PreparationFailed,
    Publication,
    Refused,
    RetryLater,
    Unconfirmed,
)
from core.publishing.options import declared_values
from core.publishing.references import belongs_to_another
from core.publishing.transfer_time import LEASE, LEASE_MARGIN, lease
from core.scheduling.hold.port import HoldStore
from core.time.instants import Clock

log = logging.getLogger(__name__)

OnResult = Callable[[Payload, Receipt, datetime], None]
"""Takes a payload, the receipt of one of its destinations, and the instant at which the attempt began."""

FIRST_ATTEMPT = timedelta(seconds=10)
"""The time after the due instant in which an attempt is the first one: it does not look at the hold."""
HELD = "All posts are paused. Punctual tries again once they are resumed."
"""The reason of an attempt that waits for the end of a hold."""
UNCLAIMED_ATTEMPT = 0
"""Attempt number of receipts written before a claim exists. It is 0, so any receipt of a real claim outranks it."""


class Fence:
    """Publishes under durable claims, so that repeated and concurrent requests make at most one post.

    The steps of a publication are:

    1. *Prepare*: do the repeatable work, such as uploads. A crash here leaves nothing to resolve.
    2. *Claim*: claim the pair (occurrence, destination) in the ledger, in one conditional write, with a lease. Of
       several concurrent attempts one gets the claim; the others return *waiting*.
    3. *Publish*: call the network.
    4. *Record*: store the result as a receipt. A later request for a finished claim gets the recorded result.

    A crash between steps 2 and 4 leaves an open claim. Once its lease has expired or its owner is dead, the next
    attempt takes the claim over if the account deduplicates. Otherwise the claim becomes *unconfirmed*, and a person
    decides.
    """

    def __init__(
        self,
        ledger: Ledger,
        media: MediaStore,
        clock: Clock,
        on_result: OnResult = lambda payload, receipt, at: None,
        hold: HoldStore | None = None,
    ) -> None:
        """Store the parts. `on_result` is called with each recorded result and the instant at which its claim began.

        While `hold` has a post that is tried again, its attempts wait.
        """
        self._hold = hold
        self._on_result = on_result
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
        earlier_references: tuple[dict[str, Any], ...] = (),
    ) -> DestinationResult:
        """Publish to one destination, unless it is finished, claimed by another attempt, or superseded.

        `part` is the number of the part in a thread; `earlier_references` are the references of the parts before it.
        If a picture or video cannot be sent, the whole post is refused. During a pause that the network asked for, and
        while all posts are paused, neither `prepare` nor `publish` is called. Raises the errors of `prepare` and of the
        media store, with nothing claimed, and the errors of the ledger.
        """
        destination = Destination(account.destination, part)
        existing = self._existing_result(payload, destination)
        if existing is not None:
            return existing
        if self._is_held(payload):
            return destination_result(destination, RetryLater(reason=HELD))
        receipts = self._receipts(payload, destination) if payload.media else []
        try:
            publication = self._publication(
                payload, account, network, part, earlier_references, _last_upload_id(receipts)
            )
            prepared = network.prepare(publication)
        except CannotAttach as error:
            return self.refuse(payload, destination, f"{error} {error.hint}")
        except PreparationFailed as error:
            return self._finish_without_call(payload, destination, error.result, deduplicates=account.deduplicates)
        return self._claim_and_publish(payload, destination, network, replace(publication, prepared=prepared))

    def refuse(self, payload: Payload, destination: Destination, reason: str) -> DestinationResult:
        """Record that a destination cannot be published to, without calling the network.

        A finished destination keeps its result. If an earlier attempt may have arrived, the result is *unconfirmed*.
        """
        return self._finish_without_call(payload, destination, Refused(reason=reason), deduplicates=True)

    def defer(self, payload: Payload, destination: Destination, reason: str) -> DestinationResult:
        """Record that an error prevented a claim, and return *waiting*. A finished destination keeps its result.

        Never raises: if the ledger cannot be read or written, the error goes to the log only.
        """
        waiting = RetryLater(reason=reason)
        try:
            existing = self._existing_result(payload, destination)
            if existing is not None and existing.final:
                return existing
            self._ledger.record(payload, receipt_of(waiting, payload, destination, UNCLAIMED_ATTEMPT, self._clock()))
        except Exception as error:  # noqa: BLE001 - the error that prevented the claim may prevent this as well
            log.warning("%s to %s: %r", payload.occurrence_key, destination, error)
        return destination_result(destination, waiting)

    def newest_revision(self, payload: Payload) -> Payload | None:
        """Return the payload of a later revision that is due at the same instant; None without one.

        Never raises, as in `defer`: without the ledger, there is none.
        """
        try:
            return newest_revision(payload, self._ledger.get(payload.post_id))
        except Exception as error:  # noqa: BLE001 - the repair publishes the post once the ledger can be read
            log.warning("%s: %r", payload.occurrence_key, error)
            return None

    def exclude(self, payload: Payload, destination: Destination) -> DestinationResult:
        """Record that a run does not count, and return *superseded*. Never raises, as in `defer`."""
        reason = "Nothing goes out at this run: it was skipped, or it is in a week between."
        receipt = Receipt(
            kind="superseded",
            at=self._clock(),
            revision=payload.revision,
            attempt=UNCLAIMED_ATTEMPT,
            destination=destination,
            detail={"reason": reason},
        )
        try:
            self._ledger.record(payload, receipt)
        except Exception as error:  # noqa: BLE001 - nothing is lost without the receipt
            log.warning("%s to %s: %r", payload.occurrence_key, destination, error)
        return DestinationResult(destination=destination, state="superseded", reason=reason)

    def _claim_and_publish(
        self, payload: Payload, destination: Destination, network: Network, publication: Publication
    ) -> DestinationResult:
        """Claim, call the network, and record the result.

        If the account deduplicates, every attempt uses the prepared data of the first one, by which the network detects
        a repeat. A process that was stopped after its claim calls nothing: its lease may end before its call does.
        """
        deduplicates, now = publication.account.deduplicates, self._clock()
        claim = self._ledger.claim(
            payload,
            destination,
            ClaimTerms(
                deduplicates=deduplicates,
                prepared=publication.prepared,
                lease_until=now + lease(publication.media),
                now=now,
            ),
        )
        if claim.verdict != "granted":
            return result_of_claim(destination, claim, now)
        if self._clock() - now > LEASE_MARGIN:
            return self._finish(payload, destination, claim, RetryLater(reason=STOPPED_BEFORE_SENDING), now)
        prepared = claim.prepared if deduplicates else publication.prepared
        result = _publish(network, replace(publication, attempt=claim.attempt, prepared=prepared))
        return self._finish(payload, destination, claim, result, now)

    def _finish_without_call(
        self, payload: Payload, destination: Destination, result: NetworkResult, *, deduplicates: bool
    ) -> DestinationResult:
        """Claim and record a result without a call to the network. A finished destination keeps its result.

        A pause that the network asked for does not apply, because the network is not called. An attempt whose process
        died becomes *unconfirmed* unless the account `deduplicates`, or the result is final and says so itself.
        """
        now = self._clock()
        terms = ClaimTerms(deduplicates=deduplicates, calls_network=False, lease_until=now + LEASE, now=now)
        claim = self._ledger.claim(payload, destination, terms)
        if claim.verdict not in ("granted", "waiting"):
            return result_of_claim(destination, claim, now)
        return self._finish(payload, destination, claim, result, now)

    def _existing_result(self, payload: Payload, destination: Destination) -> DestinationResult | None:
        """Return the result of a destination that is finished or paused by the network; None for any other."""
        now = self._clock()
        claim = self._ledger.ended_or_paused(payload, destination, now=now)
        return result_of_claim(destination, claim, now) if claim is not None else None

    def _is_held(self, payload: Payload) -> bool:
        """Return whether all posts are paused, and this one could not be paused because an attempt had begun."""
        if self._hold is None or self._clock() - payload.due < FIRST_ATTEMPT:
            return False
        hold = self._hold.read()
        if hold is None or not hold.holds(payload.post_id):
            return False
        plan = self._ledger.get(payload.post_id)
        return plan is not None and plan.desired == "active"

    def _receipts(self, payload: Payload, destination: Destination) -> list[Receipt]:
        """Return a destination's receipts in order of arrival."""
        occurrence = self._ledger.occurrence(payload.occurrence_key)
        return [receipt for receipt in occurrence.receipts if receipt.destination == destination] if occurrence else []

    def _publication(
        self,
        payload: Payload,
        account: Account,
        network: Network,
        part: int,
        earlier_references: tuple[dict[str, Any], ...],
        upload_id: str | None,
    ) -> Publication:
        """Return the publication of one part, with its media. Each part has its own key."""
        destination = Destination(account.destination, part)
        media = media_for(payload, destination)
        return Publication(
            occurrence_key=payload.key_of_part(part),
            post_id=payload.post_id,
            account=account,
            part=part,
            text=payload.text_for(destination),
            due_at=payload.due,
            media=load_attachments(media, self._media, network.media_limits(account), network.label) if media else (),
            card=attached_card(payload, destination, network, self._media),
            options=declared_values(payload.options.get(destination.account, {}), network.options),
            earlier_references=earlier_references,
            upload_id=upload_id,
            belongs_to_another=partial(
                belongs_to_another, self._ledger, payload, Destination(account.destination, part)
            ),
        )

    def _finish(
        self, payload: Payload, destination: Destination, claim: ClaimResult, result: NetworkResult, started: datetime
    ) -> DestinationResult:
        """Record the result of an attempt. A refusal after an attempt that may have arrived is *unconfirmed*."""
        if isinstance(result, Refused) and _may_have_arrived(self._receipts(payload, destination), claim.attempt):
            reason = f"{result.reason} An earlier attempt may have arrived: check the network first."
            result = Unconfirmed(reason=reason)
        receipt = receipt_of(result, payload, destination, claim.attempt, self._clock())
        self._ledger.finish(payload, receipt)
        self._on_result(payload, receipt, started)
        return destination_result(destination, result)


def _may_have_arrived(receipts: Sequence[Receipt], attempt: int) -> bool:
    """Return whether an attempt up to `attempt` is in doubt: it says so itself, or it ended without a receipt."""
    ended = {receipt.attempt for receipt in receipts if receipt.kind != "retried"}
    return any(receipt.detail.get("doubt") for receipt in receipts) or not ended.issuperset(range(1, attempt))


def _last_upload_id(receipts: Sequence[Receipt]) -> str | None:
    """Return the upload id of the last attempt, if that attempt ended in *waiting*."""
    return receipts[-1].detail.get("upload") if receipts and receipts[-1].kind == "waiting" else None


def _publish(network: Network, publication: Publication) -> NetworkResult:
    """Call the network. An exception, which no network should raise, counts as an ambiguous attempt."""
    try:
        return network.publish(publication)
    except Exception as error:  # noqa: BLE001 - the claim must be finished after any error
        log.exception("%s to %s", publication.occurrence_key, publication.account.destination)
        reason = str(error) if isinstance(error, PunctualError) else "Punctual failed while publishing. See its log."
        if publication.account.deduplicates:
            return RetryLater(reason=reason, in_doubt=True)
        return Unconfirmed(reason=reason)
