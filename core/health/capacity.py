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
RAISE_QUOTA = "Spread the posts, or ask AWS for more: Service Quotas, AWS Lambda, Concurrent executions."
RAISE_RESERVED = "Spread the posts, or deploy with a higher -c posting_concurrency=... (cdk_min/README.md)."


@dataclass(frozen=True, kw_only=True)
class Bottleneck:
    """The number of posts of one minute that go out on time, the limit as text, and the way to raise it."""

    posts: int
    limit: str
    remedy: str


def bottleneck(aws: AwsBackend) -> Bottleneck:
    """Return the lowest limit: the reserved concurrency of the relay or of the posting function, or what they share.

    A relay runs until its post is published, up to a minute before the post is due. So a post of a minute takes one of
    the functions that run at once, and a second one if a function publishes it. Raises the errors of core.aws_errors.
    """
    relay, posting = aws.functions.relay_concurrency(), aws.functions.posting_concurrency()
    publishes = aws.deployment.posting_function_arn is not None
    limits = []
    if relay is not None:
        limit = f"AWS runs {plural(relay, 'relay')} at once"
        limits.append(Bottleneck(posts=relay, limit=limit, remedy=RAISE_QUOTA))
    if posting is not None:
        limit = f"the posting server on Lambda takes {plural(posting, 'post')} at once"
        limits.append(Bottleneck(posts=posting, limit=limit, remedy=RAISE_RESERVED))
    sharing = (relay is None) + (publishes and posting is None)
    if sharing:
        shared = aws.functions.shared_concurrency()
        carried = shared // sharing
        each = " (each takes the relay and the posting function)" if sharing > 1 else ""
        limit = f"a concurrency of {shared:,} carries about {plural(carried, 'post')} a minute{each}"
        limits.append(Bottleneck(posts=carried, limit=limit, remedy=RAISE_QUOTA))
    return min(limits, key=lambda each: each.posts)


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
    aws = application.aws
    if aws is None:
        return None
    try:
        limit, others = application.ledger.concurrent.all(
            lambda: bottleneck(aws), lambda: posts_in_minute(application.listing, due_at)
        )
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
