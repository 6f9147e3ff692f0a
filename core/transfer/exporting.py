"""Export: every post that is still to go out leaves, disabled and marked where it was."""

import base64
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Literal

from core.application import Application
from core.errors import PunctualError
from core.ledger.history import GRACE
from core.ledger.port import AlreadyGoingOut, Cursor, Occurrence, Plan
from core.posts.models import Post
from core.posts.payload import write_invocation
from core.scheduling.schedules import FURTHEST_AHEAD
from core.transfer.journal import Begun, Complete, Content, Journal, Leaving, Picture, Ran, Staying
from core.transfer.report import Outcome, Remark, Report, report_of

AT_ONCE = 8
AT_MOST = 10_000_000
"""More than AWS lets an account have."""
PAGE = 500
RUNS_BEHIND = timedelta(days=2)
"""How far back the runs of a series are carried along: nothing that fires later can be one of an earlier day."""

PASSED = "Its time has passed, so it stays. Give it another time, or cancel it."
SOON = "It goes out in a moment, from here. Look into History."
GOING_OUT = "It is going out, from here. Look into History."
FOREIGN = "Another dashboard planned it. Export it there."
CANCELLED = "It was cancelled meanwhile."
ELSEWHERE = "It was exported before, into another file."


class OtherSource(PunctualError):
    """The file was begun by the export of another deployment."""

    hint = "Give the name of a file that is not there yet."

    def __init__(self, path: Path, source: str) -> None:
        super().__init__(f"{path} holds an export of {source}.")


class AlreadyComplete(PunctualError):
    """The export into this file is finished."""

    hint = "Import it; or give the name of a file that is not there yet, for posts that were planned since."

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} holds a whole export.")


def leave(application: Application, path: Path) -> Report:
    """Export all that is still to go out into a file. To be repeated with the same file until nothing is unfinished.

    Each post is written to the file before it is marked as moved; from then on the fence here takes it no longer, and
    its schedule is disabled. Raises OtherSource, AlreadyComplete, UnusableFile, or what the scheduler and the ledger
    raise when they are asked for what there is.
    """
    journal = Journal(path)
    try:
        return _Export(application, journal).run()
    finally:
        journal.close()


