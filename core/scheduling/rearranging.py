"""Rearranging the queue: to the front, shift all later, swap two, spread over free times. Each can be undone."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta

from core.errors import PunctualError
from core.ledger.port import Ledger, Plan
from core.posts.destinations import Destination
from core.scheduling.free_times import SEARCHED, FreeTimes, NoFreeTime, NoPostingTimes, SeriesRuns
from core.scheduling.moves import Mover, Rearranged, TimeChange
from core.scheduling.post_time import PostTime
from core.scheduling.refusals import PostRepeats
from core.scheduling.time_limits import PLANNING_HORIZON
from core.time.instants import Clock, SkippedHour, instant, instants
from core.timetable.port import PostingTimes
from core.timetable.timetable import Timetable

POSTS_LIMIT = 1000
"""The most posts that one action moves."""
POSTS_READ = 10_000
"""The most posts of all accounts that an action looks at."""


class TooManyPosts(PunctualError):
    """An action would move more than POSTS_LIMIT posts, or look at more than POSTS_READ."""

    hint = "Nothing was changed. Choose a later beginning, or select fewer posts."

    def __init__(self) -> None:
        super().__init__(f"Too many posts: an action moves at most {POSTS_LIMIT:,}.")


class Rearranging:
    """The actions that move posts of the queue. Runs of a series never move, and no other post moves to their times."""

    def __init__(
        self, free_times: FreeTimes, posting_times: PostingTimes, ledger: Ledger, mover: Mover, clock: Clock
    ) -> None:
        self._free_times = free_times
        self._posting_times = posting_times
        self._ledger = ledger
        self._mover = mover
        self._clock = clock

    def undo(self, rearranged: Rearranged) -> Rearranged:
        """Take an action back; see Mover.undo."""
        return self._mover.undo(rearranged)

    def to_front(self, plan: Plan) -> Rearranged:
        """Move a post to the first posting time.

        A post there that shares an account moves to the next posting time, the one there to the next, until a time is
        free: at the latest, the one that the post leaves. Raises NoPostingTimes, NoFreeTime, PostRepeats and the errors
        of Mover.move.
        """
        if plan.post.due_at is None:
            raise PostRepeats(plan.post.post_id)
        timetable, begin = self._timetable(plan), self._free_times.soonest()
        runs, found, waiting = SeriesRuns(self._ledger, ()), list[TimeChange](), [plan]
        for at in timetable.between(begin, begin + SEARCHED):
            if at == plan.post.due_at and not found:
                return Rearranged(changed=())  # it is there already
            there = self._movable(at, waiting, plan.post.post_id, runs)
            if there is None:
                continue
            found += [TimeChange(plan=each, time=PostTime.at(at, timetable.zone)) for each in waiting]
            waiting = there
            if not waiting:
                return self._mover.move(found)
        raise NoFreeTime(begin + SEARCHED, timetable.zone)

    def shift(self, accounts: Collection[Destination], start: datetime, *, days: int | None = None) -> Rearranged:
        """Move every one-time post of the accounts that is due from `start` on.

        By default, each goes to the next posting time after its own that no post which stays has. With `days`, each
        goes as many days later, or earlier if negative, at its own wall time; a wall time that the clocks skip becomes
        the first one after it. Raises NoPostingTimes, NoFreeTime, TooManyPosts and the errors of Mover.move.
        """
        plans = self._plans(accounts, start)
        if days is not None:
            return self._mover.move(
                [TimeChange(plan=each, time=_days_later(PostTime.of(each.post), days)) for each in plans]
            )
        return self._mover.move(self._to_free_times(plans, lambda plan: PostTime.of(plan.post).due_at))

    def swap(self, one: Plan, other: Plan) -> Rearranged:
        """Give each of two posts the time of the other. Raises PostRepeats and the errors of Mover.move."""
        for each in (one, other):
            if each.post.due_at is None:
                raise PostRepeats(each.post.post_id)
        return self._mover.move(
            [TimeChange(plan=one, time=PostTime.of(other.post)), TimeChange(plan=other, time=PostTime.of(one.post))]
        )

    def spread(self, plans: Sequence[Plan], *, start: datetime | None = None) -> Rearranged:
        """Move posts to the free times from `start` on, or from now, in the order in which they are due.

        The times of the posts themselves count as free. Raises as `shift`.
        """
        if len(plans) > POSTS_LIMIT:
            raise TooManyPosts
        for each in plans:
            if each.post.due_at is None:
                raise PostRepeats(each.post.post_id)
        begin = self._free_times.soonest(start)
        in_order = sorted(plans, key=lambda plan: (PostTime.of(plan.post).due_at, plan.post.post_id))
        return self._mover.move(self._to_free_times(in_order, lambda plan: begin - timedelta(microseconds=1)))

    def _timetable(self, plan: Plan) -> Timetable:
        timetable = self._free_times.timetable(plan.post.accounts)
        if timetable is None:
            raise NoPostingTimes
        return timetable

    def _movable(self, at: datetime, waiting: Sequence[Plan], moving: str, runs: SeriesRuns) -> list[Plan] | None:
        """Return the posts that leave a time when the waiting ones take it; None if they cannot take it.

        They cannot if a run of a series is due then, or if another post is being scheduled there.
        """
        accounts = {account for plan in waiting for account in plan.post.accounts}
        if any(accounts & set(post.accounts) for post in runs.at(at)):
            return None
        occupants = self._posting_times.occupants([at], accounts, now=self._clock()).get(at, ())
        ids = {each.post_id for each in occupants if accounts & each.accounts and each.post_id != moving}
        plans = [plan for plan in self._ledger.pending(sorted(ids)).values() if plan is not None]
        return plans if len(plans) == len(ids) else None

    def _plans(self, accounts: Collection[Destination], start: datetime) -> list[Plan]:
        """Return the one-time posts of the accounts that are due from `start` on, soonest first."""
        begin, names = max(start, self._clock()), {each.account for each in accounts}
        end = begin + PLANNING_HORIZON + timedelta(days=1)
        plans = self._ledger.due(due_from=begin, due_before=end, limit=POSTS_READ)
        found = [plan for plan in plans if names & set(plan.post.accounts) and not plan.needs_time]
        if len(plans) == POSTS_READ or len(found) > POSTS_LIMIT:
            raise TooManyPosts
        return found

    def _to_free_times(self, plans: Sequence[Plan], after: Callable[[Plan], datetime]) -> list[TimeChange]:
        """Return a move of each post to the first free time after an instant that no post before it gets."""
        ids = frozenset(plan.post.post_id for plan in plans)
        taken: dict[datetime, set[Destination]] = defaultdict(set)
        times: dict[frozenset[Destination], Iterator[datetime]] = {}
        moves = []
        for plan in plans:
            accounts, timetable = frozenset(plan.post.accounts), self._timetable(plan)
            if accounts not in times:
                times[accounts] = self._free_times.free(accounts, self._free_times.soonest(after(plan)), ignored=ids)
            for at in times[accounts]:
                if at > after(plan) and not accounts & taken[at]:
                    break
            else:
                raise NoFreeTime(self._clock() + SEARCHED, timetable.zone)
            taken[at] |= accounts
            moves.append(TimeChange(plan=plan, time=PostTime.at(at, timetable.zone)))
        return moves


def _days_later(before: PostTime, days: int) -> PostTime:
    """Return the same wall time some days later. One that the clocks skip becomes the first one after it."""
    own = datetime.fromisoformat(before.wall)
    both = instants(own, before.zone)
    which = 1 + both.index(before.due_at) if before.due_at in both else 1
    wall = own + timedelta(days=days)
    try:
        at = instant(wall, before.zone, which=which)
    except SkippedHour as skipped:
        wall = skipped.after
        at = instant(wall, before.zone, which=1)
    return PostTime(due_at=at, wall=wall.isoformat(timespec="seconds"), zone=before.zone)
