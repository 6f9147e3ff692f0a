"""The media sweep: deletes pictures and videos that no post, no draft and no account needs."""

import logging
from datetime import datetime, timedelta

from core.accounts.port import Accounts
from core.drafts.port import Drafts, every_draft
from core.ledger.port import OPEN_STATES, Ledger
from core.media.port import MediaStore, StoredMedia
from core.posts.models import Post
from core.scheduling.listing import ScheduleListing
from core.scheduling.time_limits import PLANNING_HORIZON
from core.time.instants import Clock

log = logging.getLogger(__name__)

RETENTION = timedelta(days=90)
"""How long a file is kept after it was attached, or last seen in a pending post, a draft or an account: for retries and
the outbox's feed."""
RENEW_AFTER = timedelta(days=7)
"""Age at which the sweep renews the timestamp of a file that a pending post, a draft or an account needs."""
PENDING_LIMIT = 20_000
"""The most pending posts with which the sweep deletes files."""


class MediaSweep:
    """Renews the timestamps of files of pending posts, drafts and accounts, and deletes files older than RETENTION.

    A file's timestamp is the only state, so several processes may sweep one store. The files of a cancelled, changed
    or published post stay for RETENTION.
    """

    def __init__(
        self,
        store: MediaStore,
        ledger: Ledger,
        listing: ScheduleListing,
        drafts: Drafts,
        accounts: Accounts,
        clock: Clock,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._listing = listing
        self._drafts = drafts
        self._accounts = accounts
        self._clock = clock

    def run(self) -> int:
        """Sweep once and return how many files were deleted. Raises the errors of its services.

        Posts are read only if a file is older than RENEW_AFTER. Nothing is deleted while more than PENDING_LIMIT posts
        are pending.
        """
        now = self._clock()
        aging = [each for each in self._store.scan() if each.stored_at < now - RENEW_AFTER]
        if not aging:
            return 0
        in_drafts = self._in_drafts(now)  # read before and after the posts: a draft becomes a post, or a post a draft
        pending = self._pending()
        if len(pending) > PENDING_LIMIT:
            log.warning("More than %d posts are pending: no pictures and videos are deleted.", PENDING_LIMIT)
            return 0
        in_posts = {reference for post in pending for reference in post.files}
        avatars = {account.avatar for account in self._accounts.all() if account.avatar}
        needed = in_drafts | in_posts | self._in_drafts(now) | avatars
        for each in aging:
            if each.reference in needed:
                self._store.touch(each.reference)
        expired = [each for each in aging if each.reference not in needed and each.stored_at < now - RETENTION]
        deleted = sum(self._delete(each) for each in expired)
        if deleted:
            log.info("Deleted %d pictures and videos that no post needs.", deleted)
        return deleted

    def _delete(self, expired: StoredMedia) -> bool:
        """Delete a file, unless it was attached again since it was listed."""
        if self._store.stored_at(expired.reference) != expired.stored_at:
            return False
        self._store.delete(expired.reference)
        return True

    def _in_drafts(self, now: datetime) -> set[str]:
        """Return the files of all drafts and templates, also of deleted ones and of earlier contents."""
        contents = (
            content for draft in every_draft(self._drafts, now) for content in (draft.content, draft.earlier) if content
        )
        return {reference for content in contents for reference in content.files}

    def _pending(self) -> list[Post]:
        """Return every post that may still go out: at least one more than PENDING_LIMIT if there are more.

        The ledger has the open posts, and unsettled ones whose schedule may still exist. The scheduler may have posts
        that the ledger does not know: the ledger was lost, or another dashboard planned them.
        """
        now, limit = self._clock(), PENDING_LIMIT + 1
        latest = now + 2 * PLANNING_HORIZON  # no post is due later
        plans = self._ledger.overdue(due_before=latest, limit=limit) + self._ledger.series(limit=limit)
        plans += self._ledger.unsettled(changed_before=latest, limit=limit)
        posts = {plan.post.post_id: plan.post for plan in plans if plan.desired in OPEN_STATES}
        listed = self._listing.window(now, latest, limit=limit)
        unknown = self._listing.details([each for each in listed if each.post_id not in posts])
        return [*posts.values(), *(detail.post for detail in unknown if detail.post is not None)]
