"""The export: writes pending posts to a file, then marks them as moved and disables them at their source."""

import base64
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Literal

from core.application import Application
from core.errors import PunctualError
from core.ledger.cursor import Cursor
from core.ledger.history import START_GRACE
from core.ledger.port import Occurrence, Plan, PlanChange
from core.ledger.refusals import AlreadyGoingOut
from core.posts.models import Post
from core.posts.payload import write_invocation
from core.scheduling.time_limits import PLANNING_HORIZON
from core.transfer.journal import (
    ExportedMedia,
    ExportedPost,
    ExportedRun,
    ExportFinished,
    ExportStarted,
    Journal,
    JournalContent,
    WithdrawnPost,
)
from core.transfer.report import PostResult, Remark, TransferReport, failed, summarise

WORKERS = 8
MAX_POSTS = 10_000_000
"""The default quota of schedules of an AWS account."""
HISTORY_PAGE = 500
EXPORTED_HISTORY = timedelta(days=2)
"""How far before now the exported runs of repeating posts begin. No future invocation belongs to an older run."""

PASSED = "Its time has passed, so it stays here. Choose a new time, or cancel it."
DUE_SOON = "It is due in a moment, so it goes out from here. See History."
GOING_OUT = "It is being published, so it goes out from here. See History."
UNPLANNED = "Another dashboard scheduled it. Export it there."
CANCELLED = "It was cancelled during the export."
EXPORTED_ELSEWHERE = "It was exported before, into another file."


class OtherSource(PunctualError):
    """The file holds the export of another deployment."""

    hint = "Name a file that does not exist yet."

    def __init__(self, path: Path, source: str) -> None:
        super().__init__(f"{path} holds an export of {source}.")


class AlreadyComplete(PunctualError):
    """The export into this file is complete."""

    hint = "Import it. To export posts that were scheduled since, name a file that does not exist yet."

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} holds a complete export.")


def export_posts(application: Application, path: Path) -> TransferReport:
    """Export all pending posts into a file. Repeat the call with the same file until no post is unfinished.

    Each post is written to the file before it is marked as moved. From then on the fence here rejects it, and its
    schedule is disabled. Raises OtherSource, AlreadyComplete, UnreadableJournal, or the errors of scheduler and ledger.
    """
    with closing(Journal(path)) as journal:
        return _Export(application, journal).run()


