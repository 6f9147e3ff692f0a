"""Hosts the relay on one machine, as Lambda does on AWS: gives it its environment and keeps its receipts."""

import json
import time
from collections.abc import Callable, Sequence

from core.engine.invocations import Invocation
from core.ledger.port import Ledger, Receipt
from core.moments import Clock, from_utc_text
from core.wire import Payload, read_payload
from lambda_pkg import relay


class RelayHost:
    """The function that the engine invokes. Raises what the relay raises, once the receipt is kept."""

    def __init__(
        self, ledger: Ledger, *, posting_url: Callable[[], str], secrets: Callable[[], Sequence[str]], clock: Clock
    ) -> None:
        """`posting_url` and `secrets` are asked at each invocation: a server may move while posts are pending."""
        self._ledger = ledger
        self._posting_url = posting_url
        self._secrets = secrets
        self._clock = clock

    def __call__(self, invocation: Invocation) -> None:
        """Hand one occurrence over."""
        payload = read_payload(invocation.payload)
        environment = relay.Environment(posting_url=self._posting_url(), secrets=tuple(self._secrets()))
        event = json.loads(invocation.payload)
        try:
            receipt = relay.deliver(event, environment, attempt=invocation.attempt, clock=self._clock, sleep=time.sleep)
        except relay.HandOverFailed as failure:
            self._keep(payload, failure.receipt)
            raise
        self._keep(payload, receipt)

    def _keep(self, payload: Payload, receipt: relay.Receipt) -> None:
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
