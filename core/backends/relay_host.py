"""The host of the relay on one machine, in place of Lambda: configures the relay and records its receipts."""

import json
import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime

from core.engine.invocations import Invocation
from core.ledger.port import ClaimTerms, Ledger, Receipt
from core.posts.payload import Payload, read_payload
from core.time.instants import Clock, from_utc_text
from lambda_pkg import relay
from lambda_pkg.http_client import Connection

log = logging.getLogger(__name__)

FENCE_LOST_PREFIX = "Punctual's record of "
"""The start of FENCE_LOST in every version. It identifies recorded receipts."""
FENCE_LOST = (
    f"{FENCE_LOST_PREFIX}published posts was damaged during this delivery. The post may be published: check the"
    " network, then decide."
)


class _ThreadState(threading.local):
    """The connection of each thread, which delivers one post after another."""

    def __init__(self) -> None:
        self.connection = Connection()


class RelayHost:
    """The function that the engine invokes. It records the receipt, then raises the relay's error, if any."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        posting_url: Callable[[], str],
        secrets: Callable[[], Sequence[str]],
        clock: Clock,
        fence_lost_at: datetime | None,
    ) -> None:
        """Store the configuration. Each invocation reads `posting_url` and `secrets`, because they may change.

        `fence_lost_at` is the instant at which a new ledger replaced a damaged one, or None.
        """
        self._ledger = ledger
        self._fence_lost_at = fence_lost_at
        self._posting_url = posting_url
        self._secrets = secrets
        self._clock = clock
        self._thread_state = _ThreadState()

    def __call__(self, invocation: Invocation) -> None:
        """Deliver one occurrence, unless an attempt that the fence no longer records may have published it."""
        payload = read_payload(invocation.payload)
        if self._may_be_published(invocation, payload):
            self._mark_unconfirmed(payload)
            return
        config = relay.RelayConfig(posting_url=self._posting_url(), secrets=tuple(self._secrets()))
        event = json.loads(invocation.payload)
        connection, attempt = self._thread_state.connection, invocation.attempt
        try:
            receipt = relay.deliver(event, config, connection, attempt=attempt, clock=self._clock, sleep=time.sleep)
        except relay.AttemptFailed as failure:
            self._record(payload, failure.receipt)
            raise
        self._record(payload, receipt)

    def close_connection(self) -> None:
        """Close the connection of this thread: no further post is due now."""
        self._thread_state.connection.close()

    def _may_be_published(self, invocation: Invocation, payload: Payload) -> bool:
        """Return whether an attempt before the damage to the ledger, and so to the fence, may have published the post.

        The engine's own file still holds the number of attempts. An attempt after the damage leaves a receipt in the
        new ledger. Receipts of `_mark_unconfirmed` do not count: the process may be killed before it writes them all.
        """
        if self._fence_lost_at is None or invocation.attempt == 1 or invocation.first_due > self._fence_lost_at:
            return False
        known = self._ledger.occurrence(payload.occurrence_key)
        return known is None or all(_is_fence_lost(receipt) for receipt in known.receipts)

    def _mark_unconfirmed(self, payload: Payload) -> None:
        """Record every destination as unconfirmed, in the fence too, so that no further attempt publishes the post."""
        log.error("%s is unconfirmed: the record of its first attempt was damaged.", payload.occurrence_key)
        now = self._clock()
        for destination in payload.destinations:
            claim = self._ledger.claim(payload, destination, ClaimTerms(lease_until=now, now=now))
            if claim.verdict == "granted":
                receipt = Receipt(
                    kind="unconfirmed",
                    at=now,
                    revision=payload.revision,
                    attempt=claim.attempt,
                    destination=destination,
                    detail={"reason": FENCE_LOST},
                )
                self._ledger.finish(payload, receipt)

    def _record(self, payload: Payload, receipt: relay.RelayReceipt) -> None:
        detail = {"reason": receipt["error"], "status": receipt["status"], "posted_at": receipt["posted_at"]}
        self._ledger.record(
            payload,
            Receipt(
                kind=receipt["kind"],
                at=from_utc_text(receipt["finished_at"]),
                revision=payload.revision,
                attempt=receipt["attempt"],
                detail={name: value for name, value in detail.items() if value is not None},
            ),
        )


def _is_fence_lost(receipt: Receipt) -> bool:
    return str(receipt.detail.get("reason")).startswith(FENCE_LOST_PREFIX)
