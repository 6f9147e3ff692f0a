"""A day in one message: what went out, what did not, and what is to come."""

from collections import Counter
from datetime import date, datetime, timedelta

from core.ledger.history import Run, everything
from core.ledger.port import Ledger
from core.notifications.channels import Digest
from core.notifications.message import Message
from core.scheduling.listing import Queue
from core.time.instants import wall_time
from core.time.phrases import calendar_day, counted

DAY = timedelta(days=1)
COUNTED_AT_MOST = 1000
PAGE = 50
_WORDS = {
    "published": "went out",
    "refused": "refused",
    "failed": "failed",
    "missed": "missed",
    "unconfirmed": "may be out or not",
    "retrying": "being tried again",
}


def digest_day(digest: Digest, now: datetime) -> date:
    """Return the day of the latest digest that is due by now: today from its hour on, else yesterday."""
    wall = wall_time(now, digest.zone)
    return wall.date() if wall.hour >= digest.hour else wall.date() - DAY


def digest_message(ledger: Ledger, queue: Queue, zone: str, now: datetime) -> Message:
    """Return what the last 24 hours brought, and what the next 24 hold, each up to COUNTED_AT_MOST posts."""
    states = Counter(run.state for run in _recent(ledger, now))
    ahead = sum(1 for each in queue.window(now, now + DAY, limit=COUNTED_AT_MOST) if each.due_at is not None)
    past = [f"{count:,} {_WORDS[state]}" for state, count in states.most_common() if state in _WORDS]
    lines = (
        f"In the last 24 hours: {', '.join(past)}." if past else "In the last 24 hours nothing was due.",
        f"In the next 24 hours: {counted(ahead, 'one-time post')}."
        if ahead
        else "No one-time post is due in 24 hours.",
    )
    facts = {"kind": "digest", "counts": dict(states), "ahead": ahead}
    return Message(title=f"Punctual: {calendar_day(wall_time(now, zone).date())}", lines=lines, facts=facts)


def _recent(ledger: Ledger, now: datetime) -> list[Run]:
    found: list[Run] = []
    for run in everything(ledger, page=PAGE):
        if run.due_at < now - DAY or len(found) >= COUNTED_AT_MOST:
            break
        found.append(run)
    return found
