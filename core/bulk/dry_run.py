"""The dry run of an import: what each row of a table becomes. Loading schedules exactly these posts."""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal

from core.application import Application
from core.bulk.columns import Column
from core.bulk.destination_names import AccountSnapshot
from core.bulk.free_slots import FreeSlots
from core.bulk.pictures import Pictures
from core.bulk.queued_posts import QueuedPosts, duplicate_key
from core.bulk.row_times import DateOrder, date_order, read_row_time
from core.bulk.rows import PostRow
from core.errors import PunctualError
from core.labels.label import stored_names
from core.ledger.port import Plan
from core.posts.models import ID_ALPHABET, LABELS_LIMIT, Media, Post
from core.publishing.composing import compose, suggest_time
from core.scheduling.free_times import NoFreeTime, NoPostingTimes
from core.scheduling.revisions import check_size
from core.scheduling.selection import TooManyLabelsOnPost
from core.scheduling.time_limits import TimeLimits
from core.time.instants import time_zone, wall_time
from core.time.written_refusals import WrittenTime

Verdict = Literal["create", "there", "duplicate", "refused"]
"""*there*: an earlier load of the file has scheduled the row. A *duplicate* is not scheduled, unless asked for."""
THREADS = 8
"""Rows whose pictures are read at the same time."""
ID_LENGTH, ID_BITS = 12, 5


class UnreadableRow(PunctualError):
    """A row has another number of cells than the table has columns."""

    hint = "Correct it in the file, or give the text here."


@dataclass(frozen=True, kw_only=True)
class LoadOptions:
    """What applies to every row. `zone`, `destinations` are for rows that name none; `labels` are added to each row.

    `order` None: the dates of the table tell it. With `duplicates`, they are scheduled too.
    """

    zone: str
    destinations: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    order: DateOrder | None = None
    duplicates: bool = False


@dataclass(frozen=True, kw_only=True)
class CheckedRow:
    """A row and its result: `post`, or None with the `reason` and its `hint`.

    `takes_free_time`: the row has no time, and `post` is due at the free posting time that is foreseen for it.
    `unsettled`: an earlier load ended before the scheduler had the post.
    """

    number: int
    row: PostRow
    post_id: str
    verdict: Verdict
    post: Post | None = None
    takes_free_time: bool = False
    unsettled: bool = False
    reason: str = ""
    hint: str = ""


@dataclass(frozen=True, kw_only=True)
class DryRun:
    """The checked rows in the order of the table, and their pictures."""

    rows: tuple[CheckedRow, ...]
    pictures: Pictures

    def count(self, verdict: Verdict) -> int:
        """Return how many rows have a verdict."""
        return sum(1 for each in self.rows if each.verdict == verdict)


def dry_run(
    application: Application,
    digest: str,
    rows: Sequence[PostRow],
    options: LoadOptions,
    pictures: Pictures | None = None,
    on_progress: Callable[[int], None] = lambda _: None,
) -> DryRun:
    """Return the result of each row. Writes nothing.

    `digest` is that of the table. `on_progress` gets the number of rows that are checked.
    """
    pictures = pictures or Pictures()
    return DryRun(rows=_Check(application, digest, rows, options, pictures).run(on_progress), pictures=pictures)


def row_id(digest: str, number: int, destinations: Collection[str]) -> str:
    """Return the id of the post of a row.

    It follows from the content of the file, the number of the row and the destinations for rows that name none. So a
    repeated load finds the posts of the first one, and the same file can be loaded for other accounts.
    """
    seed = "\n".join([digest, str(number), *sorted(destinations)])
    bits = int.from_bytes(hashlib.sha256(seed.encode()).digest())
    return "".join(ID_ALPHABET[bits >> ID_BITS * place & 31] for place in range(ID_LENGTH))


