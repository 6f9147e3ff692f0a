"""The numbers of drafts, of scheduled posts, and of posts that wait for a person, for the navigation."""

from typing import NamedTuple

from core.errors import PunctualError
from core.scheduling.waiting_posts import HISTORY, QUEUE
from ui.frame.application import application


class WaitingCounts(NamedTuple):
    """The drafts, the scheduled posts, and the posts that wait in the Queue and in History."""

    drafts: int
    scheduled: int
    queue: int
    history: int


def waiting_counts() -> WaitingCounts:
    """Return the numbers, at most some seconds old; zeros if they cannot be read. The page shows the reason then."""
    try:
        app = application()
        waiting, drafts, scheduled = app.ledger.concurrent.all(app.waiting.read, app.draft_count, app.views.total)
        return WaitingCounts(
            drafts=drafts,
            scheduled=scheduled,
            queue=waiting.count(QUEUE),
            history=waiting.count(HISTORY),
        )
    except PunctualError:
        return WaitingCounts(drafts=0, scheduled=0, queue=0, history=0)
