"""Loading: schedules the posts of a dry run. A stopped or repeated load makes no duplicates."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import Literal

from core.application import Application
from core.bulk.dry_run import CheckedRow, DryRun
from core.errors import PunctualError
from core.ledger.port import Plan
from core.posts.models import Post
from core.scheduling.selection import OUTAGES

THREADS = 16
"""Posts that are scheduled at the same time. Their waits, for AWS or for the disk, overlap."""

LoadResult = Literal["created", "noted", "there", "duplicate", "refused", "not tried"]
"""*noted*: the post is in the ledger, and the scheduler takes it later. *not tried*: the load was stopped before it."""


@dataclass(frozen=True, kw_only=True)
class LoadedRow:
    """What happened to a row. `post` is the scheduled post, at the time that it got."""

    checked: CheckedRow
    result: LoadResult
    post: Post | None = None
    reason: str = ""
    hint: str = ""


@dataclass(frozen=True, kw_only=True)
class LoadProgress:
    """How far a load is: how many of the posts are done, and how many were refused meanwhile."""

    done: int = 0
    total: int = 0
    refused: int = 0


@dataclass(frozen=True, kw_only=True)
class LoadReport:
    """What happened to each row, in the order of the table."""

    rows: tuple[LoadedRow, ...]
    stopped: bool = False

    def count(self, *results: LoadResult) -> int:
        """Return how many rows have one of some results."""
        return sum(1 for each in self.rows if each.result in results)


def load(
    application: Application,
    checked: DryRun,
    *,
    on_progress: Callable[[LoadProgress], None] = lambda _: None,
    stopped: Callable[[], bool] = lambda: False,
    threads: int = THREADS,
) -> LoadReport:
    """Schedule the posts that a dry run would create, soonest first, and return what happened to each row.

    Once `stopped()` is true, no further post is begun. A load that was stopped or killed is resumed by another dry run
    and load of the same file: the ids of the posts follow from it.
    """
    return _Load(application, checked, on_progress, stopped).run(threads)


class _Load:
    def __init__(
        self,
        application: Application,
        checked: DryRun,
        on_progress: Callable[[LoadProgress], None],
        stopped: Callable[[], bool],
    ) -> None:
        self._application = application
        self._checked = checked
        self._on_progress = on_progress
        self._stopped = stopped
        self._lock = Lock()
        self._outage: PunctualError | None = None
        self._done = self._refused = 0
        self._total = sum(1 for each in checked.rows if each.verdict == "create" or each.unsettled)

    def run(self, threads: int) -> LoadReport:
        to_create = [each for each in self._checked.rows if each.verdict == "create"]
        to_create.sort(key=_due)
        self._add_labels(to_create)
        to_create += [each for each in self._checked.rows if each.unsettled]
        with ThreadPoolExecutor(threads, thread_name_prefix="load") as pool:
            loaded = {each.checked.number: each for each in pool.map(self._loaded, to_create)}
        rows = tuple(loaded.get(each.number) or _unchanged(each) for each in self._checked.rows)
        return LoadReport(rows=rows, stopped=any(each.result == "not tried" for each in rows))

    def _add_labels(self, to_create: Sequence[CheckedRow]) -> None:
        names = {label: None for each in to_create if each.post for label in each.post.labels}
        if names and not self._stopped():
            self._application.labels.add(names)

    def _loaded(self, each: CheckedRow) -> LoadedRow:
        if self._stopped() or self._outage is not None or each.post is None:
            hint = "Import the same file again: what is scheduled already stays as it is."
            reason = f"Not tried: {self._outage}" if self._outage else "The import was stopped before it."
            return LoadedRow(checked=each, result="not tried", reason=reason, hint=hint)
        loaded = self._scheduled(each, each.post)
        with self._lock:
            self._done += 1
            self._refused += loaded.result == "refused"
            progress = LoadProgress(done=self._done, total=self._total, refused=self._refused)
        self._on_progress(progress)
        return loaded

    def _scheduled(self, each: CheckedRow, post: Post) -> LoadedRow:
        ledger = self._application.ledger
        try:
            if plan := ledger.get(each.post_id):  # another load of the file has it: never change its post
                if not plan.settled:
                    plan = self._application.schedules.settle(plan)
                return LoadedRow(checked=each, result="there", post=plan.post)
            self._checked.pictures.store(post.media, self._application.media)
            plan = self._schedule(each, post)
        except PunctualError as error:
            if isinstance(error, OUTAGES) or isinstance(error.__cause__, OUTAGES):
                self._outage = error
            written = self._written(each.post_id)
            return LoadedRow(
                checked=each,
                result="noted" if written else "refused",
                post=written.post if written else None,
                reason=str(error),
                hint=error.hint,
            )
        return LoadedRow(checked=each, result="created", post=plan.post)

    def _schedule(self, each: CheckedRow, post: Post) -> Plan:
        if each.takes_free_time:
            return self._application.free_times.schedule(post, earliest=post.due_at)
        return self._application.schedules.schedule(post)

    def _written(self, post_id: str) -> Plan | None:
        try:
            return self._application.ledger.get(post_id)
        except PunctualError:
            return None


def _due(each: CheckedRow) -> tuple[datetime, int]:
    due_at = each.post.due_at if each.post else None
    return due_at or datetime.max.replace(tzinfo=UTC), each.number


def _unchanged(each: CheckedRow) -> LoadedRow:
    result: LoadResult = "refused" if each.verdict == "create" else each.verdict
    return LoadedRow(checked=each, result=result, post=each.post, reason=each.reason, hint=each.hint)
