"""The listing: the pending schedules of a group, window by window."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from threading import Event, Lock
from typing import Any

from core.aws_errors import ScheduleNotFound, translate_aws_errors
from core.posts.models import Post
from core.posts.payload import ScheduleName, UnreadablePayload, read_scheduled

LIST_THREADS = 8
DETAIL_THREADS = 16
DETAILS_CACHED = 2000
PAGE = 100
"""The most schedules in one ListSchedules response (an AWS limit)."""
PAGES_BEFORE_SPLIT = 4
"""The fewest pages that are read of one prefix before it is split into longer ones."""
SMALL_GROUP_PAGES = 5
"""The most pages of a group that is read whole. A year has more prefixes than that."""
LARGE_GROUP_WINDOWS = 20
"""The windows that are read by prefixes after a group was too large, until its size is looked at again."""
HOUR_PREFIX = "post-20261124T08"
"""An example of the prefix of an hour."""
FIRST_PREFIXES = 2
"""The prefixes that are read at first. More are read at once, up to LIST_THREADS, while the result is incomplete."""


@dataclass(frozen=True, kw_only=True)
class ListedSchedule:
    """One schedule of a ListSchedules response. `due_at` is None for a repeating post."""

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

    def __init__(self, scheduler: Any, group: str, *, sorted_by_name: bool = False, fires_ahead: bool = False) -> None:
        """With `sorted_by_name`, the scheduler lists the names in order. AWS does not promise an order.

        With `fires_ahead`, a schedule may fire, and be deleted, before its post is due.
        """
        self._scheduler = scheduler
        self._group = group
        self.sorted_by_name = sorted_by_name
        self.fires_ahead = fires_ahead
        self._large_for = 0
        self._full_prefixes: set[str] = set()
        self._details: dict[tuple[str, datetime], ScheduleDetail] = {}
        self._details_lock = Lock()

    def window(self, start: datetime, end: datetime, *, limit: int) -> list[ListedSchedule]:
        """Return the one-time schedules due from `start` until before `end`, soonest first, then the repeating ones.

        Returns at most `limit` one-time schedules. The cost grows with the result, not with the group.
        """
        whole_group = self._all_if_small()
        if whole_group is not None:
            one_time = _sorted([each for each in whole_group if each.due_at and start <= each.due_at < end])
            return one_time[:limit] + _sorted([each for each in whole_group if each.due_at is None])
        stop = Event()
        if self.sorted_by_name:  # the requests stay in this process, so several at once would be no faster
            soonest = self._first_in_order(prefixes(start, end), start, end, limit)
            return soonest + _sorted(list(chain.from_iterable(self._pages("repeat-", stop))))
        with ThreadPoolExecutor(max_workers=LIST_THREADS, thread_name_prefix="listing") as pool:
            try:
                repeating = pool.submit(lambda: list(chain.from_iterable(self._pages("repeat-", stop))))
                soonest = self._soonest(pool, start, end, limit, stop)
                return soonest + _sorted(repeating.result())
            finally:
                stop.set()

    def details(self, listed: Sequence[ListedSchedule]) -> list[ScheduleDetail]:
        """Return the listed schedules with their posts, in the same order. Schedules deleted meanwhile are left out."""
        with ThreadPoolExecutor(max_workers=DETAIL_THREADS, thread_name_prefix="details") as pool:
            return [found for found in pool.map(self._detail, listed) if found is not None]

    def _first_in_order(
        self, ordered: Iterable[str], start: datetime, end: datetime, limit: int
    ) -> list[ListedSchedule]:
        """Return the first `limit` schedules of a window from a scheduler that lists names in order.

        The day or the hours in which the window begins are split if they have schedules from before, and an hour if it
        has a page of them.
        """
        found: list[ListedSchedule] = []
        for prefix in ordered:
            if len(found) >= limit:
                break
            longer = longer_prefixes(prefix, start, end)
            if len(prefix) < len(HOUR_PREFIX) and longer and self._begins_before(prefix, start):
                found += self._first_in_order(longer, start, end, limit - len(found))
                continue
            for page in self._pages(prefix, Event(), size=min(PAGE, max(1, limit - len(found)))):
                found += [each for each in page if each.due_at and start <= each.due_at < end]
                if len(found) >= limit:
                    break
                if longer and page and page[-1].due_at and page[-1].due_at < start:
                    found += self._first_in_order(longer, start, end, limit - len(found))
                    break
        return found[:limit]

    def _begins_before(self, prefix: str, instant: datetime) -> bool:
        """Return whether the first schedule of the prefix is due before the instant. One request, or none."""
        if not f"post-{instant.astimezone(UTC):%Y%m%dT%H%M%S}".startswith(prefix):
            return False
        first = next(self._pages(prefix, Event(), size=1), [])
        return any(each.due_at and each.due_at < instant for each in first)

    def _soonest(
        self, pool: ThreadPoolExecutor, start: datetime, end: datetime, limit: int, stop: Event
    ) -> list[ListedSchedule]:
        """Return the first `limit` schedules of a window. Reads its prefixes in order, several at once."""
        found: list[ListedSchedule] = []
        ahead: deque[Future[list[ListedSchedule]]] = deque()
        remaining, at_once = prefixes(start, end), FIRST_PREFIXES
        while len(found) < limit:
            for prefix in islice(remaining, at_once - len(ahead)):
                ahead.append(pool.submit(self._with_prefix, prefix, start, end, limit, stop))
            if not ahead:
                break
            found += ahead.popleft().result()
            at_once = min(2 * at_once, LIST_THREADS)
        for unneeded in ahead:
            unneeded.cancel()
        return found[:limit]

    def _with_prefix(
        self, prefix: str, start: datetime, end: datetime, limit: int, stop: Event
    ) -> list[ListedSchedule]:
        """Return the schedules of a window with a prefix, soonest first: all of them, or at least `limit`.

        A prefix with many more schedules is split into longer ones, so a full day costs no more than the result. The
        next windows split it at once.
        """
        longer = longer_prefixes(prefix, start, end)
        if longer and prefix in self._full_prefixes:
            return self._with_prefixes(longer, start, end, limit, stop)
        found: list[ListedSchedule] = []
        most_pages = max(PAGES_BEFORE_SPLIT, limit // PAGE // 2)
        for number, page in enumerate(self._pages(prefix, stop), 1):
            found += [each for each in page if each.due_at and start <= each.due_at < end]
            if longer and number > most_pages:
                self._full_prefixes.add(prefix)
                return self._with_prefixes(longer, start, end, limit, stop)
        return _sorted(found)

    def _with_prefixes(
        self, ordered: list[str], start: datetime, end: datetime, limit: int, stop: Event
    ) -> list[ListedSchedule]:
        found: list[ListedSchedule] = []
        for prefix in ordered:
            if len(found) < limit and not stop.is_set():
                found += self._with_prefix(prefix, start, end, limit - len(found), stop)
        return found

    def _all_if_small(self) -> list[ListedSchedule] | None:
        """Return all schedules of Punctual in any order, or None if the group has more than SMALL_GROUP_PAGES."""
        if self._large_for:
            self._large_for -= 1
            return None
        self._full_prefixes.clear()
        found: list[ListedSchedule] = []
        with translate_aws_errors():
            for number, page in enumerate(self._responses(PAGE), 1):
                found += _listed(page)
                if number == SMALL_GROUP_PAGES and "NextToken" in page:
                    self._large_for = LARGE_GROUP_WINDOWS
                    return None
        return found

    def _pages(self, prefix: str, stop: Event, size: int = PAGE) -> Iterator[list[ListedSchedule]]:
        """Yield Punctual's schedules with a prefix page by page, in the scheduler's order, until `stop` is set."""
        with translate_aws_errors():
            for page in self._responses(size, NamePrefix=prefix):
                yield _listed(page)
                if stop.is_set():
                    break

    def _responses(self, size: int, **filters: str) -> Iterator[dict[str, Any]]:
        """Yield the ListSchedules responses for the group, page by page."""
        pages = self._scheduler.get_paginator("list_schedules").paginate(
            GroupName=self._group, PaginationConfig={"PageSize": size}, **filters
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
        detail = ScheduleDetail(listed=listed, post=post)
        with self._details_lock:
            self._details[key] = detail
            while len(self._details) > DETAILS_CACHED:
                del self._details[next(iter(self._details))]
        return detail


def prefixes(start: datetime, end: datetime) -> Iterator[str]:
    """Yield the name prefixes that cover the time from `start` until before `end`, in order.

    A window of up to six hours gets a prefix per UTC hour. A longer window gets a prefix per day, and a prefix per
    whole month after its first week, so that the soonest posts do not wait for a month of others.
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
    """Return the prefixes with one more digit that overlap a window, in order. A complete instant has none."""
    stamp = prefix.removeprefix("post-")
    if len(stamp) == len("20261124T080000"):
        return []
    base = f"{prefix}T" if len(stamp) == len("20261124") else prefix
    first, last = (f"post-{limit.astimezone(UTC):%Y%m%dT%H%M%S}"[: len(base) + 1] for limit in (start, end))
    digits = range(1 + _highest_digit(base.removeprefix("post-")))
    return [longer for digit in digits if first <= (longer := f"{base}{digit}") <= last]


def _highest_digit(stamp: str) -> int:
    """Return the highest digit that can follow the beginning of a stamp `20261124T080000`."""
    match len(stamp):
        case 4 | 6:
            return 1 if len(stamp) == 4 else 3
        case 9:
            return 2
        case 10:
            return 3 if stamp.endswith("2") else 9
        case 11 | 13:
            return 5
    return 9


def _listed(page: dict[str, Any]) -> list[ListedSchedule]:
    """Return the schedules of a response whose names have Punctual's form."""
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
