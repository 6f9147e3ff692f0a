"""The daily digest: the results of the last 24 hours and the number of posts in the next 24."""

from collections import Counter
from datetime import date, datetime, timedelta
from itertools import islice, takewhile

from core.ledger.history import all_runs
from core.ledger.port import Ledger
from core.notifications.channels import Digest
from core.notifications.message import Message
from core.scheduling.listing import ScheduleListing
from core.time.instants import wall_time
from core.time.phrases import calendar_day, plural

DAY = timedelta(days=1)
MAX_COUNTED = 1000
PAGE = 50
REPORTED_STATES = ("published", "refused", "failed", "missed", "unconfirmed", "retrying")


def digest_day(digest: Digest, now: datetime) -> date:
    """Return the day of the latest digest that is due: today from its hour on, else yesterday."""
    wall = wall_time(now, digest.zone)
    return wall.date() if wall.hour >= digest.hour else wall.date() - DAY


def digest_message(ledger: Ledger, listing: ScheduleListing, zone: str, now: datetime) -> Message:
    """Return the digest, which counts at most MAX_COUNTED posts of each day. `zone` decides the date in its title."""
    recent = takewhile(lambda run: run.due_at >= now - DAY, all_runs(ledger, page=PAGE))
    states = Counter(run.state for run in islice(recent, MAX_COUNTED))
    ahead = sum(1 for each in listing.window(now, now + DAY, limit=MAX_COUNTED) if each.due_at is not None)
    counts = [f"{count:,} {state}" for state, count in states.most_common() if state in REPORTED_STATES]
    lines = (
        f"Last 24 hours: {', '.join(counts) or 'nothing was due'}.",
        f"Next 24 hours: {plural(ahead, 'one-time post') if ahead else 'no one-time post is due'}.",
    )
    data = {"kind": "digest", "counts": dict(states), "ahead": ahead}
    return Message(title=f"Punctual: {calendar_day(wall_time(now, zone).date())}", lines=lines, data=data)
