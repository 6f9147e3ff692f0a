"""How many posts are due in one minute: their relays wait side by side, and AWS runs only so many."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.application import Application
from core.backends.aws import Aws
from core.errors import PunctualError
from core.scheduling.listing import Queue
from core.time.phrases import counted

LOOKED_AT = 5000
"""The most posts that are counted."""


@dataclass(frozen=True, kw_only=True)
class Passage:
    """How many posts get through side by side, in words as well, and how to let more through."""

    posts: int
    words: str
    remedy: str


def narrowest(aws: Aws) -> Passage:
    """Return what lets the fewest posts through: the relays, or the posting server where it is a function.

    Raises the errors of core.aws_errors.
    """
    relays, published = aws.relays_at_once(), aws.published_at_once()
    if published is not None and published < relays:
        return Passage(
            posts=published,
            words=f"the posting server on Lambda takes {counted(published, 'post')} side by side",
            remedy="Spread them, or deploy again with more: -c posting_concurrency=... (cdk_min/README.md).",
        )
    return Passage(
        posts=relays,
        words=f"AWS runs {counted(relays, 'relay')} side by side",
        remedy="Spread them, or ask AWS for more: Service Quotas, AWS Lambda, Concurrent executions.",
    )


def busiest_minute(queue: Queue, now: datetime) -> tuple[int, datetime | None]:
    """Return how many posts the fullest minute of the next day holds, and that minute; 0 and None if there is none.

    Runs of repeating posts are not among them: their schedules' names do not tell when they are due.
    """
    listed = queue.window(now, now + timedelta(days=1), limit=LOOKED_AT)
    minutes = Counter(_minute(each.due_at) for each in listed if each.due_at is not None and each.enabled)
    if not minutes:
        return 0, None
    minute, count = minutes.most_common(1)[0]
    return count, minute


def crowded(application: Application, due_at: datetime) -> str | None:
    """Say that, with one more post, the minute of an instant holds more than get through; None if it does not.

    None as well where that cannot be known, and on one machine, whose workers hand over one after another.
    """
    if application.aws is None:
        return None
    try:
        passage, others = narrowest(application.aws), posts_in_minute(application.queue, due_at)
    except PunctualError:
        return None
    if not passage.posts:
        return f"As it is, nothing goes out: {passage.words}. The Health page says what to do."
    if others < passage.posts:
        return None
    return (
        f"{posts_due(others)} in this minute, and {passage.words}: with one more, some will be late. "
        "Choose another minute."
    )


def posts_due(count: int) -> str:
    """Return `1 post is due` or `1,204 posts are due`."""
    return f"{counted(count, 'post')} {'is' if count == 1 else 'are'} due"


def posts_in_minute(queue: Queue, due_at: datetime) -> int:
    """Return how many posts are due in the minute of an instant, of those that are not paused."""
    start = _minute(due_at)
    listed = queue.window(start, start + timedelta(minutes=1), limit=LOOKED_AT)
    return sum(each.enabled for each in listed if each.due_at is not None)


def _minute(instant: datetime) -> datetime:
    return instant.replace(second=0, microsecond=0)
