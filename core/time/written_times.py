"""Reads times as people write them: "tomorrow 9am", "next fri 17:30", "in 2 weeks", "25 dec 9:30pm Tokyo".

A text is taken only if every word of it belongs to its meaning. What has two meanings is asked; nothing is guessed.
"""

import re
import unicodedata
from datetime import datetime, time, timedelta

from core.errors import PunctualError
from core.time import other_languages, zone_names
from core.time.clock_words import ClockWords
from core.time.date_words import DateWords, is_english
from core.time.delay_words import Delay, take_delay
from core.time.instants import DateOutOfRange, instants, offset_label, wall_time
from core.time.phrases import calendar_day, clock_time, date_and_time, relative_time
from core.time.written_refusals import (
    NoSuchTime,
    NoTimeOfDay,
    NotUnderstood,
    TimeInPast,
    UnclearTime,
    WrittenTime,
)

LONGEST = 120
"""Characters of the longest text that is read."""

_FILLER = re.compile(r"(?:at|on|the|um|@)(?!\w)\s*")
_SPACE = re.compile(r"[\s,;]+")
_PASS = re.compile(r"\s*\((utc[+-]\d\d:\d\d)\)$")
_ISO_TIME = re.compile(r"\d{4}-\d{1,2}-\d{1,2}[t\s]\d{1,2}:\d{2}.*")
_MIDNIGHT = re.compile(r"midnight(?!\w)")


def read_time(text: str, zone: str, now: datetime) -> WrittenTime:
    """Return the wall time that a text means in `zone`, or in the zone that it names, seen from the instant `now`.

    Raises NotUnderstood, NoSuchTime, NoTimeOfDay, UnclearTime (with the texts to choose from), TimeInPast or
    UnknownZone. A wall time that clocks skip, or show twice, is returned: `instants.instant` refuses it.
    """
    shown = " ".join(unicodedata.normalize("NFKC", text).split())
    if len(shown) > LONGEST:
        raise NotUnderstood("The text is too long for a time.")
    words = _Words(shown, zone, now)
    try:
        return words.read()
    except (OverflowError, DateOutOfRange) as error:
        raise NoSuchTime("The date is too far away.", "Choose a date within the next three years.") from error


def understood(written: WrittenTime, now: datetime) -> str:
    """Return the time as a sentence: `Fri 4 Dec 2026, 17:30 Europe/Berlin, in 3 days`."""
    found = instants(written.wall, written.zone)
    if not found:
        day = calendar_day(written.wall.date())
        return f"{day}, {written.wall:%H:%M} {written.zone}, which the clocks skip"
    if len(found) == 2 and written.which is None:
        day = calendar_day(written.wall.date())
        return f"{day}, {clock_time(found[0], written.zone)} {written.zone}, which occurs twice"
    instant = found[(written.which or 1) - 1] if len(found) == 2 else found[0]
    return f"{date_and_time(instant, written.zone)}, {relative_time(instant, now)}"


