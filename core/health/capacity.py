"""How many posts of one minute can be published in parallel. AWS limits the relays, which wait for the due instant."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.application import Application
from core.backends.aws import AwsBackend
from core.errors import PunctualError
from core.scheduling.listing import ScheduleListing
from core.time.phrases import plural

MAX_COUNTED = 5000
"""The most schedules that a count reads."""


@dataclass(frozen=True, kw_only=True)
class Bottleneck:
    """The number of posts that run in parallel, the limit as text, and the way to raise it."""

    posts: int
    limit: str
    remedy: str


def bottleneck(aws: AwsBackend) -> Bottleneck:
    """Return the lower of two limits: parallel relays, or parallel requests to a posting server on Lambda.

    Raises the errors of core.aws_errors.
    """
    relays, requests = aws.relay_concurrency(), aws.posting_concurrency()
    if requests is not None and requests < relays:
        return Bottleneck(
            posts=requests,
            limit=f"the posting server on Lambda takes {plural(requests, 'post')} at once",
            remedy="Spread the posts, or deploy with a higher -c posting_concurrency=... (cdk_min/README.md).",
        )
    return Bottleneck(
        posts=relays,
        limit=f"AWS runs {plural(relays, 'relay')} at once",
        remedy="Spread the posts, or ask AWS for a higher quota: Service Quotas, AWS Lambda, Concurrent executions.",
    )


def busiest_minute(listing: ScheduleListing, now: datetime) -> tuple[int, datetime | None]:
    """Return the number of posts in the busiest minute of the next day, and that minute; 0 and None if there are none.

    Runs of repeating posts are not counted, because the names of their schedules do not hold the due instant.
    """
    listed = listing.window(now, now + timedelta(days=1), limit=MAX_COUNTED)
    minutes = Counter(_minute(each.due_at) for each in listed if each.due_at is not None and each.enabled)
    if not minutes:
        return 0, None
    minute, count = minutes.most_common(1)[0]
    return count, minute


def capacity_warning(application: Application, due_at: datetime) -> str | None:
    """Return a warning if one more post exceeds the capacity of its minute, else None.

    Also None where the capacity is unknown, and on one machine, whose workers take posts one after another.
    """
    if application.aws is None:
        return None
    try:
        limit, others = bottleneck(application.aws), posts_in_minute(application.listing, due_at)
    except PunctualError:
        return None
    if not limit.posts:
        return f"Nothing is published at present: {limit.limit}. See Health."
    if others < limit.posts:
        return None
    return (
        f"{posts_due(others)} in this minute, and {limit.limit}. With one more, some will be late. "
        "Choose another minute."
    )


def posts_due(count: int) -> str:
    """Return `1 post is due` or `1,204 posts are due`."""
    return f"{plural(count, 'post')} {'is' if count == 1 else 'are'} due"


def posts_in_minute(listing: ScheduleListing, due_at: datetime) -> int:
    """Return the number of posts that are due in the minute of an instant, without paused ones."""
    start = _minute(due_at)
    listed = listing.window(start, start + timedelta(minutes=1), limit=MAX_COUNTED)
    return sum(each.enabled for each in listed if each.due_at is not None)


def _minute(instant: datetime) -> datetime:
    return instant.replace(second=0, microsecond=0)
