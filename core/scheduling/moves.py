"""Moves of several posts to other times: all of them or none, with a value that undoes them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.errors import PunctualError
from core.ledger.port import Ledger, Plan
from core.scheduling.post_change import PostChange
from core.scheduling.post_time import PostTime
from core.scheduling.refusals import TooSoon, check_not_cancelled
from core.scheduling.schedules import Schedules
from core.time.instants import Clock
from core.time.phrases import date_and_time, plural
from core.timetable.port import PostingTimes


class TimeTaken(PunctualError):
    """Another post took a time of the action meanwhile."""

    hint = "Nothing was changed. Try again: the action then finds other times."

    def __init__(self, instant: datetime, zone: str) -> None:
        super().__init__(f"{date_and_time(instant, zone)} was taken meanwhile.")


class PartlyMoved(PunctualError):
    """A move failed, and some posts could not be moved back."""

    hint = "Look at these posts in the queue. Each of them is scheduled once."

    def __init__(self, left: int, cause: PunctualError) -> None:
        super().__init__(f"{cause} {plural(left, 'post')} stayed at a new time.")


@dataclass(frozen=True, kw_only=True)
class TimeChange:
    """A new time for a post. The plan is that of the post as it is now."""

    plan: Plan
    time: PostTime


@dataclass(frozen=True, kw_only=True)
class Rearranged:
    """The posts that one action moved, in the order in which they moved. `Mover.undo` takes the action back."""

    changed: tuple[PostChange, ...]


class Mover:
    """Moves posts. Each post is moved as `Schedules.reschedule` does, so that it is never without a schedule."""

    def __init__(
        self, schedules: Schedules, ledger: Ledger, posting_times: PostingTimes, *, notice: timedelta, clock: Clock
    ) -> None:
        """`notice` is the shortest time ahead for a schedule."""
        self._schedules = schedules
        self._ledger = ledger
        self._posting_times = posting_times
        self._notice = notice
        self._clock = clock

    def move(self, changes: Iterable[TimeChange]) -> Rearranged:
        """Move all posts, or none if one cannot be moved.

        A post leaves a time before another one takes it, except where posts change places. Each new time is claimed
        first. Raises TimeTaken, PostCancelled, the errors of Schedules.reschedule, or PartlyMoved.
        """
        changes = list(changes)
        for each in changes:  # a move would make a cancelled post active again
            check_not_cancelled(each.plan)
        return self._run(changes, lambda each: self._schedules.reschedule(each.plan, **each.time.members))

    def undo(self, rearranged: Rearranged) -> Rearranged:
        """Bring the posts back to their times, all of them or none. A post that was changed since stays as it is.

        Raises TimeTaken, TooSoon if a time has passed, or PartlyMoved.
        """
        earlier = {each.before.post.post_id: each for each in rearranged.changed}
        current = [self._ledger.get(post_id) for post_id in earlier]
        back = [
            TimeChange(plan=plan, time=PostTime.of(earlier[plan.post.post_id].before.post))
            for plan in current
            if plan is not None and plan.post.revision == earlier[plan.post.post_id].after.post.revision
        ]
        return self._run(back, lambda each: self._schedules.restore(each.plan, earlier[each.plan.post.post_id].before))

    def _run(self, changes: Iterable[TimeChange], write: Callable[[TimeChange], Plan]) -> Rearranged:
        ordered = in_safe_order([each for each in changes if PostTime.of(each.plan.post) != each.time])
        self._check_times(ordered)
        self._claim(ordered)
        done: list[PostChange] = []
        for number, each in enumerate(ordered):
            try:
                done.append(PostChange(before=each.plan, after=write(each)))
            except PunctualError as error:
                written = self._ledger.get(each.plan.post.post_id)
                if written is not None and PostTime.of(written.post) == each.time and not written.settled:
                    done.append(PostChange(before=each.plan, after=written))
                self._take_back(done, error)
                self._release(ordered[number:])
                raise
        return Rearranged(changed=tuple(done))

    def _check_times(self, changes: Sequence[TimeChange]) -> None:
        """Raise TooSoon before anything is written: a post whose old time is close could not be taken back."""
        now = self._clock()
        for each in changes:
            if each.time.due_at < now + self._notice:
                raise TooSoon(each.time.due_at, now + self._notice, now, each.time.zone)

    def _claim(self, changes: Sequence[TimeChange]) -> None:
        ids = frozenset(each.plan.post.post_id for each in changes)
        for number, each in enumerate(changes):
            post = each.plan.post
            if not self._posting_times.claim(
                post.post_id,
                post.accounts,
                each.time.due_at,
                revision=post.revision,
                instead_of=ids,
                now=self._clock(),
            ):
                self._release(changes[:number])
                raise TimeTaken(each.time.due_at, each.time.zone)

    def _release(self, changes: Sequence[TimeChange]) -> None:
        for each in changes:
            self._posting_times.release(each.plan.post.post_id, each.plan.post.accounts, each.time.due_at)

    def _take_back(self, done: Sequence[PostChange], cause: PunctualError) -> None:
        """Restore posts, the last one first. Raises PartlyMoved if some cannot be restored."""
        left = 0
        for each in reversed(done):
            try:
                self._schedules.restore(each.after, each.before)
            except PunctualError:
                current = self._ledger.get(each.before.post.post_id)
                left += current is None or PostTime.of(current.post) != PostTime.of(each.before.post)
        if left:
            raise PartlyMoved(left, cause) from cause


def in_safe_order(changes: Sequence[TimeChange]) -> list[TimeChange]:
    """Return the changes in an order in which a post leaves a time before another post of an account takes it.

    Posts that change places in a circle have no such order: then the one with the latest new time is first.
    """
    latest_first = sorted(changes, key=lambda each: each.time.due_at, reverse=True)
    remaining = {each.plan.post.post_id: each for each in latest_first}
    there: dict[datetime | None, set[str]] = defaultdict(set)
    for post_id, each in remaining.items():
        there[each.plan.post.due_at].add(post_id)

    def is_blocked(post_id: str) -> bool:
        accounts = set(remaining[post_id].plan.post.accounts)
        others = there[remaining[post_id].time.due_at] - {post_id}
        return any(accounts & set(remaining[each].plan.post.accounts) for each in others)

    ordered: list[TimeChange] = []

    def take(post_id: str) -> None:
        there[remaining[post_id].plan.post.due_at].discard(post_id)
        ordered.append(remaining.pop(post_id))

    while remaining:
        left = len(remaining)
        for post_id in list(remaining):
            if not is_blocked(post_id):
                take(post_id)
        if len(remaining) == left:
            take(next(iter(remaining)))
    return ordered
