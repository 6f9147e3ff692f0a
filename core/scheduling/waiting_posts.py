"""The posts that wait for a person: unsuccessful ones, and those that cannot go out as they are."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from core.ledger.history import Run, needing_decision, overdue, run_of, runs
from core.ledger.port import OPEN_STATES, Ledger, Plan
from core.ledger.post_state import StateName, planned_state
from core.posts.destinations import Destination
from core.scheduling.missing_runs import SERIES_LIMIT, missing_runs
from core.scheduling.upcoming import CLOCK_SKEW
from core.time.instants import Clock

RUNS_LOOKED_AT = 1000
"""The most runs, latest due first, that a full scan reads by default."""
LATEST_RUNS = 50
"""The runs that each scan between two full ones reads."""
QUEUED_LOOKED_AT = 100
"""The most posts of each kind that are read from the queue."""
FULL_SCAN_INTERVAL = timedelta(minutes=10)
STUCK_STATES: frozenset[StateName] = frozenset({"not armed", "needs a time"})


@dataclass(frozen=True, kw_only=True)
class WaitingPost:
    """A post that waits. `place` is the page that shows it with the actions."""

    key: str
    post_id: str
    due_at: datetime | None
    state: StateName
    text: str
    destinations: tuple[Destination, ...]
    reason: str | None
    place: str


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """The posts that wait for a person, those of History first, latest due first.

    `runs` are those of History. `runs_searched` is set if there may be older ones that wait: how many were looked at.
    """

    posts: tuple[WaitingPost, ...]
    runs: tuple[Run, ...] = ()
    runs_searched: int | None = None

    def count(self, place: str) -> int:
        """Return how many of them a page shows."""
        return sum(each.place == place for each in self.posts)

    @property
    def states(self) -> Counter[str]:
        """How many posts have each state."""
        return Counter(each.state for each in self.posts)


HISTORY, QUEUE = "history", "queue"


class WaitingPosts:
    """Finds the posts that wait, at most once per interval, for all readers of this process.

    A full scan reads `runs_looked_at` runs, each scan between two full ones the latest runs. Every scan also reads the
    runs that waited at the one before. A paused post whose time has passed does not wait: a person paused it.
    """

    def __init__(
        self, ledger: Ledger, clock: Clock, interval: timedelta, *, runs_looked_at: int = RUNS_LOOKED_AT
    ) -> None:
        self._runs_looked_at = runs_looked_at
        self._ledger = ledger
        self._clock = clock
        self._interval = interval
        self._lock = Lock()
        self._found = Waiting(posts=())
        self._scanned_at: datetime | None = None
        self._full_scan_at: datetime | None = None
        self._waiting_runs: set[str] = set()
        self._runs_searched: int | None = None

    def read(self) -> Waiting:
        """Return the posts that wait, of the last scan while another thread scans.

        Raises the errors of the ledger. The next scan is then an interval later too.
        """
        now = self._clock()
        if _is_recent(self._scanned_at, now, self._interval) or not self._lock.acquire(blocking=False):
            return self._found
        try:
            self._scanned_at = now
            begun, queued = self._ledger.concurrent.all(
                lambda: self._runs(now), lambda: queued_waiting(self._ledger, now)
            )
            self._found = Waiting(
                posts=(*map(_of_run, begun), *queued), runs=tuple(begun), runs_searched=self._runs_searched
            )
            return self._found
        finally:
            self._lock.release()

    def read_with(self, latest: Sequence[Run]) -> Waiting:
        """Return the posts that wait as `read` does, scanned again if it differs from `latest`, runs read just now."""
        found, waiting = self.read(), {run.key for run in latest if run.waiting}
        if {run.key for run in found.runs} & {run.key for run in latest} == waiting:
            return found
        self.forget(*waiting)
        return self.read()

    def forget(self, *keys: str) -> None:
        """Scan at the next read, because a person has acted on a post. The runs with these `keys` may wait again."""
        self._waiting_runs = self._waiting_runs.union(keys)
        self._scanned_at = None

    def _runs(self, now: datetime) -> list[Run]:
        full = not _is_recent(self._full_scan_at, now, FULL_SCAN_INTERVAL)
        found = {run.key: run for run in runs(self._ledger, limit=self._runs_looked_at if full else LATEST_RUNS)}
        if full:
            self._full_scan_at = now
            self._runs_searched = self._runs_looked_at if len(found) == self._runs_looked_at else None
        found |= self._again(self._waiting_runs - found.keys())
        waiting = needing_decision(self._ledger, list(found.values()))
        self._waiting_runs = {run.key for run in waiting}
        return sorted(waiting, key=lambda run: (run.due_at, run.key), reverse=True)

    def _again(self, keys: Iterable[str]) -> dict[str, Run]:
        wanted = list(keys)
        return {each.key: run_of(each) for each in self._ledger.occurrences(wanted)} if wanted else {}


def queued_waiting(ledger: Ledger, now: datetime) -> list[WaitingPost]:
    """Return the posts of the queue that wait: those that never began, are not armed, or need a time.

    A series waits if its last run never began.
    """
    passed, unsettled, needing_time, late_series = ledger.concurrent.all(
        lambda: overdue(ledger, now, limit=QUEUED_LOOKED_AT),
        lambda: ledger.unsettled(changed_before=now + CLOCK_SKEW, limit=QUEUED_LOOKED_AT),
        lambda: ledger.needing_time(limit=QUEUED_LOOKED_AT),
        lambda: _late_series(ledger, now),
    )
    missing = [plan for plan in passed if plan.desired == "active"]
    stuck = [
        plan
        for plan in (*unsettled, *needing_time)
        if plan.desired in OPEN_STATES and planned_state(plan, now) in STUCK_STATES
    ]
    plans = {plan.post.post_id: plan for plan in (*missing, *stuck)}
    pending = ledger.pending(list(plans)) if plans else {}
    begun = {post_id for post_id, plan in pending.items() if plan is None}
    late = {plan.post.post_id for plan, _ in late_series}
    return [
        *(
            _of_plan(plan, plan.post.due_at, planned_state(plan, now))
            for post_id, plan in plans.items()
            if post_id not in begun | late
        ),
        *(_of_plan(plan, run, "missing") for plan, run in late_series),
    ]


def _late_series(ledger: Ledger, now: datetime) -> list[tuple[Plan, datetime]]:
    """Return the series whose last run is missing, with that run, the latest due first."""
    series = ledger.series(limit=SERIES_LIMIT)
    missing = missing_runs(ledger, series, now)
    found = [(plan, missing[plan.post.post_id]) for plan in series if plan.post.post_id in missing]
    return sorted(found, key=lambda pair: pair[1], reverse=True)


def _of_plan(plan: Plan, due_at: datetime | None, state: StateName) -> WaitingPost:
    return WaitingPost(
        key=plan.post.post_id,
        post_id=plan.post.post_id,
        due_at=due_at,
        state=state,
        text=plan.post.text,
        destinations=plan.post.destinations,
        reason=None,
        place=QUEUE,
    )


def _of_run(run: Run) -> WaitingPost:
    return WaitingPost(
        key=run.key,
        post_id=run.post_id,
        due_at=run.due_at,
        state=run.state,
        text=run.text,
        destinations=run.waiting,
        reason=run.error,
        place=HISTORY,
    )


def _is_recent(scanned_at: datetime | None, now: datetime, interval: timedelta) -> bool:
    """Return whether a scan is younger than an interval; not one of the future, after the clock was set back."""
    return scanned_at is not None and timedelta() <= now - scanned_at < interval
