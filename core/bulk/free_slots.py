"""The free posting times that the rows of a table without a time get, in the order of the table."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from core.posts.destinations import Destination
from core.scheduling.free_times import SEARCHED, FreeTimes, NoFreeTime, NoPostingTimes
from core.scheduling.post_time import PostTime


@dataclass
class _Times:
    zone: str
    begin: datetime
    coming: Iterator[datetime]


class FreeSlots:
    """Gives out free posting times. Neither a post of the queue nor another row has one of them."""

    def __init__(self, free_times: FreeTimes) -> None:
        self._free_times = free_times
        self._taken: dict[datetime, set[Destination]] = defaultdict(set)
        self._times: dict[frozenset[Destination], _Times] = {}

    def take(self, instant: datetime, accounts: Collection[Destination]) -> None:
        """Note that a row has a time of its own."""
        self._taken[instant].update(accounts)

    def next(self, accounts: Collection[Destination]) -> PostTime:
        """Return the next time that is free for all accounts, and take it. Raises NoPostingTimes or NoFreeTime."""
        names = frozenset(accounts)
        times = self._times.get(names) or self._begin(names)
        for instant in times.coming:
            if not names & self._taken[instant]:
                self.take(instant, names)
                return PostTime.at(instant, times.zone)
        raise NoFreeTime(times.begin + SEARCHED, times.zone)

    def _begin(self, names: frozenset[Destination]) -> _Times:
        timetable = self._free_times.timetable(names)
        if timetable is None:
            raise NoPostingTimes
        begin = self._free_times.soonest()
        found = self._times[names] = _Times(
            zone=timetable.zone, begin=begin, coming=self._free_times.free(names, begin)
        )
        return found
