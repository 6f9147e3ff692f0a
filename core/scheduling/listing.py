"""The queue: what list_schedules says is still to go out, window by window."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from threading import Event
from typing import Any

from core.aws_errors import ScheduleGone, translated
from core.posts.models import Post
from core.posts.payload import ScheduleName, UnreadablePayload, read_scheduled

LISTED_AT_ONCE = 8
DETAILS_AT_ONCE = 16
DETAILS_KEPT = 2000
PAGE = 100
"""The most that one ListSchedules answer may hold."""
READ_ON = 4
"""Pages of one prefix that are read before it is split into finer ones."""
FEW_PAGES = 2
"""A group that fits into so many is read whole; that is one request for most people, where a year has many prefixes."""


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One schedule as a listing shows it: no more than its name and state say."""

    name: str
    post_id: str
    due_at: datetime | None
    enabled: bool
    modified_at: datetime


@dataclass(frozen=True, kw_only=True)
class Scheduled:
    """One schedule with the post that it carries; `post` is None where the payload is not readable."""

    listed: Listed
    post: Post | None


class Queue:
    """The schedules of one group, read through a boto3 scheduler client."""

    def __init__(self, scheduler: Any, group: str) -> None:
        self._scheduler = scheduler
        self._group = group
        self._details: dict[tuple[str, datetime], Scheduled] = {}

    def window(self, start: datetime, end: datetime, *, limit: int) -> list[Listed]:
        """Return the schedules due from `start` until before `end`, soonest first, then the repeating ones.

        At most `limit` one-time posts: the cost grows with what is returned, never with the whole queue.
        """
        few = self._all_if_few()
        if few is not None:
            once = _in_order([each for each in few if each.due_at and start <= each.due_at < end])
            return once[:limit] + _in_order([each for each in few if each.due_at is None])
        enough = Event()
        with ThreadPoolExecutor(max_workers=LISTED_AT_ONCE, thread_name_prefix="queue") as pool:
            try:
                repeating = pool.submit(lambda: list(chain.from_iterable(self._pages("repeat-", enough))))
                found = self._soonest(pool, start, end, limit, enough)
                return found + _in_order(repeating.result())
            finally:
                enough.set()

    def details(self, listed: Sequence[Listed]) -> list[Scheduled]:
        """Return the posts of the listed schedules, in their order; those that have left meanwhile are left out."""
        with ThreadPoolExecutor(max_workers=DETAILS_AT_ONCE, thread_name_prefix="details") as pool:
            return [found for found in pool.map(self._detail, listed) if found is not None]

    def _soonest(
        self, pool: ThreadPoolExecutor, start: datetime, end: datetime, limit: int, enough: Event
    ) -> list[Listed]:
        """Read prefix after prefix, some ahead of the one whose turn it is, until `limit` schedules are found."""
        found: list[Listed] = []
        ahead: deque[Future[list[Listed]]] = deque()
        coming = prefixes(start, end)
        while len(found) < limit:
            for prefix in islice(coming, LISTED_AT_ONCE - len(ahead)):
                ahead.append(pool.submit(self._under, prefix, start, end, limit, enough))
            if not ahead:
                break
            found += ahead.popleft().result()
        for superfluous in ahead:
            superfluous.cancel()
        return found[:limit]

    def _under(self, prefix: str, start: datetime, end: datetime, limit: int, enough: Event) -> list[Listed]:
        """Return the soonest `limit` or more schedules of a window whose names begin so, or all there are, in order.

        A prefix that holds much more is read in finer ones instead, so that a full day costs no more than is shown.
        """
        found: list[Listed] = []
        for number, page in enumerate(self._pages(prefix, enough), 1):
            found += [each for each in page if each.due_at and start <= each.due_at < end]
            if number > READ_ON and limit < READ_ON * PAGE and (finer := finer_prefixes(prefix, start, end)):
                return self._under_each(finer, start, end, limit, enough)
        return _in_order(found)

    def _under_each(self, finer: list[str], start: datetime, end: datetime, limit: int, enough: Event) -> list[Listed]:
        found: list[Listed] = []
        for prefix in finer:
            if len(found) < limit and not enough.is_set():
                found += self._under(prefix, start, end, limit - len(found), enough)
        return found

    def _all_if_few(self) -> list[Listed] | None:
        """Return all our schedules, in any order; None if there are many."""
        pages = self._scheduler.get_paginator("list_schedules").paginate(
            GroupName=self._group, PaginationConfig={"PageSize": PAGE}
        )
        found: list[Listed] = []
        with translated():
            for number, page in enumerate(pages, 1):
                found += _ours(page)
                if number == FEW_PAGES and "NextToken" in page:
                    return None
        return found

    def _pages(self, prefix: str, enough: Event) -> Iterator[list[Listed]]:
        """Yield our schedules whose names begin so, page by page, in any order; not all, once there are `enough`."""
        pages = self._scheduler.get_paginator("list_schedules").paginate(
            GroupName=self._group, NamePrefix=prefix, PaginationConfig={"PageSize": PAGE}
        )
        with translated():
            for page in pages:
                yield _ours(page)
                if enough.is_set():
                    break

    def _detail(self, listed: Listed) -> Scheduled | None:
        key = (listed.name, listed.modified_at)
        known = self._details.get(key)
        if known is not None:
            return known
        try:
            with translated():
                found = self._scheduler.get_schedule(Name=listed.name, GroupName=self._group)
        except ScheduleGone:
            return None
        try:
            post = read_scheduled(found)
        except UnreadablePayload:
            post = None
        if len(self._details) >= DETAILS_KEPT:
            self._details.clear()
        scheduled = Scheduled(listed=listed, post=post)
        self._details[key] = scheduled
        return scheduled