class _Export:
    def __init__(self, application: Application, journal: Journal) -> None:
        self._application = application
        self._ledger = application.ledger
        self._journal = journal
        content = self._start()
        self._exported = set(content.posts)
        self._media = content.media
        self._lock = Lock()

    def run(self) -> TransferReport:
        with ThreadPoolExecutor(max_workers=WORKERS, thread_name_prefix="export") as pool:
            report = summarise(pool.map(self._export, self._pending()))
        if not report.unfinished:
            self._journal.append(*self._recent_runs(), ExportFinished(posts=report.moved))
        return report

    def _start(self) -> JournalContent:
        """Return the content of the file; write the first line of a new one. Raises OtherSource or AlreadyComplete."""
        source, content = self._application.backend.name, self._journal.content()
        if content is None:
            now = self._application.clock()
            self._journal.append(ExportStarted(source=source, at=now))
            return JournalContent(source=source, started_at=now)
        if content.source != source:
            raise OtherSource(self._journal.path, content.source)
        if content.complete:
            raise AlreadyComplete(self._journal.path)
        return content

    def _pending(self) -> list[str]:
        """Return the ids of posts that an earlier run exported, that are scheduled, or that should be."""
        now = self._application.clock()
        listed = self._application.listing.window(now, now + 2 * PLANNING_HORIZON, limit=MAX_POSTS)
        unsettled = self._ledger.unsettled(changed_before=now + PLANNING_HORIZON, limit=MAX_POSTS)
        overdue = self._ledger.overdue(due_before=now + 2 * PLANNING_HORIZON, limit=MAX_POSTS)
        series = [plan for plan in self._ledger.series(limit=MAX_POSTS) if _continues(plan.post, now)]
        planned = [plan.post.post_id for plan in (*unsettled, *overdue, *series)]
        return list(dict.fromkeys([*sorted(self._exported), *(each.post_id for each in listed), *planned]))

    def _export(self, post_id: str) -> PostResult:
        """Export one post, from whichever step an earlier run reached."""
        plan = self._ledger.get(post_id)
        if plan is None:
            reason = self._withdraw(post_id, UNPLANNED)
            return PostResult(remark=Remark(post_id=post_id, post=None, reason=reason))
        try:
            if plan.desired == "active" or plan.desired == "paused":
                reason_to_stay = self._mark(plan, plan.desired)
                if reason_to_stay is not None:
                    return _stayed(plan.post, reason_to_stay)
            return self._finish(self._application.schedules.plan(post_id))
        except PunctualError as error:
            return failed(plan.post, error)

    def _mark(self, plan: Plan, desired: Literal["active", "paused"]) -> str | None:
        """Write a post to the file, then mark it as moved. Return None, or the reason why it stays.

        Raises AlreadyGoingOut while a run of a repeating post is being published, or the errors of the stores.
        """
        post, now = plan.post, self._application.clock()
        if post.due_at is not None and post.due_at < now + self._application.backend.minimum_notice:
            passed = plan.desired == "paused" or post.due_at < now - START_GRACE
            return self._withdraw(post.post_id, PASSED if passed else DUE_SOON)
        self._export_media(post)
        self._journal.append(ExportedPost(post=post, desired=desired, derivation=plan.derivation))
        marked = post.model_copy(update={"revision": post.revision + 1})
        try:
            self._ledger.change(PlanChange(post=marked, desired="moved", schedule_name=plan.schedule_name), now=now)
        except AlreadyGoingOut:
            if post.repeats:
                raise  # a later run of the command exports it, once this occurrence is published
            return self._withdraw(post.post_id, GOING_OUT)
        with self._lock:
            self._exported.add(post.post_id)
        return None

    def _withdraw(self, post_id: str, reason: str) -> str:
        """Withdraw a post that an earlier run may have written to the file, and return the reason."""
        self._journal.append(WithdrawnPost(post_id=post_id, reason=reason))
        return reason

    def _finish(self, plan: Plan) -> PostResult:
        """Disable the schedule of a post that is marked as moved."""
        if plan.desired != "moved" or plan.schedule_name is None:
            self._withdraw(plan.post.post_id, CANCELLED)
            return PostResult()
        if plan.post.post_id not in self._exported:
            return _stayed(plan.post, EXPORTED_ELSEWHERE)
        if not plan.settled:
            self._application.schedules.settle(plan)
        return PostResult(moved=True)

    def _export_media(self, post: Post) -> None:
        """Write the files of a post that the export lacks. Raises the errors of the media store.

        The lock makes another post with the same picture wait until the picture is on disk.
        """
        for reference in post.files:
            with self._lock:
                if reference not in self._media:
                    content = base64.b64encode(self._application.media.get(reference)).decode()
                    self._journal.append(ExportedMedia(reference=reference, content=content))
                    self._media.add(reference)

    def _recent_runs(self) -> Iterator[ExportedRun]:
        """Yield the last runs of exported repeating posts. These are final: a moved post accepts no claim."""
        content = self._journal.content()
        posts = content.posts if content else {}
        for occurrence in self._recent_occurrences():
            line = posts.get(occurrence.payload.post_id)
            if line is not None and line.post.repeats:
                yield ExportedRun(payload=write_invocation(occurrence.payload), receipts=occurrence.receipts)

    def _recent_occurrences(self) -> Iterator[Occurrence]:
        after, since = None, self._application.clock() - EXPORTED_HISTORY
        while page := self._ledger.history(after=after, limit=HISTORY_PAGE):
            for occurrence in page:
                if occurrence.due_at < since:
                    return
                yield occurrence
            after = Cursor(due_at=page[-1].due_at, key=page[-1].key)


def _stayed(post: Post, reason: str) -> PostResult:
    return PostResult(remark=Remark(post_id=post.post_id, post=post, reason=reason))


def _continues(series: Post, now: datetime) -> bool:
    """Return whether a repeating post runs without end, or ends after now."""
    return series.repeat is not None and (series.repeat.ends_at is None or series.repeat.ends_at > now)
