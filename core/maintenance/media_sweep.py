"""Deletes pictures and videos that no post has needed for a long time."""

import logging
from collections.abc import Iterator, Sequence
from datetime import timedelta

from core.ledger.port import OPEN, Ledger, Plan
from core.media.port import Kept, MediaStore
from core.posts.models import Post
from core.scheduling.listing import Queue
from core.scheduling.schedules import FURTHEST_AHEAD
from core.time.instants import Clock

log = logging.getLogger(__name__)

KEPT = timedelta(days=90)
"""How long a file is kept after it was attached, or after the last post that names it has gone out: for drafts, for
retries, and for the outbox's feed."""
RENEWED = timedelta(days=7)
"""How old the mark on a file that is still needed may grow."""
PENDING_AT_MOST = 20_000


class Sweeper:
    """Marks what pending posts name as needed, and deletes what has not been needed for KEPT.

    A file's own age is the mark, so nothing else has to be stored, and several sweepers may work on one store. A post
    that is cancelled, changed or gone out stops marking its files; they stay for KEPT.
    """

    def __init__(self, store: MediaStore, ledger: Ledger, queue: Queue, clock: Clock) -> None:
        self._store = store
        self._ledger = ledger
        self._queue = queue
        self._clock = clock

    def sweep(self) -> int:
        """Return how many files were deleted. Raises what store, ledger and queue raise.

        The posts are looked through only if some file is old enough for it to matter. Where so many are pending that
        it would cost too much, nothing is deleted.
        """
        now = self._clock()
        aging = [each for each in self._store.kept() if each.kept_at < now - RENEWED]
        if not aging:
            return 0
        plans = self._ledger.lying(due_before=now + 2 * FURTHEST_AHEAD, limit=PENDING_AT_MOST + 1)
        if len(plans) > PENDING_AT_MOST:
            log.warning("More than %d posts are pending: nothing is swept until they are fewer.", PENDING_AT_MOST)
            return 0
        needed = {media.reference for post in self._pending(plans) for media in post.media}
        for each in aging:
            if each.reference in needed:
                self._store.renew(each.reference)
        gone = [each for each in aging if each.reference not in needed and each.kept_at < now - KEPT]
        deleted = sum(self._delete(each) for each in gone)
        if deleted:
            log.info("Deleted %d pictures and videos that no post needs.", deleted)
        return deleted

    def _delete(self, unneeded: Kept) -> bool:
        """Delete a file, unless somebody attached it again since it was listed."""
        if self._store.kept_at(unneeded.reference) != unneeded.kept_at:
            return False
        self._store.delete(unneeded.reference)
        return True

    def _pending(self, plans: Sequence[Plan]) -> Iterator[Post]:
        """Yield every post that may still go out: these one-time posts, paused ones too, and repeating ones."""
        now = self._clock()
        unsettled = self._ledger.unsettled(changed_before=now + FURTHEST_AHEAD, limit=PENDING_AT_MOST)
        yield from (plan.post for plan in (*plans, *unsettled) if plan.wish in OPEN)
        repeating = self._queue.details(self._queue.window(now, now, limit=0))
        yield from (scheduled.post for scheduled in repeating if scheduled.post is not None)
