"""The dry run of an import: the result of each row of a table. Loading schedules exactly these posts."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal

from core.application import Application
from core.bulk.columns import Column
from core.bulk.free_slots import FreeSlots
from core.bulk.pictures import Pictures
from core.bulk.queued_posts import QueuedPosts, duplicate_key
from core.bulk.row_cautions import RowCautions
from core.bulk.row_identity import row_ids
from core.bulk.row_posts import LoadOptions, RowPosts, UnreadableRow
from core.bulk.rows import PostRow
from core.errors import PunctualError
from core.ledger.port import Plan
from core.posts.models import LinkCard, Post
from core.publishing.link_cards.wanted_card import wanted_link
from core.scheduling.cautions import Caution
from core.scheduling.free_times import NoFreeTime, NoPostingTimes
from core.scheduling.revisions import check_size
from core.scheduling.time_limits import TimeLimits

Verdict = Literal["create", "there", "duplicate", "refused"]
"""*there*: an earlier load of the file has scheduled the row. A *duplicate* is not scheduled, unless asked for."""
THREADS = 8
"""Rows whose pictures are read at the same time."""
CARD_SECONDS = 90.0
"""How long the link cards of a table may take. The rows whose page was not read by then go without a card."""


@dataclass(frozen=True, kw_only=True)
class CheckedRow:
    """A row and its result: `post`, or None with the `reason` and its `hint`.

    `takes_free_time`: the row has no time, and `post` is due at the free posting time that is foreseen for it.
    `unsettled`: an earlier load ended before the scheduler had the post. `cautions` do not keep a row from being
    scheduled, and neither does `no_card`, the reason why the card of its link could not be made.
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
    cautions: tuple[Caution, ...] = ()
    no_card: str = ""


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
    rows: Sequence[PostRow],
    options: LoadOptions,
    pictures: Pictures | None = None,
    on_progress: Callable[[int], None] = lambda _: None,
) -> DryRun:
    """Return the result of each row. Writes nothing. `on_progress` gets the number of rows that are checked."""
    pictures = pictures or Pictures()
    return DryRun(rows=_Check(application, rows, options, pictures).run(on_progress), pictures=pictures)


class _Check:
    """One dry run."""

    def __init__(
        self, application: Application, rows: Sequence[PostRow], options: LoadOptions, pictures: Pictures
    ) -> None:
        self._application = application
        self._rows = rows
        self._options = options
        self._pictures = pictures
        self._posts = RowPosts(application, rows, options)
        self._limits = TimeLimits(application.backend.minimum_notice, application.clock)

    def run(self, on_progress: Callable[[int], None]) -> tuple[CheckedRow, ...]:
        """Check the rows one by one, then against the ledger and each other."""
        options = self._options
        ids = row_ids(
            self._rows, options.destinations, self._posts.accounts, options.order, of_this_table=options.duplicates
        )
        planned = _in_batches(ids, self._application.ledger.pending)
        checked = []
        with ThreadPoolExecutor(THREADS, thread_name_prefix="dry-run") as pool:
            for each in pool.map(lambda row, post_id: self._first(row, post_id, planned), self._rows, ids):
                checked.append(each)
                on_progress(len(checked))
        found = self._with_free_times(self._without_duplicates(checked))
        return tuple(self._with_cautions(self._with_cards(found) if options.cards else found))

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
        post = self._posts.post(row, post_id, self._pictures.media(row.pictures, row.alts))
        timed = bool(row.get(Column.WHEN))
        if timed:
            self._limits.check_time(post)
        check_size(post)
        return CheckedRow(
            number=row.number, row=row, post_id=post_id, verdict="create", post=post, takes_free_time=not timed
        )

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
            for key in duplicate_key(self._posts.post(each.row, each.post_id), timed=bool(each.row.get(Column.WHEN))):
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

    def _with_cards(self, checked: Sequence[CheckedRow]) -> list[CheckedRow]:
        """Return the rows; those that will be scheduled have the cards of their links, each page read once."""
        networks = self._application.networks
        wanted = {
            each.number: url
            for each in checked
            if each.verdict == "create" and each.post and (url := wanted_link(each.post, networks))
        }
        if not wanted:
            return list(checked)
        cards = self._pictures.cards.fetched(dict.fromkeys(wanted.values()), seconds=CARD_SECONDS)
        return [
            _with_card(each, each.post, cards[wanted[each.number]]) if each.post and each.number in wanted else each
            for each in checked
        ]

    def _with_cautions(self, checked: Sequence[CheckedRow]) -> list[CheckedRow]:
        """Return the rows; those with a post have the warnings of the second look."""
        look = RowCautions(self._application, [each.post for each in checked if each.verdict == "create" and each.post])
        return [
            replace(each, cautions=look.of(each.post)) if each.verdict == "create" and each.post else each
            for each in checked
        ]


def _with_card(each: CheckedRow, post: Post, card: LinkCard | PunctualError) -> CheckedRow:
    try:
        if isinstance(card, LinkCard):
            with_card = post.model_copy(update={"card": card})
            check_size(with_card)
            return replace(each, post=with_card)
    except PunctualError as error:
        card = error
    return replace(each, no_card=str(card))


def _waits(each: CheckedRow) -> bool:
    return each.verdict == "create" and each.takes_free_time


def _refused(each: CheckedRow, error: PunctualError) -> CheckedRow:
    return replace(each, verdict="refused", reason=str(error), hint=error.hint)


def _in_batches(ids: Sequence[str], read: Callable[[Sequence[str]], dict[str, Plan | None]]) -> dict[str, Plan | None]:
    found: dict[str, Plan | None] = {}
    for start in range(0, len(ids), 500):
        found |= read(ids[start : start + 500])
    return found
