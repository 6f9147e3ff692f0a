"""Occurrences whose earlier result was lost: with a damaged ledger, or because a backup was restored."""

import logging
from datetime import datetime

from core.engine.invocations import Invocation
from core.ledger.port import Ledger, Receipt
from core.ledger.unconfirmed import mark_unconfirmed
from core.posts.payload import Payload
from core.time.instants import Clock

log = logging.getLogger(__name__)

FENCE_LOST_PREFIX = "Punctual's record of "
"""The start of FENCE_LOST in every version. It identifies recorded receipts."""
FENCE_LOST = (
    f"{FENCE_LOST_PREFIX}published posts was damaged during this delivery. The post may be published: check the"
    " network, then decide."
)
RESTORED = (
    "This post was due before a backup was restored, and the backup does not say whether it was published: check the"
    " network, then decide."
)


class LostResults:
    """Finds occurrences that may be published although the fence does not record it, and leaves them to a person."""

    def __init__(
        self, ledger: Ledger, clock: Clock, *, fence_lost_at: datetime | None, restored_at: datetime | None
    ) -> None:
        """`fence_lost_at`: when a new ledger replaced a damaged one. `restored_at`: when a backup became this home.

        None if that did not happen.
        """
        self._ledger = ledger
        self._clock = clock
        self._fence_lost_at = fence_lost_at
        self._restored_at = restored_at

    def doubt(self, invocation: Invocation, payload: Payload) -> str | None:
        """Return why the post may be published although the fence does not record it, or None.

        An occurrence that was due before the restoration of a backup was due at the home of before, too.
        """
        if self._restored_at is not None and invocation.first_due <= self._restored_at:
            return RESTORED
        return FENCE_LOST if self._fence_may_be_lost(invocation, payload) else None

    def mark_unconfirmed(self, payload: Payload, reason: str) -> None:
        """Record every destination as unconfirmed, in the fence too, so that no further attempt publishes the post."""
        log.error("%s is unconfirmed. %s", payload.occurrence_key, reason)
        mark_unconfirmed(self._ledger, payload, reason, destinations=payload.destinations, now=self._clock())

    def _fence_may_be_lost(self, invocation: Invocation, payload: Payload) -> bool:
        """Return whether an attempt before the damage to the ledger, and so to the fence, may have published the post.

        The engine's own file still holds the number of attempts. An attempt after the damage leaves a receipt in the
        new ledger. Receipts of `mark_unconfirmed` do not count: the process may be killed before it writes them all.
        """
        if self._fence_lost_at is None or invocation.attempt == 1 or invocation.first_due > self._fence_lost_at:
            return False
        known = self._ledger.occurrence(payload.occurrence_key)
        return known is None or all(_is_fence_lost(receipt) for receipt in known.receipts)


def _is_fence_lost(receipt: Receipt) -> bool:
    return str(receipt.detail.get("reason")).startswith(FENCE_LOST_PREFIX)
