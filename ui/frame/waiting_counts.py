"""The numbers of drafts, and of posts that wait for a person, beside the names of the pages that show them."""

from typing import NamedTuple

from core.errors import PunctualError
from core.scheduling.waiting_posts import HISTORY, QUEUE
from ui.frame.application import application


class WaitingCounts(NamedTuple):
    """The drafts, and the posts that wait in the Queue and in History."""

    drafts: int
    queue: int
    history: int


def waiting_counts() -> WaitingCounts:
    """Return the numbers, at most some seconds old; zeros if they cannot be read. The page shows the reason then."""
    try:
        drafts, waiting = application().draft_count(), application().waiting.read()
    except PunctualError:
        return WaitingCounts(drafts=0, queue=0, history=0)
    return WaitingCounts(drafts=drafts, queue=waiting.count(QUEUE), history=waiting.count(HISTORY))


def with_count(title: str, count: int) -> str:
    """Return a page's title such as `History (3)`."""
    return f"{title} ({count})" if count else title
