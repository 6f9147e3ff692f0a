"""The queue, the calendar and History, read once for all browser sessions of a process."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from core.ledger.history import Run, runs
from core.ledger.port import Ledger
from core.ledger.refusals import UnknownPost
from core.scheduling.calendar_view import CalendarWindow, calendar_view, near_entries
from core.scheduling.insights import PastRuns, past_runs
from core.scheduling.listing import ScheduleListing
from core.scheduling.missing_runs import SERIES_LIMIT, missing_runs
from core.scheduling.shared_reads import SharedReads
from core.scheduling.upcoming import (
    QueueEntry,
    QueueWindow,
    ledger_entry,
    next_run,
    passed_while_paused,
    planned,
    read_planned,
    upcoming,
    without_schedule,
)
from core.time.instants import Clock

SOON = timedelta(minutes=1)
"""While a post is due within this time, or is going out, the pages are refreshed often."""
OFTEN, SELDOM = timedelta(seconds=2), timedelta(seconds=15)
"""How often a page is refreshed."""
INSIGHTS_KEPT = timedelta(minutes=1)
"""How long the runs of the insights are kept, whatever changes. They are many."""
LATEST_RUNS = 10
"""The latest runs that may still be going out."""
SEARCHED, SEARCHED_ON_AWS = 10_000, 1000
"""The soonest posts that a search looks at. On AWS, it reads them from the scheduler."""
PASSED_LIMIT = 1000
"""The most posts whose time passed while they were paused."""
SERIES_COUNTED = 1000
"""The most repeating posts that are searched for ended ones, which the queue does not list."""
PLANS_KEPT = timedelta(minutes=10)
"""How long the plans that a search looks at are kept while nothing changes. Reading 10,000 takes half a second."""
RECENT = timedelta(minutes=10)
"""How long after its due instant a post that is still tried counts as going out."""


class PostViews:
    """The reads that pages repeat. A change by this process, and on one machine by any, ends what is kept."""

    def __init__(
        self,
        listing: ScheduleListing,
        ledger: Ledger,
        change_count: Callable[[], object],
        clock: Clock,
        ledger_change_count: Callable[[], object] | None = None,
    ) -> None:
        """`change_count` is that of SharedReads, and `ledger_change_count` that of the ledger alone, if it has one."""
        self._listing = listing
        self._ledger = ledger
        self._clock = clock
        self._reads = SharedReads(change_count, clock)
        self._ledger_reads = SharedReads(ledger_change_count or change_count, clock)
        self._slow_reads = SharedReads(lambda: 0, clock)

    def refresh_interval(self) -> timedelta:
        """Return OFTEN while a post is due within SOON or is going out, else SELDOM."""
        soon = self._reads.get("soon", self._is_soon, kept_for=OFTEN)
        return OFTEN if soon else SELDOM

    def upcoming(self, end: datetime, *, limit: int, start: datetime | None = None) -> QueueWindow:
        """Return the posts of the queue; see `upcoming`."""
        return self._reads.get(
            ("upcoming", start, end, limit),
            lambda: upcoming(self._listing, self._ledger, self._clock(), end, limit=limit, start=start),
            kept_for=self.refresh_interval(),
        )

    @property
    def searched(self) -> int:
        """The number of posts, soonest due first, that `searchable` returns at most."""
        return SEARCHED if self._listing.sorted_by_name else SEARCHED_ON_AWS

    def searchable(self, end: datetime, *, start: datetime | None = None, words: tuple[str, ...] = ()) -> QueueWindow:
        """Return the posts of the queue that a search looks at. One machine reads them from the ledger.

        One-time posts that lack one of the case-folded `words` may be left out.
        """
        if not self._listing.sorted_by_name:
            return self.upcoming(end, limit=self.searched, start=start)
        return self._ledger_reads.get(
            ("searchable", start, end, words),
            lambda: self._planned(start, end, words),
            kept_for=self.refresh_interval(),
        )

    def total(self) -> int:
        """Return how many posts the queue has: active and paused ones that have not begun, and series with a run."""
        return self._ledger_reads.get("total", self._count, kept_for=self.refresh_interval())

    def passed(self) -> list[QueueEntry]:
        """Return the posts whose time passed while they were paused; see `passed_while_paused`."""
        return self._ledger_reads.get(
            "passed",
            lambda: passed_while_paused(self._ledger, self._clock(), limit=PASSED_LIMIT),
            kept_for=self.refresh_interval(),
        )

    def unarmed(self) -> list[QueueEntry]:
        """Return the posts that may have no schedule; see `without_schedule`."""
        return self._ledger_reads.get(
            "unarmed", lambda: without_schedule(self._ledger, self._clock()), kept_for=self.refresh_interval()
        )

    def calendar(self, start: datetime, end: datetime, days: Sequence[datetime]) -> CalendarWindow:
        """Return the posts of a period of these days; see `calendar_view`."""
        return self._calendar(start, end, tuple(days) if self._listing.sorted_by_name else (), None)

    def day(self, start: datetime, end: datetime, *, limit: int) -> CalendarWindow:
        """Return at most `limit` past posts of a day, and as many coming ones."""
        return self._calendar(start, end, (), limit)

    def near(self, start: datetime, end: datetime, *, limit: int) -> list[QueueEntry]:
        """Return the posts of a period; see `near_entries`."""
        return self._ledger_reads.get(
            ("near", start, end, limit),
            lambda: near_entries(self._ledger, start, end, self._clock(), limit=limit),
            kept_for=SELDOM,
        )

    def _calendar(
        self, start: datetime, end: datetime, days: tuple[datetime, ...], limit: int | None
    ) -> CalendarWindow:
        def read() -> CalendarWindow:
            return calendar_view(self._listing, self._ledger, start, end, self._clock(), days=days, limit=limit)

        return self._reads.get(("calendar", start, end, days, limit), read, kept_for=self.refresh_interval())

    def history(self, *, limit: int) -> list[Run]:
        """Return the latest runs; see `runs`."""
        return self._ledger_reads.get(
            ("history", limit), lambda: runs(self._ledger, limit=limit), kept_for=self.refresh_interval()
        )

    def past_runs(self, start: datetime) -> PastRuns:
        """Return the runs since an instant, up to INSIGHTS_KEPT ago; see `past_runs`."""
        return self._slow_reads.get(
            start, lambda: past_runs(self._ledger, start, self._clock()), kept_for=INSIGHTS_KEPT
        )

    def entry(self, post_id: str) -> QueueEntry | None:
        """Return the entry of a post from the ledger, or None if the ledger does not know it."""
        return self._ledger_reads.get(
            ("entry", post_id), lambda: self._entry(post_id), kept_for=self.refresh_interval()
        )

    def _planned(self, start: datetime | None, end: datetime, words: tuple[str, ...]) -> QueueWindow:
        now = self._clock()
        first = max(start or now, now)
        plans = self._ledger_reads.get(
            ("plans", start, end, words),
            lambda: read_planned(self._ledger, first, end, limit=self.searched, words=words),
            kept_for=PLANS_KEPT,
        )
        missing = missing_runs(self._ledger, plans.series[:SERIES_LIMIT], now) if first == now else {}
        return planned(plans, missing, now, end)

    def _count(self) -> int:
        now = self._clock()
        series, count = self._ledger.concurrent.all(
            lambda: self._ledger.series(limit=SERIES_COUNTED), self._ledger.open_count
        )
        return int(count) - sum(next_run(plan.post, now) is None for plan in series)

    def _entry(self, post_id: str) -> QueueEntry | None:
        try:
            return ledger_entry(self._ledger, post_id, self._clock())
        except UnknownPost:
            return None

    def _is_soon(self) -> bool:
        """Look as far ahead as the next look may be late."""
        now = self._clock()
        window, latest = self._ledger.concurrent.all(
            lambda: upcoming(self._listing, self._ledger, now, now + SOON + SELDOM, limit=1),
            lambda: runs(self._ledger, limit=LATEST_RUNS),
        )
        going_out = any(each.state != "missing" for each in window.entries)
        return going_out or any(run.outcome.in_progress and run.due_at > now - RECENT for run in latest)
