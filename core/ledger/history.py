"""History: every occurrence that began, as one line each, and the posts of which nothing ever began."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.ledger.port import Cursor, Ledger, Occurrence, Plan
from core.ledger.states import OccurrenceOutcome, PublicationState, outcome
from core.posts.destinations import Destination
from core.posts.payload import Payload

GRACE = timedelta(minutes=2)
"""A post that is due is given this long to begin before it is called missing."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One occurrence, with what became of it. `lag_ms` is how long after its due instant it was published."""

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
    def cursor(self) -> Cursor:
        """Where the page behind this run begins."""
        return Cursor(due_at=self.due_at, key=self.key)

    @property
    def retriable(self) -> tuple[Destination, ...]:
        """The destinations that a person may have tried again."""
        states = ("refused", "failed", "missed", "unconfirmed")
        return tuple(each.destination for each in self.outcome.destinations if each.state in states)


def run_of(occurrence: Occurrence) -> Run:
    """Return an occurrence as a line of History."""
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


def runs(ledger: Ledger, *, after: Cursor | None = None, limit: int) -> list[Run]:
    """Return a page of History, the latest due first."""
    return [run_of(occurrence) for occurrence in ledger.history(after=after, limit=limit)]


def all_runs(ledger: Ledger, *, after: Cursor | None = None, page: int = 500) -> Iterator[Run]:
    """Yield every run there is behind a place, the latest due first, read page by page as they are asked for."""
    while found := runs(ledger, after=after, limit=page):
        yield from found
        after = found[-1].cursor


def needs_decision(ledger: Ledger, run: Run) -> bool:
    """Whether a run ended in a way that somebody must decide on, and nobody has given its post another time since."""
    if run.state not in ("refused", "failed", "missed", "unconfirmed"):
        return False
    plan = ledger.get(run.post_id)
    return plan is None or plan.post.repeats or plan.post.revision == run.payload.revision


def overdue(ledger: Ledger, now: datetime, *, limit: int = 100) -> list[Plan]:
    """Return one-time posts whose time has passed with nothing begun: paused ones, and active ones that are missing."""
    passed = ledger.overdue(due_before=now, limit=limit)
    return [plan for plan in passed if plan.desired == "paused" or _due(plan) < now - GRACE]


def _due(plan: Plan) -> datetime:
    if plan.post.due_at is None:
        raise ValueError("only one-time posts can lie past their instant")
    return plan.post.due_at