class _Export:
    def __init__(self, application: Application, journal: Journal) -> None:
        self._application = application
        self._ledger = application.ledger
        self._journal = journal
        content = self._begun()
        self._leaving = set(content.leaving)
        self._pictures = content.pictures
        self._lock = Lock()

    def run(self) -> Report:
        with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="export") as pool:
            report = report_of(pool.map(self._leave, self._pending()))
        if not report.unfinished:
            self._journal.append(*self._runs_of_series(), Complete(posts=report.moved))
        return report

    def _begun(self) -> Content:
        source, content = self._application.place.name, self._journal.content()
        if content is None:
            now = self._application.clock()
            self._journal.append(Begun(source=source, at=now))
            return Content(source=source, begun_at=now)
        if content.source != source:
            raise OtherSource(self._journal.path, content.source)
        if content.complete:
            raise AlreadyComplete(self._journal.path)
        return content

    def _pending(self) -> list[str]:
        """Return the post ids of all that is in the scheduler, or should be, or began to leave in an earlier run."""
        now = self._application.clock()
        listed = self._application.queue.window(now, now + 2 * FURTHEST_AHEAD, limit=AT_MOST)
        unsettled = self._ledger.unsettled(changed_before=now + FURTHEST_AHEAD, limit=AT_MOST)
        lying = self._ledger.lying(due_before=now + 2 * FURTHEST_AHEAD, limit=AT_MOST)
        series = [plan for plan in self._ledger.series(limit=AT_MOST) if _goes_on(plan.post, now)]
        planned = [plan.post.post_id for plan in (*unsettled, *lying, *series)]
        return list(dict.fromkeys([*sorted(self._leaving), *(each.post_id for each in listed), *planned]))

    def _leave(self, post_id: str) -> Outcome:
        """Let one post leave, whatever an earlier run has done of it."""
        plan = self._ledger.get(post_id)
        if plan is None:
            return Outcome(remark=Remark(post_id=post_id, post=None, reason=self._stays(post_id, FOREIGN)))
        try:
            if plan.wish == "active" or plan.wish == "paused":
                reason = self._mark(plan, plan.wish)
                if reason is not None:
                    return _remarked(plan.post, reason)
            return self._finish(self._application.schedules.plan(post_id))
        except PunctualError as error:
            remark = Remark(post_id=post_id, post=plan.post, reason=f"{error} {error.hint}")
            return Outcome(unfinished=True, remark=remark)

    def _mark(self, plan: Plan, wish: Literal["active", "paused"]) -> str | None:
        """Write a post to the file, then mark it as moved. Return why it stays, if it does.

        Raises AlreadyGoingOut of a series while one of its runs goes out, or what the stores raise.
        """
        post, now = plan.post, self._application.clock()
        if post.due_at is not None and post.due_at < now + self._application.place.notice:
            passed = plan.wish == "paused" or post.due_at < now - GRACE
            return self._stays(post.post_id, PASSED if passed else SOON)
        self._carry_pictures(post)
        self._journal.append(Leaving(post=post, wish=wish))
        marked = post.model_copy(update={"revision": post.revision + 1})
        try:
            self._ledger.change(marked, wish="moved", schedule_name=plan.schedule_name, now=now)
        except AlreadyGoingOut:
            if post.repeats:
                raise  # its runs to come are to leave, once this one is out
            return self._stays(post.post_id, GOING_OUT)
        with self._lock:
            self._leaving.add(post.post_id)
        return None

    def _stays(self, post_id: str, reason: str) -> str:
        """Take a post out of the file, into which an earlier run may have written it, and return why."""
        self._journal.append(Staying(post_id=post_id, reason=reason))
        return reason

    def _finish(self, plan: Plan) -> Outcome:
        """Disable the schedule of a marked post."""
        if plan.wish != "moved" or plan.schedule_name is None:
            self._stays(plan.post.post_id, CANCELLED)
            return Outcome()
        if plan.post.post_id not in self._leaving:
            return _remarked(plan.post, ELSEWHERE)
        if not plan.settled:
            self._application.schedules.settle(plan)
        return Outcome(moved=True)

    def _carry_pictures(self, post: Post) -> None:
        """Write the pictures and videos of a post that the file does not hold yet. Raises what the store raises.

        One after the other: a post that shows the same one is marked only once that is on disk.
        """
        for reference in (media.reference for media in post.media):
            with self._lock:
                if reference not in self._pictures:
                    content = base64.b64encode(self._application.media.get(reference)).decode()
                    self._journal.append(Picture(reference=reference, content=content))
                    self._pictures.add(reference)

    def _runs_of_series(self) -> Iterator[Ran]:
        """Yield the last runs of the series that leave; no others are claimed any more."""
        content = self._journal.content()
        leaving = content.leaving if content else {}
        for occurrence in self._last_occurrences():
            line = leaving.get(occurrence.payload.post_id)
            if line is not None and line.post.repeats:
                yield Ran(payload=write_invocation(occurrence.payload), receipts=occurrence.receipts)

    def _last_occurrences(self) -> Iterator[Occurrence]:
        after, since = None, self._application.clock() - RUNS_BEHIND
        while found := self._ledger.history(after=after, limit=PAGE):
            for occurrence in found:
                if occurrence.due_at < since:
                    return
                yield occurrence
            after = Cursor(due_at=found[-1].due_at, key=found[-1].key)


def _remarked(post: Post, reason: str) -> Outcome:
    return Outcome(remark=Remark(post_id=post.post_id, post=post, reason=reason))


def _goes_on(series: Post, now: datetime) -> bool:
    """Whether a series has not reached its last date; one that has is over, and stays."""
    return series.repeat is not None and (series.repeat.ends_at is None or series.repeat.ends_at > now)
