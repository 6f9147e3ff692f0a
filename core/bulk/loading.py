"""Loading: schedules the posts of a dry run. A stopped or repeated load makes no duplicates."""

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from core.application import Application
from core.bulk.batches import batch_scheduling
from core.bulk.dry_run import CheckedRow, DryRun
from core.errors import PunctualError
from core.ledger.port import Plan
from core.posts.models import Post
from core.scheduling.batch import BatchResult
from core.scheduling.outages import is_outage
from core.scheduling.refusals import TooSoon

BATCH = 100
"""Posts that are scheduled together: the items of one transaction on AWS. A stop waits for the batch that has begun."""
THREADS = 8
"""Rows whose pictures are stored, or whose free times are claimed, at the same time."""

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
    batch: int = BATCH,
) -> LoadReport:
    """Schedule the posts that a dry run would create, soonest first, and return what happened to each row.

    Once `stopped()` is true, no further batch is begun. A load that was stopped or killed is resumed by another dry run
    and load of the same table: the ids of the posts follow from it.
    """
    return _Load(application, checked, on_progress, stopped, batch).run()


class _Load:
    def __init__(
        self,
        application: Application,
        checked: DryRun,
        on_progress: Callable[[LoadProgress], None],
        stopped: Callable[[], bool],
        batch: int,
    ) -> None:
        self._application = application
        self._scheduling = batch_scheduling(application)
        self._checked = checked
        self._on_progress = on_progress
        self._stopped = stopped
        self._batch = batch
        self._outage: PunctualError | None = None

    def run(self) -> LoadReport:
        to_create = [each for each in self._checked.rows if each.verdict == "create" and each.post]
        to_create.sort(key=_due)
        self._add_labels(to_create)
        to_create += [each for each in self._checked.rows if each.unsettled]
        loaded: dict[int, LoadedRow] = {}
        refused = 0
        for start in range(0, len(to_create), self._batch):
            for each in self._loaded(to_create[start : start + self._batch]):
                loaded[each.checked.number] = each
                refused += each.result == "refused"
            done = sum(1 for each in loaded.values() if each.result != "not tried")
            self._on_progress(LoadProgress(done=done, total=len(to_create), refused=refused))
        rows = tuple(loaded.get(each.number) or _unchanged(each) for each in self._checked.rows)
        return LoadReport(rows=rows, stopped=any(each.result == "not tried" for each in rows))

    def _add_labels(self, to_create: Sequence[CheckedRow]) -> None:
        names = {label: None for each in to_create if each.post for label in each.post.labels}
        if names and not self._stopped():
            self._application.labels.add(names)

    def _loaded(self, rows: Sequence[CheckedRow]) -> list[LoadedRow]:
        """Schedule one batch, unless the load has ended."""
        if self._stopped() or self._outage is not None:
            hint = "Import the same file again: what is scheduled already stays as it is."
            reason = f"Not tried: {self._outage}" if self._outage else "The import was stopped before it."
            return [LoadedRow(checked=each, result="not tried", reason=reason, hint=hint) for each in rows]
        try:
            return self._scheduled(rows)
        except PunctualError as error:  # of the ledger, so it holds for every further row
            self._outage = error
            written = self._written(rows)
            return [self._failed(each, error, written.get(each.post_id)) for each in rows]

    def _scheduled(self, rows: Sequence[CheckedRow]) -> list[LoadedRow]:
        known = self._application.ledger.pending([each.post_id for each in rows])
        waiting = [each.post for each in rows if each.takes_free_time and each.post and each.post_id not in known]
        claimed = self._application.free_times.claim_foreseen(waiting) if waiting else set()
        waits = any(each.post and (each.post.files or each.takes_free_time) for each in rows)
        with ThreadPoolExecutor(THREADS if waits else 1, thread_name_prefix="load") as pool:
            prepared = list(pool.map(lambda each: self._prepared(each, known, claimed), rows))
        results = self._scheduling.schedule([found for found in prepared if isinstance(found, Post)])
        results |= self._scheduling.settle([plan for plan in known.values() if plan is not None and not plan.settled])
        return [self._row(each, found, results) for each, found in zip(rows, prepared, strict=True)]

    def _prepared(
        self, each: CheckedRow, known: Collection[str], claimed: Collection[str]
    ) -> Post | PunctualError | None:
        """Return the post of a row at its time, with its pictures stored; None if it is planned already.

        A row whose foreseen time was not `claimed`, because another post has it, takes the next free one.
        """
        if each.post_id in known or each.post is None:
            return None
        try:
            self._checked.pictures.store(each.post.files, self._application.media)
            if each.takes_free_time and each.post_id not in claimed:
                at = self._application.free_times.claim(each.post, earliest=each.post.due_at)
                return each.post.model_copy(update=at.members)
        except PunctualError as error:
            return error
        return each.post

    def _row(
        self, each: CheckedRow, prepared: Post | PunctualError | None, results: Mapping[str, BatchResult]
    ) -> LoadedRow:
        """Return what happened to a row of a batch."""
        result = results.get(each.post_id, BatchResult())
        error = prepared if isinstance(prepared, PunctualError) else result.error
        if error is not None:
            if is_outage(error):
                self._outage = error
            if each.takes_free_time and isinstance(prepared, Post) and result.plan is None:
                return self._at_a_later_time(each, prepared, error)
            return self._failed(each, error, result.plan)
        if result.plan is not None and isinstance(prepared, Post):
            return LoadedRow(checked=each, result="created", post=result.plan.post)
        plan = result.plan or self._application.ledger.get(each.post_id)  # another load of the table has planned it
        return LoadedRow(checked=each, result="there", post=plan.post if plan else None)

    def _at_a_later_time(self, each: CheckedRow, post: Post, error: PunctualError) -> LoadedRow:
        """Schedule a row whose free time was refused, because it has come meanwhile, at the next one."""
        free_times = self._application.free_times
        if post.due_at is not None:
            free_times.release(post, post.due_at)
        if not isinstance(error, TooSoon):
            return self._failed(each, error, None)
        try:
            return LoadedRow(checked=each, result="created", post=free_times.schedule(post, earliest=post.due_at).post)
        except PunctualError as later:
            return self._failed(each, later, self._written([each]).get(each.post_id))

    def _failed(self, each: CheckedRow, error: PunctualError, plan: Plan | None) -> LoadedRow:
        result: LoadResult = "noted" if plan else "refused"
        return LoadedRow(
            checked=each, result=result, post=plan.post if plan else None, reason=str(error), hint=error.hint
        )

    def _written(self, rows: Sequence[CheckedRow]) -> dict[str, Plan | None]:
        """Return the plans of rows, as far as the ledger can be read."""
        with suppress(PunctualError):
            return self._application.ledger.pending([each.post_id for each in rows])
        return {}


def _due(each: CheckedRow) -> tuple[datetime, int]:
    due_at = each.post.due_at if each.post else None
    return due_at or datetime.max.replace(tzinfo=UTC), each.number


def _unchanged(each: CheckedRow) -> LoadedRow:
    result: LoadResult = "refused" if each.verdict == "create" else each.verdict
    return LoadedRow(checked=each, result=result, post=each.post, reason=each.reason, hint=each.hint)
