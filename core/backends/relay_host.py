"""The host of the relay on one machine, in place of Lambda: configures the relay and returns its receipts."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from pydantic_core import from_json

from core.backends.lost_results import LostResults
from core.engine.invocations import Invocation
from core.errors import PunctualError, shortage_of
from core.ledger.port import Ledger, OccurrenceReceipt, Receipt
from core.posts.payload import Payload, ScheduleName, invocation_of, read_payload
from core.time.instants import Clock, from_utc_text
from lambda_pkg import relay
from lambda_pkg.http_client import Connection
from lambda_pkg.late_policy import is_too_late

log = logging.getLogger(__name__)

Record = Callable[[OccurrenceReceipt], None]
"""Takes a receipt, which the engine stores in the ledger with others."""

INTERNAL_ERROR = "Punctual failed before it sent the post. See its log for the error. It tries again by itself."


class _ThreadState(threading.local):
    """The connection of each thread, which delivers one post after another."""

    def __init__(self) -> None:
        self.connection = Connection()


class RelayHost:
    """The function that the engine invokes.

    Every attempt leaves a receipt, and a failed one the reason: also one that fails before the relay starts, because
    the secret or the payload cannot be read or the machine is short of something. Such an error is raised, so that the
    engine tries again.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        posting_url: Callable[[], str],
        secrets: Callable[[], Sequence[str]],
        clock: Clock,
        fence_lost_at: datetime | None,
        restored_at: datetime | None = None,
    ) -> None:
        """Store the configuration. Each invocation reads `posting_url` and `secrets`, because they may change.

        `fence_lost_at` is the instant at which a new ledger replaced a damaged one, or None. `restored_at` is the
        instant at which a backup became this home, or None.
        """
        self._ledger = ledger
        self._lost_results = LostResults(ledger, clock, fence_lost_at=fence_lost_at, restored_at=restored_at)
        self._posting_url = posting_url
        self._secrets = secrets
        self._clock = clock
        self._thread_state = _ThreadState()

    def __call__(self, invocation: Invocation, record: Record) -> None:
        """Deliver one occurrence, unless an attempt that the fence does not record may have published it.

        `record` gets the receipt. A run that does not count leaves none.
        """
        try:
            payload = read_payload(invocation.payload)
        except PunctualError as error:  # UnreadablePayload, or a shortage while its zone is read
            planned = self._planned_payload(invocation)
            if planned is not None:
                record((planned, self._failure(planned, invocation.attempt, error)))
            raise
        if payload.excluded:
            return
        doubt = self._lost_results.doubt(invocation, payload)
        if doubt is not None:
            self._lost_results.mark_unconfirmed(payload, doubt)
            return
        try:
            receipt = self._deliver(invocation)
        except relay.AttemptFailed as failure:
            record((payload, _receipt(failure.receipt)))
            raise
        except Exception as error:
            record((payload, self._failure(payload, invocation.attempt, error)))
            raise
        record((payload, _receipt(receipt)))

    def _deliver(self, invocation: Invocation) -> relay.RelayReceipt:
        """Run the relay. Raises its errors, and those of `posting_url` and `secrets`."""
        config = relay.RelayConfig(posting_url=self._posting_url(), secrets=tuple(self._secrets()))
        return relay.deliver(
            from_json(invocation.payload),
            config,
            self._thread_state.connection,
            attempt=invocation.attempt,
            clock=self._clock,
            sleep=time.sleep,
        )

    def give_up(self, invocation: Invocation, reason: str, record: Record) -> None:
        """Record that an occurrence has failed, because the engine makes no further attempt. Raises PunctualError.

        Its attempts say `retrying`, for ever without this. A published destination stays published.
        """
        payload = self._payload_of(invocation)
        if payload is not None:
            detail = {"reason": f"{reason} It is too old for another attempt by itself. Retry it in History."}
            receipt = Receipt(
                kind="failed",
                at=self._clock(),
                revision=payload.revision,
                attempt=invocation.attempt,
                detail=detail,
            )
            record((payload, receipt))

    def close_connection(self) -> None:
        """Close the connection of this thread: no further post is due now."""
        self._thread_state.connection.close()

    def _payload_of(self, invocation: Invocation) -> Payload | None:
        try:
            return read_payload(invocation.payload)
        except PunctualError:
            return self._planned_payload(invocation)

    def _planned_payload(self, invocation: Invocation) -> Payload | None:
        """Return the payload of the post that the schedule's name tells, if this home has planned it."""
        name = ScheduleName.parse(invocation.schedule_name or "")
        plan = self._ledger.get(name.post_id) if name else None
        if plan is None or plan.schedule_name != invocation.schedule_name:
            return None
        return invocation_of(plan.post, invocation.scheduled_at)

    def _failure(self, payload: Payload, attempt: int, error: Exception) -> Receipt:
        """Return the receipt of an attempt that sent nothing: past the late limit, the post has failed."""
        now, minutes = self._clock(), payload.late_after_minutes
        late_after = None if minutes is None else timedelta(minutes=minutes)
        return Receipt(
            kind="failed" if is_too_late(payload.due, late_after, now) else "attempt_failed",
            at=now,
            revision=payload.revision,
            attempt=attempt,
            detail={"reason": _reason(error)},
        )


def _receipt(receipt: relay.RelayReceipt) -> Receipt:
    """Return the ledger's form of a relay's receipt."""
    detail = {"reason": receipt["error"], "status": receipt["status"], "posted_at": receipt["posted_at"]}
    return Receipt(
        kind=receipt["kind"],
        at=from_utc_text(receipt["finished_at"]),
        revision=receipt["revision"],
        attempt=receipt["attempt"],
        detail={name: value for name, value in detail.items() if value is not None},
    )


def _reason(error: Exception) -> str:
    """Return the fault and its remedy in words; a bug has a traceback in the log instead."""
    found = shortage_of(error, "the post cannot be sent yet") or error
    if isinstance(found, PunctualError):
        return f"{found} {found.hint}"
    if isinstance(found, relay.UnreadableEvent | relay.InvokedTooEarly):
        return str(found)
    log.error("An attempt failed", exc_info=found)
    return INTERNAL_ERROR
