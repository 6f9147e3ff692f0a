"""Timetables: the times of a week at which posts go out, in a zone of their own."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import count, groupby
from typing import Annotated, Self

from pydantic import AfterValidator, Field

from core.errors import PunctualError
from core.posts.models import FrozenModel, Zone
from core.posts.repeat_rules import Weekday
from core.time.instants import instants, time_zone, wall_time

TIMES_LIMIT = 96
"""The most posting times of a weekday."""
DAYS_OFF_LIMIT = 366
"""The most days off of a timetable."""
WEEKDAY_TIMES = (time(9, 7), time(12, 23), time(17, 41))
WEEKEND_TIMES = (time(10, 37), time(19, 13))
"""The suggested times. Most schedulers post at full hours, so that feeds are crowded then."""


class NotWholeMinute(PunctualError):
    """A posting time has seconds."""

    def __init__(self, at: time) -> None:
        super().__init__(f"A posting time is a whole minute, not {at}.")
        self.hint = f"Give {at:%H:%M}."


class TooManyTimes(PunctualError):
    """A weekday has more times than TIMES_LIMIT, or a timetable more days off than DAYS_OFF_LIMIT."""

    hint = "Remove some first."

    def __init__(self, count: int, limit: int, noun: str) -> None:
        super().__init__(f"{count:,} {noun} are too many; the limit is {limit:,}.")


def _times(times: tuple[time, ...]) -> tuple[time, ...]:
    for each in times:
        if each.second or each.microsecond or each.tzinfo:
            raise NotWholeMinute(each)
    unique = tuple(sorted(set(times)))
    if len(unique) > TIMES_LIMIT:
        raise TooManyTimes(len(unique), TIMES_LIMIT, "times of a day")
    return unique


def _days(days: tuple[date, ...]) -> tuple[date, ...]:
    unique = tuple(sorted(set(days)))
    if len(unique) > DAYS_OFF_LIMIT:
        raise TooManyTimes(len(unique), DAYS_OFF_LIMIT, "days off")
    return unique


DayTimes = Annotated[tuple[time, ...], AfterValidator(_times)]


class Timetable(FrozenModel):
    """The posting times of each weekday, from Monday on, on the wall clock of `zone`.

    Times are whole minutes, in order and without duplicates. A weekday without times, and each date in `days_off`, has
    no posting time. Raises NotWholeMinute or TooManyTimes.
    """

    zone: Zone
    week: tuple[DayTimes, ...] = Field(min_length=7, max_length=7)
    days_off: Annotated[tuple[date, ...], AfterValidator(_days)] = ()

    @property
    def empty(self) -> bool:
        """Whether no weekday has a time."""
        return not any(self.week)

    def times(self, weekday: Weekday) -> tuple[time, ...]:
        """Return the times of a weekday."""
        return self.week[list(Weekday).index(weekday)]

    def with_times(self, weekday: Weekday, times: Iterable[time]) -> Self:
        """Return the timetable with other times on a weekday."""
        return self._with(week=tuple(times if day is weekday else own for day, own in self._days()))

    def copied(self, source: Weekday, targets: Iterable[Weekday]) -> Self:
        """Return the timetable with the times of a weekday on others too."""
        chosen, times = set(targets), self.times(source)
        return self._with(week=tuple(times if day in chosen else own for day, own in self._days()))

    def in_zone(self, zone: str) -> Self:
        """Return the timetable with the same wall times in another zone. Raises UnknownZone."""
        return self._with(zone=zone)

    def with_days_off(self, days: Iterable[date]) -> Self:
        """Return the timetable with other days off."""
        return self._with(days_off=tuple(days))

    def in_words(self) -> list[str]:
        """Return the times of each run of equal weekdays, such as `Mon to Fri: 09:07, 12:23`."""
        lines = []
        for times, days in groupby(self._days(), key=lambda pair: pair[1]):
            names = [day.title_case[:3] for day, _ in days]
            span = names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
            lines.append(f"{span}: {', '.join(f'{each:%H:%M}' for each in times) or 'no posting times'}")
        return lines

    def between(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Yield the posting times from `start` until before `end`, in UTC, soonest first.

        A wall time that the clocks skip has no posting time. One that they repeat has one, the first.
        """
        if self.empty:
            return
        first, days_off, offsets = wall_time(start, self.zone).date(), frozenset(self.days_off), _DayOffsets(self.zone)
        for number in count():
            day = first + timedelta(days=number)
            if datetime.combine(day, time(), tzinfo=UTC) - timedelta(days=2) > end:
                return
            if day not in days_off:
                yield from (each for each in self._on(day, offsets) if start <= each < end)

    def _on(self, day: date, offsets: "_DayOffsets") -> Iterator[datetime]:
        offset = offsets.steady(day)
        for each in self.week[day.weekday()]:
            if offset is None:
                yield from instants(datetime.combine(day, each), self.zone)[:1]
            else:
                yield datetime.combine(day, each, tzinfo=UTC) - offset

    def _days(self) -> Iterator[tuple[Weekday, tuple[time, ...]]]:
        return zip(Weekday, self.week, strict=True)

    def _with(self, **changes: object) -> Self:
        return type(self).model_validate(self.model_dump() | changes)


class _DayOffsets:
    """The offset of each day of a zone, for days that no clock change is near. They need no further conversion."""

    def __init__(self, zone: str) -> None:
        self._zone = time_zone(zone)
        self._known: dict[date, timedelta] = {}

    def steady(self, day: date) -> timedelta | None:
        """Return the offset of a day, or None if the clocks change within two days of it.

        No zone changes its clocks twice within two days, so a change shows between two of the noons.
        """
        found = {self._at_noon(day + timedelta(days=number)) for number in range(-2, 3)}
        return found.pop() if len(found) == 1 else None

    def _at_noon(self, day: date) -> timedelta:
        if day not in self._known:
            noon = datetime.combine(day, time(12), tzinfo=UTC)
            self._known[day] = noon.astimezone(self._zone).utcoffset() or timedelta()
        return self._known[day]


def suggested(zone: str) -> Timetable:
    """Return the timetable to begin with: odd minutes, and other times at the weekend. Raises UnknownZone."""
    return Timetable(zone=zone, week=(*[WEEKDAY_TIMES] * 5, *[WEEKEND_TIMES] * 2))