def prefixes(start: datetime, end: datetime) -> Iterator[str]:
    """Yield the name prefixes that cover the UTC hours, days and months from `start` until before `end`, in order.

    Hours for a window of up to six, whole months where the window holds them later than in a week, days elsewhere:
    the soonest posts are not to wait for a month of others.
    """
    at = start.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    by_hour = end - start <= timedelta(hours=6)
    soon = at + timedelta(days=7)
    while at < end:
        if by_hour:
            yield f"post-{at:%Y%m%dT%H}"
            at += timedelta(hours=1)
            continue
        at = at.replace(hour=0)
        next_month = (at.replace(day=1) + timedelta(days=32)).replace(day=1)
        if at.day == 1 and soon <= at and next_month <= end:
            yield f"post-{at:%Y%m}"
            at = next_month
        else:
            yield f"post-{at:%Y%m%d}"
            at += timedelta(days=1)


def finer_prefixes(prefix: str, start: datetime, end: datetime) -> list[str]:
    """Return the prefixes that are one digit longer and meet a window, in order; none if all instants are alike."""
    stamp = prefix.removeprefix("post-")
    if len(stamp) == len("20261124T080000"):
        return []
    base = f"{prefix}T" if len(stamp) == len("20261124") else prefix
    first, last = (f"post-{limit.astimezone(UTC):%Y%m%dT%H%M%S}"[: len(base) + 1] for limit in (start, end))
    highest = _HIGHEST_TENS.get(len(base) - len("post-"), 9)
    return [finer for digit in range(highest + 1) if first <= (finer := f"{base}{digit}") <= last]


_HIGHEST_TENS = {4: 1, 6: 3, 9: 2, 11: 5, 13: 5}
"""The highest tens digit of months, days, hours, minutes and seconds, by where in `20261124T080000` it stands."""


def _ours(page: dict[str, Any]) -> list[Listed]:
    """Return what of an answer bears names of ours."""
    named = [(ScheduleName.read(summary["Name"]), summary) for summary in page["Schedules"]]
    return [_listed(name, summary) for name, summary in named if name is not None]


def _in_order(listed: list[Listed]) -> list[Listed]:
    return sorted(listed, key=lambda each: each.name)


def _listed(name: ScheduleName, summary: dict[str, Any]) -> Listed:
    return Listed(
        name=summary["Name"],
        post_id=name.post_id,
        due_at=name.due_at,
        enabled=summary["State"] == "ENABLED",
        modified_at=summary["LastModificationDate"],
    )
