"""Free posting times: the next ones for some accounts, and the scheduling of a post at the next one."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import islice

from core.errors import PunctualError
from core.ledger.port import OPEN_STATES, Ledger, Plan
from core.posts.destinations import Destination
from core.posts.models import Post
from core.posts.series import runs_of
from core.scheduling.post_time import PostTime
from core.scheduling.refusals import TooSoon, check_not_cancelled
from core.scheduling.schedules import Schedules
from core.scheduling.shared_reads import SharedReads
from core.time.instants import Clock
from core.time.phrases import date_and_time
from core.timetable.port import Occupant, PostingTimes
from core.timetable.timetable import Timetable

SEARCHED = timedelta(days=366)
"""How far ahead a free time is searched."""
FIRST_BATCH, LARGEST_BATCH = 16, 1024
"""The posting times that are looked at together, at first and at most. Each batch has twice the times of the one
before."""
SERIES_LIMIT = 1000
"""The most repeating posts whose runs are looked at."""
ATTEMPTS = 100
"""How often a time is claimed while other posts claim the same ones."""
OFFERED_FOR = timedelta(seconds=15)
"""How long offered times may be out of date, where another machine has changed the queue."""
_MILLISECOND = timedelta(milliseconds=1)


class NoPostingTimes(PunctualError):
    """No timetable applies to the accounts."""

    hint = "Set them on the page Posting times, or pick a time."

    def __init__(self) -> None:
        super().__init__("There are no posting times for these destinations.")


class NoFreeTime(PunctualError):
    """Every posting time within SEARCHED is taken."""

    hint = "Add posting times on the page Posting times, or pick a time."

    def __init__(self, until: datetime, zone: str) -> None:
        super().__init__(f"No posting time is free until {date_and_time(until, zone)}.")


@dataclass(frozen=True, kw_only=True)
class OfferedTimes:
    """The next free times, in UTC, and the zone of their timetable; None without a timetable."""

    zone: str | None
    times: tuple[datetime, ...]


class FreeTimes:
    """The posting times at which no post of some accounts is due: neither a one-time post nor a run of a series.

    Paused posts keep their times. A post that is cancelled or moved leaves its time free.
    """

    def __init__(
        self,
        posting_times: PostingTimes,
        ledger: Ledger,
        schedules: Schedules,
        *,
        notice: timedelta,
        reads: SharedReads,
        clock: Clock,
    ) -> None:
        """`notice` is the shortest time ahead for a schedule. `reads` keeps what is offered."""
        self._posting_times = posting_times
        self._ledger = ledger
        self._schedules = schedules
        self._notice = notice
        self._reads = reads
        self._clock = clock

    def timetable(self, accounts: Collection[Destination]) -> Timetable | None:
        """Return the timetable of a post to these accounts, or None if there is none with a time.

        A post to one account has the timetable of the account, if it has one. Every other post has the timetable of
        all accounts.
        """
        stored = self._reads.get("timetables", self._posting_times.all, kept_for=OFFERED_FOR)
        names = {each.account for each in accounts}
        own = stored.get(next(iter(names))) if len(names) == 1 else None
        chosen = own if own and own.timetable else stored.get(None)
        return chosen.timetable if chosen and chosen.timetable and not chosen.timetable.empty else None

    def next(
        self, accounts: Collection[Destination], *, count: int = 1, after: datetime | None = None
    ) -> list[datetime]:
        """Return the next free posting times, soonest first, in UTC: fewer than `count` if no more are free in a year.

        They are after `after`, if it is given, and not too soon to schedule. Without accounts, a time is free if no
        post at all is due then. The cost grows with the times that are passed over, not with the queue.
        """
        earliest = self.soonest(after + _MILLISECOND if after else None)
        return list(islice(self.free(accounts, earliest), count))

    def offered(self, accounts: Collection[Destination], *, count: int = 1) -> OfferedTimes:
        """Return the next free times, for a page that is drawn often. Schedule claims one of them, or a later one."""
        names, earliest = frozenset(each.account for each in accounts), self.soonest(None)

        def read() -> OfferedTimes:
            timetable = self.timetable(names)
            found = self.next(names, count=count) if timetable else []
            return OfferedTimes(zone=timetable.zone if timetable else None, times=tuple(found))

        offered = self._reads.get(("free times", names, count), read, kept_for=OFFERED_FOR)
        return offered if not offered.times or offered.times[0] >= earliest else read()

    def between(self, accounts: Collection[Destination], start: datetime, end: datetime) -> list[datetime]:
        """Return the free posting times from `start` until before `end` that are not too soon, as `next` does."""
        return list(self.free(accounts, self.soonest(start), end))

    def schedule(self, post: Post, *, earliest: datetime | None = None) -> Plan:
        """Schedule a one-time post at the next free time, or at the first one from `earliest` on, and return its plan.

        The time of `post` itself does not matter. Of posts that are scheduled at the same moment, no two get the same
        time of an account. Idempotent: a post that is scheduled already keeps its time. Raises NoPostingTimes,
        NoFreeTime, and the errors of Schedules.schedule.
        """
        planned = self._ledger.get(post.post_id)
        if planned is not None and planned.desired in OPEN_STATES and planned.post.due_at is not None:
            return self._schedules.schedule(post.model_copy(update=PostTime.of(planned.post).members))
        revision = planned.post.revision if planned else 0

        def arm(at: PostTime) -> Plan:
            return self._schedules.schedule(post.model_copy(update=at.members | {"repeat": None}))

        return self._claim_and(arm, post, revision, earliest)

    def move(self, plan: Plan, *, earliest: datetime | None = None) -> Plan:
        """Move a pending one-time post to the next free time, or to the first one from `earliest` on.

        Raises NoPostingTimes, NoFreeTime, PostCancelled, and the errors of Schedules.reschedule.
        """
        check_not_cancelled(plan)  # a move would make it active again
        return self._claim_and(
            lambda at: self._schedules.reschedule(plan, **at.members), plan.post, plan.post.revision, earliest
        )

    def claim(self, post: Post, *, earliest: datetime | None = None, revision: int = 0) -> PostTime:
        """Claim the next free time, or the first one from `earliest` on, for a post whose plan is still to be written.

        `revision` is that of the post's plan, 0 if it has none yet. The claim ends by itself if no plan follows. Raises
        NoPostingTimes or NoFreeTime.
        """
        return next(self._claims(post, earliest, revision))

    def claim_foreseen(self, posts: Sequence[Post]) -> set[str]:
        """Claim the due instants of new posts, if they are still free; return the ids of the posts that have theirs."""
        earliest, timely = self.soonest(), [post for post in posts if post.due_at]
        accounts = {account for post in timely for account in post.accounts}
        instants = sorted({post.due_at for post in timely if post.due_at and post.due_at >= earliest})
        occupants = self._posting_times.occupants(instants, accounts, now=self._clock())
        runs = SeriesRuns(self._ledger, accounts)
        series = {instant: {account for post in runs.at(instant) for account in post.accounts} for instant in instants}
        free = [
            (post.post_id, post.accounts, post.due_at)
            for post in timely
            if post.due_at in series
            and not series[post.due_at] & set(post.accounts)
            and not any(_keeps_out(each, post) for each in occupants.get(post.due_at, ()))
        ]
        claimed = self._posting_times.claim_each(free, now=self._clock())
        return {post_id for (post_id, _, _), has in zip(free, claimed, strict=True) if has}

    def release(self, post: Post, instant: datetime) -> None:
        """Give up a claim of a post, unless the post was planned for the instant."""
        if not self._is_due(post.post_id, instant):
            self._posting_times.release(post.post_id, post.accounts, instant)

    def _claim_and(
        self, write: Callable[[PostTime], Plan], post: Post, revision: int, earliest: datetime | None
    ) -> Plan:
        """Claim a free time, write it, and return the plan."""
        claims = self._claims(post, earliest, revision)
        while True:
            at = next(claims)
            try:
                return write(at)
            except TooSoon:  # its time has come meanwhile
                self.release(post, at.due_at)
            except PunctualError:
                self.release(post, at.due_at)
                raise

    def _claims(self, post: Post, earliest: datetime | None, revision: int) -> Iterator[PostTime]:
        """Claim one free time after the other, each when it is asked for. Raises NoPostingTimes or NoFreeTime."""
        accounts, timetable = post.accounts, self.timetable(post.accounts)
        if timetable is None:
            raise NoPostingTimes
        begin = self.soonest(earliest)
        for instant in islice(self.free(accounts, begin), ATTEMPTS):
            if self._posting_times.claim(post.post_id, accounts, instant, revision=revision, now=self._clock()):
                yield PostTime.at(instant, timetable.zone)
        raise NoFreeTime(begin + SEARCHED, timetable.zone)

    def soonest(self, start: datetime | None = None) -> datetime:
        """Return `start`, or the soonest instant at which a post can be scheduled now if that is later or alone."""
        soonest = self._clock() + self._notice
        return soonest if start is None else max(start, soonest)

    def free(
        self,
        accounts: Collection[Destination],
        start: datetime,
        end: datetime | None = None,
        *,
        ignored: Collection[str] = (),
    ) -> Iterator[datetime]:
        """Yield the free posting times from `start` until before `end`, by default SEARCHED later.

        The posts with `ignored` ids occupy nothing, because they move away.
        """
        timetable, names = self.timetable(accounts), frozenset(each.account for each in accounts)
        if timetable is None:
            return
        runs, concurrent = SeriesRuns(self._ledger, names), self._ledger.concurrent
        times, size = timetable.between(start, end or start + SEARCHED), FIRST_BATCH
        while batch := list(islice(times, size)):
            read = partial(self._posting_times.occupants, batch, names, now=self._clock())
            occupants, _ = concurrent.all(read, runs.read)
            for each in batch:
                found = [found for found in occupants.get(each, ()) if found.post_id not in ignored]
                if not any(not names or names & occupant.accounts for occupant in found) and not runs.at(each):
                    yield each
            size = min(2 * size, LARGEST_BATCH)

    def _is_due(self, post_id: str, instant: datetime) -> bool:
        plan = self._ledger.get(post_id)
        return plan is not None and plan.post.due_at == instant


def _keeps_out(occupant: Occupant, post: Post) -> bool:
    return occupant.post_id != post.post_id and bool(occupant.accounts & set(post.accounts))


class SeriesRuns:
    """The runs of the repeating posts of some accounts; without accounts, of all. Asked for instants in order."""

    def __init__(self, ledger: Ledger, accounts: Collection[Destination]) -> None:
        self._ledger = ledger
        self._accounts = frozenset(accounts)
        self._series: list[Post] | None = None
        self._next: dict[str, datetime | None] = {}

    def at(self, instant: datetime) -> list[Post]:
        """Return the series that have a run at an instant, which is not before the one of the last call."""
        return [post for post in self.read() if self._next_run(post, instant) == instant]

    def read(self) -> Sequence[Post]:
        """Return the series, which are read once."""
        if self._series is None:
            posts = [plan.post for plan in self._ledger.series(limit=SERIES_LIMIT)]
            self._series = [each for each in posts if not self._accounts or self._accounts & set(each.accounts)]
        return self._series

    def _next_run(self, post: Post, instant: datetime) -> datetime | None:
        """Return the first run at or after an instant, from memory while it is ahead."""
        known = self._next.get(post.post_id)
        if post.post_id not in self._next or (known is not None and known < instant):
            known = next(iter(runs_of(post, after=instant - _MILLISECOND, count=1)), None)
            self._next[post.post_id] = known
        return known
