"""The listing: the pending schedules of a group, window by window."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from threading import Event
from typing import Any

from core.aws_errors import ScheduleNotFound, translate_aws_errors
from core.posts.models import Post
from core.posts.payload import ScheduleName, UnreadablePayload, read_scheduled

LIST_THREADS = 8
DETAIL_THREADS = 16
DETAILS_CACHED = 2000
PAGE = 100
"""Schedules in one ListSchedules response at most (an AWS limit)."""
PAGES_BEFORE_SPLIT = 4
"""Pages of one prefix that are read before it is split into longer ones."""
SMALL_GROUP_PAGES = 2
"""Pages of a small group, which is read whole: for most people one request, where a year has many prefixes."""


@dataclass(frozen=True, kw_only=True)
class ListedSchedule:
    """One schedule of a ListSchedules response: what its name and state tell."""

    name: str
    post_id: str
    due_at: datetime | None
    enabled: bool
    modified_at: datetime


@dataclass(frozen=True, kw_only=True)
class ScheduleDetail:
    """One schedule with its post; `post` is None if the payload is unreadable."""

    listed: ListedSchedule
    post: Post | None


class ScheduleListing:
    """Reads the schedules of one group through a boto3 scheduler client."""

    def __init__(self, scheduler: Any, group: str) -> None:
        self._scheduler = scheduler
        self._group = group
        self._details: dict[tuple[str, datetime], ScheduleDetail] = {}

    def window(self, start: datetime, end: datetime, *, limit: int) -> list[ListedSchedule]:
        """Return the one-time schedules due from `start` until before `end`, soonest first, then the repeating ones.

        Returns `limit` one-time schedules at most: the cost grows with the result, not with the group.
        """
        small = self._all_if_small()
        if small is not None:
            once = _sorted([each for each in small if each.due_at and start <= each.due_at < end])
            return once[:limit] + _sorted([each for each in small if each.due_at is None])
        stop = Event()
        with ThreadPoolExecutor(max_workers=LIST_THREADS, thread_name_prefix="listing") as pool:
            try:
                repeating = pool.submit(lambda: list(chain.from_iterable(self._pages("repeat-", stop))))
                soonest = self._soonest(pool, start, end, limit, stop)
                return soonest + _sorted(repeating.result())
            finally:
                stop.set()

    def details(self, listed: Sequence[ListedSchedule]) -> list[ScheduleDetail]:
        """Return the listed schedules with their posts, in the same order, without those deleted meanwhile."""
        with ThreadPoolExecutor(max_workers=DETAIL_THREADS, thread_name_prefix="details") as pool:
            return [found for found in pool.map(self._detail, listed) if found is not None]

    def _soonest(
        self, pool: ThreadPoolExecutor, start: datetime, end: datetime, limit: int, stop: Event
    ) -> list[ListedSchedule]:
        """Read the prefixes of a window in order, several ahead, until `limit` schedules are found."""
        found: list[ListedSchedule] = []
        ahead: deque[Future[list[ListedSchedule]]] = deque()
        remaining = prefixes(start, end)
        while len(found) < limit:
            for prefix in islice(remaining, LIST_THREADS - len(ahead)):
                ahead.append(pool.submit(self._under, prefix, start, end, limit, stop))
            if not ahead:
                break
            found += ahead.popleft().result()
        for superfluous in ahead:
            superfluous.cancel()
        return found[:limit]

    def _under(self, prefix: str, start: datetime, end: datetime, limit: int, stop: Event) -> list[ListedSchedule]:
        """Return the schedules of a window under a prefix, soonest first: `limit` or more, or all of them.

        A prefix with many more schedules is read by longer prefixes, so a full day costs no more than the result.
        """
        found: list[ListedSchedule] = []
        for number, page in enumerate(self._pages(prefix, stop), 1):
            found += [each for each in page if each.due_at and start <= each.due_at < end]
            if number > PAGES_BEFORE_SPLIT and limit < PAGES_BEFORE_SPLIT * PAGE:
                longer = longer_prefixes(prefix, start, end)
                if longer:
                    return self._under_each(longer, start, end, limit, stop)
        return _sorted(found)

    def _under_each(
        self, longer: list[str], start: datetime, end: datetime, limit: int, stop: Event
    ) -> list[ListedSchedule]:
        found: list[ListedSchedule] = []
        for prefix in longer:
            if len(found) < limit and not stop.is_set():
                found += self._under(prefix, start, end, limit - len(found), stop)
        return found

    def _all_if_small(self) -> list[ListedSchedule] | None:
        """Return all schedules of the product in any order; None if the group has more than SMALL_GROUP_PAGES."""
        found: list[ListedSchedule] = []
        with translate_aws_errors():
            for number, page in enumerate(self._responses(), 1):
                found += _listed(page)
                if number == SMALL_GROUP_PAGES and "NextToken" in page:
                    return None
        return found

    def _pages(self, prefix: str, stop: Event) -> Iterator[list[ListedSchedule]]:
        """Yield the product's schedules under a prefix page by page, in any order, until `stop` is set."""
        with translate_aws_errors():
            for page in self._responses(NamePrefix=prefix):
                yield _listed(page)
                if stop.is_set():
                    break

    def _responses(self, **filters: str) -> Iterator[dict[str, Any]]:
        """Yield the ListSchedules responses for the group, page by page."""
        pages = self._scheduler.get_paginator("list_schedules").paginate(
            GroupName=self._group, PaginationConfig={"PageSize": PAGE}, **filters
        )
        yield from pages

    def _detail(self, listed: ListedSchedule) -> ScheduleDetail | None:
        key = (listed.name, listed.modified_at)
        known = self._details.get(key)
        if known is not None:
            return known
        try:
            with translate_aws_errors():
                found = self._scheduler.get_schedule(Name=listed.name, GroupName=self._group)
        except ScheduleNotFound:
            return None
        try:
            post = read_scheduled(found)
        except UnreadablePayload:
            post = None
        if len(self._details) >= DETAILS_CACHED:
            self._details.clear()
        detail = ScheduleDetail(listed=listed, post=post)
        self._details[key] = detail
        return detail


def prefixes(start: datetime, end: datetime) -> Iterator[str]:
    """Yield the name prefixes that cover the UTC hours, days and months from `start` until before `end`, in order.

    A window of up to six hours has hours. A longer one has days, and whole months from a week ahead on: the soonest
    posts do not wait for a month of others.
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


def longer_prefixes(prefix: str, start: datetime, end: datetime) -> list[str]:
    """Return the prefixes with one more digit that overlap a window, in order; none for a whole instant."""
    stamp = prefix.removeprefix("post-")
    if len(stamp) == len("20261124T080000"):
        return []
    base = f"{prefix}T" if len(stamp) == len("20261124") else prefix
    first, last = (f"post-{limit.astimezone(UTC):%Y%m%dT%H%M%S}"[: len(base) + 1] for limit in (start, end))
    return [longer for digit in range(10) if first <= (longer := f"{base}{digit}") <= last]


def _listed(page: dict[str, Any]) -> list[ListedSchedule]:
    """Return the schedules of a response whose names are the product's."""
    named = [(ScheduleName.parse(summary["Name"]), summary) for summary in page["Schedules"]]
    return [
        ListedSchedule(
            name=summary["Name"],
            post_id=name.post_id,
            due_at=name.due_at,
            enabled=summary["State"] == "ENABLED",
            modified_at=summary["LastModificationDate"],
        )
        for name, summary in named
        if name is not None
    ]


def _sorted(listed: list[ListedSchedule]) -> list[ListedSchedule]:
    return sorted(listed, key=lambda each: each.name)
