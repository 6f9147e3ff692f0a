"""Time limits: how soon and how far ahead a post may be scheduled."""

from datetime import timedelta

from core.posts.models import Post
from core.scheduling.refusals import SeriesEnded, TooFarAhead, TooLateToChange, TooSoon
from core.time.instants import Clock

PLANNING_HORIZON = timedelta(days=3 * 365)
"""The furthest that a post may be scheduled ahead. It limits the cost of listing the whole queue."""


class TimeLimits:
    """The time limits of one scheduler. `notice` is the shortest time ahead at which it can still arm a schedule."""

    def __init__(self, notice: timedelta, clock: Clock) -> None:
        self._notice = notice
        self._clock = clock

    def check_time(self, post: Post) -> None:
        """Raise SeriesEnded, TooSoon or TooFarAhead if the scheduler cannot take the post at its time."""
        now = self._clock()
        if post.repeat is not None and post.repeat.ends_at is not None and post.repeat.ends_at <= now:
            raise SeriesEnded(post.repeat.ends_at, post.zone)
        if post.due_at is not None and post.due_at < now + self._notice:
            raise TooSoon(post.due_at, now + self._notice, now, post.zone)
        begins = post.due_at or (post.repeat.starts_at if post.repeat else None)
        if begins is not None and begins > now + PLANNING_HORIZON:
            raise TooFarAhead(begins, post.zone)

    def check_time_left(self, post: Post) -> None:
        """Raise TooLateToChange if a change of the content can no longer be armed before the due instant.

        A cancellation and a change of the time are always in time, because the fence refuses the old revision.
        """
        if post.due_at is not None and post.due_at < self._clock() + self._notice:
            raise TooLateToChange(post.due_at, post.zone)