class _Check:
    """One dry run."""

    def __init__(
        self,
        application: Application,
        digest: str,
        rows: Sequence[PostRow],
        options: LoadOptions,
        pictures: Pictures,
    ) -> None:
        self._application = application
        self._digest = digest
        self._rows = rows
        self._options = options
        self._pictures = pictures
        self._accounts = AccountSnapshot(application.accounts.all())
        self._labels = application.all_labels()
        self._order = options.order or date_order(row.get(Column.WHEN) for row in rows)
        self._limits = TimeLimits(application.backend.minimum_notice, application.clock)
        self._now = application.clock()

    def run(self, on_progress: Callable[[int], None]) -> tuple[CheckedRow, ...]:
        """Check the rows one by one, then against the ledger and each other."""
        ids = [row_id(self._digest, row.number, self._options.destinations) for row in self._rows]
        planned = _in_batches(ids, self._application.ledger.pending)
        checked = []
        with ThreadPoolExecutor(THREADS, thread_name_prefix="dry-run") as pool:
            for each in pool.map(lambda row, post_id: self._first(row, post_id, planned), self._rows, ids):
                checked.append(each)
                on_progress(len(checked))
        return tuple(self._with_free_times(self._without_duplicates(checked)))

    def _first(self, row: PostRow, post_id: str, planned: Mapping[str, Plan | None]) -> CheckedRow:
        if post_id in planned:
            plan = planned[post_id]
            reason = "An earlier import has scheduled it."
            if plan is None:
                reason = "An earlier import has scheduled it. It was published, cancelled or exported since."
            return CheckedRow(
                number=row.number,
                row=row,
                post_id=post_id,
                verdict="there",
                post=plan.post if plan else None,
                unsettled=plan is not None and not plan.settled,
                reason=reason,
            )
        try:
            return self._composed(row, post_id)
        except PunctualError as error:
            return _refused(CheckedRow(number=row.number, row=row, post_id=post_id, verdict="refused"), error)

    def _composed(self, row: PostRow, post_id: str) -> CheckedRow:
        """Return a row with its post. Raises the errors of `compose`, of the time and of the pictures."""
        if row.problem:
            raise UnreadableRow(row.problem)
        post = self._post(row, post_id, self._pictures.media(row.pictures, row.alts))
        timed = bool(row.get(Column.WHEN))
        if timed:
            self._limits.check_time(post)
        check_size(post)
        return CheckedRow(
            number=row.number, row=row, post_id=post_id, verdict="create", post=post, takes_free_time=not timed
        )

    def _post(self, row: PostRow, post_id: str, media: Sequence[Media] = ()) -> Post:
        """Return the post of a row, whether or not its time has passed."""
        written = row.get(Column.WHEN)
        zone = row.get(Column.ZONE) or self._options.zone
        time_zone(zone)
        at = read_row_time(written, zone, self._order, self._now) if written else self._stand_in(zone)
        destinations = [self._accounts.named(name).destination for name in row.destinations]
        labels = stored_names(self._labels, [*row.labels, *self._options.labels])
        if len(labels) > LABELS_LIMIT:
            raise TooManyLabelsOnPost
        return compose(
            post_id=post_id,
            text=row.text,
            destinations=destinations or self._options.destinations,
            wall=at.wall,
            zone=at.zone,
            which=at.which,
            late_after_minutes=self._application.settings.late_after_minutes,
            accounts=self._accounts,
            networks=self._application.networks,
            media=media,
            labels=labels,
        )

    def _stand_in(self, zone: str) -> WrittenTime:
        """Return a time for the checks of a row that has none. Its free time takes the place later."""
        return WrittenTime(wall=wall_time(suggest_time(self._now), zone).replace(tzinfo=None), zone=zone, which=1)

    def _without_duplicates(self, checked: Sequence[CheckedRow]) -> list[CheckedRow]:
        """Return the rows; the duplicates among those with a post, of the queue or of an earlier row, are named so."""
        if self._options.duplicates:
            return list(checked)
        timed = [each.post for each in checked if each.verdict == "create" and each.post and not each.takes_free_time]
        queued = QueuedPosts(self._application, timed, any_time=any(_waits(each) for each in checked))
        first: dict[object, int] = {}
        for each in checked:
            if each.verdict == "there":
                self._note_loaded(each, first)
        found = []
        for each in checked:
            if each.verdict == "create" and each.post is not None:
                each = self._compared(each, each.post, queued, first)
            found.append(each)
        return found

    def _note_loaded(self, each: CheckedRow, first: dict[object, int]) -> None:
        """Note a row that an earlier load has scheduled: its duplicates stay so when the file is loaded again."""
        with suppress(PunctualError):  # such as of an account that was removed since
            for key in duplicate_key(self._post(each.row, each.post_id), timed=bool(each.row.get(Column.WHEN))):
                first.setdefault(key, each.number)

    def _compared(self, each: CheckedRow, post: Post, queued: QueuedPosts, first: dict[object, int]) -> CheckedRow:
        keys = duplicate_key(post, timed=not each.takes_free_time)
        reason = ""
        if queued.has(post, timed=not each.takes_free_time):
            at = "" if each.takes_free_time else " at this time"
            reason = f"The queue has a post with this text{at}."
        elif row := next((first[key] for key in keys if key in first), None):
            reason = f"Row {row:,} has the same text and time."
        if reason:
            return replace(each, verdict="duplicate", reason=reason)
        for key in keys:
            first.setdefault(key, each.number)
        return each

    def _with_free_times(self, checked: Sequence[CheckedRow]) -> list[CheckedRow]:
        """Return the rows; those without a time get the free times that the others leave."""
        slots = FreeSlots(self._application.free_times)
        for each in checked:
            if each.verdict == "create" and each.post and each.post.due_at and not each.takes_free_time:
                slots.take(each.post.due_at, each.post.accounts)
        return [self._with_free_time(each, each.post, slots) if _waits(each) else each for each in checked]

    def _with_free_time(self, each: CheckedRow, post: Post | None, slots: FreeSlots) -> CheckedRow:
        if post is None:
            return each
        try:
            at = slots.next(post.accounts)
        except (NoPostingTimes, NoFreeTime) as error:
            return _refused(replace(each, post=None), error)
        return replace(each, post=post.model_copy(update=at.members))


def _waits(each: CheckedRow) -> bool:
    return each.verdict == "create" and each.takes_free_time


def _refused(each: CheckedRow, error: PunctualError) -> CheckedRow:
    return replace(each, verdict="refused", reason=str(error), hint=error.hint)


def _in_batches(ids: Sequence[str], read: Callable[[Sequence[str]], dict[str, Plan | None]]) -> dict[str, Plan | None]:
    found: dict[str, Plan | None] = {}
    for start in range(0, len(ids), 500):
        found |= read(ids[start : start + 500])
    return found
