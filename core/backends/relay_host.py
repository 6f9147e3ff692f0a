"""Hosts the relay on one machine, as Lambda does on AWS: gives it its environment and keeps its receipts."""

import json
import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime

from core.engine.invocations import Invocation
from core.ledger.port import Ledger, Receipt
from core.posts.payload import Payload, read_payload
from core.time.instants import Clock, from_utc_text
from lambda_pkg import relay
from lambda_pkg.http_client import Connection

log = logging.getLogger(__name__)

FENCE_LOST = (
    "Punctual's record of what went out was damaged while this was under way. It may be out or not: look there, then"
    " decide."
)


class _ThreadsOwn(threading.local):
    """What each thread has for itself: the line over which it hands over what is due, one post after another."""

    def __init__(self) -> None:
        self.line = Connection()


class RelayHost:
    """The function that the engine invokes. Raises what the relay raises, once the receipt is kept."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        posting_url: Callable[[], str],
        secrets: Callable[[], Sequence[str]],
        clock: Clock,
        fence_lost_at: datetime | None,
    ) -> None:
        """`posting_url` and `secrets` are asked at each invocation: a server may move while posts are pending.

        `fence_lost_at` is when the ledger was last begun anew because its file was damaged; None if it never was.
        """
        self._ledger = ledger
        self._fence_lost_at = fence_lost_at
        self._posting_url = posting_url
        self._secrets = secrets
        self._clock = clock
        self._threads_own = _ThreadsOwn()

    def __call__(self, invocation: Invocation) -> None:
        """Hand one occurrence over, unless an attempt of which the fence knows nothing any more may have published."""
        payload = read_payload(invocation.payload)
        if self._may_be_out(invocation, payload):
            self._leave_to_a_person(payload)
            return
        environment = relay.RelayConfig(posting_url=self._posting_url(), secrets=tuple(self._secrets()))
        event = json.loads(invocation.payload)
        line, attempt = self._threads_own.line, invocation.attempt
        try:
            receipt = relay.deliver(event, environment, line, attempt=attempt, clock=self._clock, sleep=time.sleep)
        except relay.DeliveryFailed as failure:
            self._keep(payload, failure.receipt)
            raise
        self._keep(payload, receipt)

    def close_connection(self) -> None:
        """Close the connection of this thread, if it has one: nothing more is to go out for now."""
        self._threads_own.line.close()

    def _may_be_out(self, invocation: Invocation, payload: Payload) -> bool:
        """Whether an attempt was made while the damaged ledger, and the fence in it, were still there.

        The engine counts attempts in a file of its own. What was attempted since has left a receipt in the new ledger,
        and not only those by which it was being left to a person when this process was killed.
        """
        if self._fence_lost_at is None or invocation.attempt == 1 or invocation.first_due > self._fence_lost_at:
            return False
        known = self._ledger.occurrence(payload.occurrence_key)
        return known is None or all(receipt.detail.get("reason") == FENCE_LOST for receipt in known.receipts)

    def _leave_to_a_person(self, payload: Payload) -> None:
        """End every destination as unconfirmed, in the fence as well, so that no further attempt publishes it."""
        log.error("%s is left to a person: the record of its first attempt was damaged.", payload.occurrence_key)
        now = self._clock()
        for destination in payload.destinations:
            claim = self._ledger.claim(
                payload, destination, deduplicates=False, prepared=None, lease_until=now, now=now
            )
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

    def _keep(self, payload: Payload, receipt: relay.RelayReceipt) -> None:
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