class _Words:
    """The parts of one text."""

    def __init__(self, shown: str, own: str, now: datetime) -> None:
        self._shown, self._own, self._now = shown, own, now
        self._clock, self._date = ClockWords(), DateWords(shown)
        self._delay: Delay | None = None
        self._midnight = False

    def read(self) -> WrittenTime:
        text = _SPACE.sub(" ", self._shown.casefold()).strip(" .!")
        text, which_offset = _without_pass(text)
        zone_words = self._take_parts(text)
        is_timeless = self._clock.is_empty and self._clock.bare is None
        if self._date.is_empty and is_timeless and not (self._delay or self._midnight):
            raise self._not_understood(zone_words or text)
        fixed = None if zone_words in zone_names.by_name() else zone_names.offset(zone_words)
        if zone_words == "z":
            fixed = timedelta()
        zone = self._zone(zone_words) if zone_words and fixed is None else self._own
        if fixed is not None:
            return self._at_offset(fixed)
        written = self._written(zone)
        if which_offset:
            written = _with_pass(written, which_offset)
        return self._future(written)

    def _take_parts(self, text: str) -> str:
        """Take all parts of date and time, and return the words after them, which must name a zone."""
        rest = text
        while rest:
            taken = self._take_one(rest)
            if not taken:
                return rest
            rest = rest[taken:].strip()
        return ""

    def _take_one(self, rest: str) -> int:
        if filler := _FILLER.match(rest):
            return filler.end()
        if match := _MIDNIGHT.match(rest):
            self._midnight = True
            return match.end()
        if self._delay is None and (found := take_delay(rest)):
            self._delay = found[0]
            return found[1]
        if taken := self._clock.take(rest):
            return taken
        if taken := self._date.take(rest):
            return taken
        return self._take_foreign(rest) or self._clock.take_bare(rest)

    def _take_foreign(self, rest: str) -> int:
        """Take words of another language that name a day: all words up to a time of day."""
        if not self._date.is_empty or self._delay or is_english(rest):
            return 0
        words = re.split(r" (?=\d{1,2}(?:[:.h]| ?[ap]m| ?uhr))| (?=um |at |à |a las |alle )", rest)[0]
        if words == rest and self._clock.is_empty:
            return 0  # without a time of day it is no time, and half a word is typed
        day = other_languages.read_date(words, wall_time(self._now, self._own).replace(tzinfo=None))
        if day is None:
            return 0
        self._date.set(lambda today: iter((day,)))
        rest_of = re.match(r" (?:um|à|a las|alle|às|om) ", rest[len(words) :])
        return len(words) + (rest_of.end() if rest_of else 0)

    def _zone(self, words: str) -> str:
        words = words.removeprefix("in ").removesuffix(" time").strip("()")
        zones = zone_names.zones_named(words, self._own, self._now)
        if not zones:
            raise self._not_understood(words)
        if len(zones) > 1:
            base = self._shown[: self._shown.casefold().rfind(words)].strip(" ,")
            raise UnclearTime(
                f"“{words.upper() if len(words) < 5 else words.title()}” is the name of more than one time zone.",
                tuple(f"{base} {zone}" for zone in zones),
            )
        return zones[0]

    def _written(self, zone: str) -> WrittenTime:
        if self._delay is not None:
            return self._after_delay(zone, self._delay)
        at = self._time_of_day()
        today = wall_time(self._now, zone).date()
        written = None
        for day in self._date.days(today):
            written = WrittenTime(datetime.combine(day, at), zone)
            if not self._is_past(written):
                return written
            if self._date.tonight:
                break
        if written is None:
            raise self._not_understood(self._shown)
        return written

    def _time_of_day(self) -> time:
        if self._midnight:
            return self._midnight_time()
        if self._date.tonight:
            self._clock.evening()
        at = self._clock.time_of_day()
        if at is not None and self._date.tonight and at.hour < 17:
            raise NoSuchTime("That is not tonight.", "Write today or tomorrow instead of tonight.")
        if at is not None:
            return at
        if (bare := self._clock.bare) is None:
            raise NoTimeOfDay(self._shown)
        if bare > 23:
            raise NoSuchTime(f"{bare} is not an hour.", "Write a time from 00:00 to 23:59.")
        hours = (bare,) if bare > 12 else (bare % 12, bare % 12 + 12)
        number = rf"(?<!\d)0?{bare}(?!\d)(?: ?o'?clock)?"
        last = list(re.finditer(number, self._shown, re.IGNORECASE))[-1]
        before, after = self._shown[: last.start()], self._shown[last.end() :]
        choices = tuple(f"{before}{hour:02d}:00{after}" for hour in hours)
        raise UnclearTime(f"Which time is {bare}?", choices)

    def _midnight_time(self) -> time:
        if not self._clock.is_empty or self._clock.bare not in (None, 12):
            raise NotUnderstood("The text has two times of day.")
        if self._date.is_empty:
            return time(0)
        today = wall_time(self._now, self._own).date()
        day = next(self._date.days(today))
        choices = tuple(f"{calendar_day(each)} 00:00" for each in (day, day + timedelta(days=1)))
        raise UnclearTime("Is that the midnight at which the day begins, or at which it ends?", choices)

    def _after_delay(self, zone: str, delay: Delay) -> WrittenTime:
        at = None if self._clock.is_empty and self._clock.bare is None and not self._midnight else self._time_of_day()
        if not self._date.is_empty or (at is not None and delay.has_elapsed):
            raise NotUnderstood("The text has two times.")
        try:
            due = delay.due(self._now)
            wall = wall_time(due, zone).replace(tzinfo=None) + delay.calendar
        except ValueError as error:
            raise OverflowError from error
        if at is not None:
            return WrittenTime(datetime.combine(wall.date(), at), zone)
        both = instants(wall, zone)
        return WrittenTime(wall, zone, 1 + both.index(due) if delay.is_elapsed and len(both) == 2 else None)

    def _at_offset(self, offset: timedelta) -> WrittenTime:
        """Return the time in the own zone of a text that gives an offset instead of a zone: it means an instant."""
        there = self._now + offset
        at = self._time_of_day() if self._delay is None else None
        if at is None:
            raise NotUnderstood("A time from now needs no UTC offset.")
        found = None
        for day in self._date.days(there.date()):
            found = datetime.combine(day, at, tzinfo=self._now.tzinfo) - offset
            if found > self._now:
                break
        if found is None:
            raise self._not_understood(self._shown)
        wall = wall_time(found, self._own).replace(tzinfo=None)
        both = instants(wall, self._own)
        return self._future(WrittenTime(wall, self._own, 1 + both.index(found) if len(both) == 2 else None))

    def _is_past(self, written: WrittenTime) -> bool:
        found = instants(written.wall, written.zone)
        if not found:
            return written.wall <= wall_time(self._now, written.zone).replace(tzinfo=None)
        chosen = found[written.which - 1] if written.which and len(found) == 2 else found[-1]
        return chosen <= self._now

    def _future(self, written: WrittenTime) -> WrittenTime:
        if self._is_past(written):
            raise TimeInPast(f"That has passed: {understood(written, self._now)}.", written)
        return written

    def _not_understood(self, part: str) -> PunctualError:
        if re.search(r"\b\d{1,2}\.\d{1,2}\b", part):
            return NotUnderstood(f"“{part}” is not clear: write 9:30 for a time, and 25 dec for a date.")
        if part == self._shown.casefold() or not part:
            return NotUnderstood(f"“{self._shown}” is not a time." if part else "There is no text.")
        return NotUnderstood(f"“{part}” is not understood in “{self._shown}”.")


def _without_pass(text: str) -> tuple[str, str | None]:
    """Split `(UTC+02:00)` from the end of a text: it tells the two passes of a doubled hour apart."""
    found = _PASS.search(text)
    return (text[: found.start()], found[1].upper()) if found else (text, None)


def _with_pass(written: WrittenTime, offset: str) -> WrittenTime:
    """Choose the pass of a doubled hour by its offset. Raises NoSuchTime if the zone does not have the offset then."""
    both = instants(written.wall, written.zone)
    labels = [offset_label(each, written.zone) for each in both]
    if offset not in labels:
        raise NoSuchTime(
            f"{written.zone} does not have {offset} then.", "Leave out the offset, or write the time of that offset."
        )
    return WrittenTime(written.wall, written.zone, 1 + labels.index(offset) if len(both) == 2 else None)
