"""The coming posting times, each with the posts that occupy it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from core.ledger.port import Ledger
from core.posts.destinations import Destination
from core.posts.models import Post
from core.scheduling.free_times import SEARCHED, FreeTimes, SeriesRuns
from core.time.instants import Clock
from core.timetable.port import PostingTimes


@dataclass(frozen=True, kw_only=True)
class ComingTime:
    """A posting time, in UTC. It is free if there is no post."""

    instant: datetime
    posts: tuple[Post, ...]


def coming_times(
    free_times: FreeTimes,
    posting_times: PostingTimes,
    ledger: Ledger,
    accounts: Collection[Destination],
    clock: Clock,
    *,
    count: int,
) -> list[ComingTime]:
    """Return the next posting times of accounts, free or not, with their posts; without accounts, with every post."""
    now, names = clock(), frozenset(each.account for each in accounts)
    timetable = free_times.timetable(names)
    if timetable is None:
        return []
    instants = list(islice(timetable.between(now, now + SEARCHED), count))
    occupants = posting_times.occupants(instants, names, now=now)
    plans = ledger.pending([each.post_id for found in occupants.values() for each in found])
    runs, found = SeriesRuns(ledger, names), []
    for instant in instants:
        ids = dict.fromkeys(each.post_id for each in occupants.get(instant, ()) if not names or names & each.accounts)
        posts = [plan.post for plan in map(plans.get, ids) if plan is not None]
        found.append(ComingTime(instant=instant, posts=(*posts, *runs.at(instant))))
    return found
