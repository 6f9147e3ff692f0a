"""History: one entry per occurrence that began, and the posts that never began."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.ledger.cursor import Cursor
from core.ledger.port import Ledger, Occurrence, Plan
from core.ledger.states import DestinationOutcome, OccurrenceOutcome, PublicationState, outcome
from core.posts.destinations import Destination
from core.posts.models import MAX_LATE_AFTER_MINUTES
from core.posts.payload import Payload

START_GRACE = timedelta(minutes=2)
"""The time from the due instant after which a post that has not begun is missing."""
UNSUCCESSFUL: frozenset[PublicationState] = frozenset({"refused", "failed", "missed", "unconfirmed"})
"""The states in which the user decides what to do next."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One occurrence and its outcome. `lag_ms` is the time from the due instant to the first publication."""

    key: str
    post_id: str
    text: str
    due_at: datetime
    zone: str
    destinations: tuple[Destination, ...]
    state: PublicationState
    published_at: datetime | None
    lag_ms: int | None
    url: str | None
    error: str | None
    attempts: int
    outcome: OccurrenceOutcome
    payload: Payload

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the post's labels at that time."""
        return self.payload.labels

    @property
    def cursor(self) -> Cursor:
        """The position of this run: the next page begins after it."""
        return Cursor(due_at=self.due_at, key=self.key)

    @property
    def retriable(self) -> tuple[Destination, ...]:
        """The destinations that the user may retry."""
        return tuple(each.destination for each in self.outcome.destinations if each.state in UNSUCCESSFUL)

    @property
    def waiting(self) -> tuple[Destination, ...]:
        """The destinations that wait for the user: unsuccessful ones that were not set aside."""
        found = self.outcome.destinations
        return tuple(each.destination for each in found if each.state in UNSUCCESSFUL and not each.set_aside)


def run_of(occurrence: Occurrence) -> Run:
    """Return an occurrence with its outcome."""
    found = outcome(occurrence)
    published_at = found.published_at
    return Run(
        key=occurrence.key,
        post_id=occurrence.payload.post_id,
        text=occurrence.payload.text,
        due_at=occurrence.due_at,
        zone=occurrence.payload.zone,
        destinations=occurrence.payload.destinations,
        state=found.state,
        published_at=published_at,
        lag_ms=(published_at - occurrence.due_at) // timedelta(milliseconds=1) if published_at else None,
        url=found.url,
        error=found.reason,
        attempts=found.attempts,
        outcome=found,
        payload=occurrence.payload,
    )


def lag_of(run: Run, each: DestinationOutcome) -> int | None:
    """Return the milliseconds from the due instant to a publication; None if it is not published."""
    if each.state != "published" or each.at is None:
        return None
    return (each.at - run.due_at) // timedelta(milliseconds=1)


def runs(ledger: Ledger, *, after: Cursor | None = None, limit: int) -> list[Run]:
    """Return one page of History, latest due first."""
    return [run_of(occurrence) for occurrence in ledger.history(after=after, limit=limit)]


def all_runs(ledger: Ledger, *, after: Cursor | None = None, page: int = 500) -> Iterator[Run]:
    """Yield every run after a position, latest due first, and read the pages on demand."""
    while found := runs(ledger, after=after, limit=page):
        yield from found
        after = found[-1].cursor


def needing_decision(ledger: Ledger, found: Sequence[Run]) -> list[Run]:
    """Return the runs that were unsuccessful and not set aside, and whose one-time posts were not changed since."""
    return _unchanged(ledger, [run for run in found if run.waiting])


def runs_again(ledger: Ledger, keys: Sequence[str]) -> list[Run]:
    """Return the current runs of some keys, without those that left History because their posts were changed."""
    return _unchanged(ledger, list(map(run_of, ledger.occurrences(keys)))) if keys else []


def overdue(ledger: Ledger, now: datetime, *, limit: int = 100) -> list[Plan]:
    """Return one-time posts that never began: paused ones past their time, and active ones that are missing."""
    passed = ledger.overdue(due_before=now, limit=limit)
    return [plan for plan in passed if plan.desired == "paused" or _due(plan) < now - START_GRACE]


def due_unbegun(ledger: Ledger, now: datetime, *, until: datetime, limit: int) -> list[Plan]:
    """Return the one-time posts that can still go out by themselves, soonest due first: also late ones."""
    found = ledger.due(due_from=now - timedelta(minutes=MAX_LATE_AFTER_MINUTES), due_before=until, limit=limit)
    return [plan for plan in found if not _is_too_late(plan, now)]


def _unchanged(ledger: Ledger, found: Sequence[Run]) -> list[Run]:
    plans = ledger.get_all([run.post_id for run in found]) if found else {}
    return [run for run in found if _is_unchanged(plans.get(run.post_id), run)]


def _is_unchanged(plan: Plan | None, run: Run) -> bool:
    return plan is None or plan.post.repeats or plan.post.revision == run.payload.revision


def _is_too_late(plan: Plan, now: datetime) -> bool:
    minutes = plan.post.late_after_minutes
    return minutes is not None and now - _due(plan) > timedelta(minutes=minutes) + START_GRACE


def _due(plan: Plan) -> datetime:
    if plan.post.due_at is None:
        raise ValueError("only a one-time post can be overdue")
    return plan.post.due_at
