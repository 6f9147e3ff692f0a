"""Dates as people write them: tomorrow, next fri, 25 dec 2026, 2026-12-25, 25/12, the 25th."""

import calendar
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from core.time.phrases import calendar_day
from core.time.written_refusals import NoSuchTime, NotUnderstood, UnclearTime

_END = r"(?![\w:])"
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAY_FORMS = {form: index for index, name in enumerate(_WEEKDAYS) for form in (name, name[:3])} | {
    "tues": 1,
    "weds": 2,
    "thur": 3,
    "thurs": 3,
}
_MONTHS = [name.casefold() for name in calendar.month_name]
_MONTH_FORMS = {form: index for index, name in enumerate(_MONTHS) if name for form in (name, name[:3])} | {"sept": 9}
_NEAR = {"today": 0, "tonight": 0, "tomorrow": 1, "tmrw": 1, "tmr": 1, "day after tomorrow": 2, "yesterday": -1}

_WEEKDAY_WORDS = "|".join(sorted(_WEEKDAY_FORMS, key=len, reverse=True))
_MONTH_WORDS = "|".join(sorted(_MONTH_FORMS, key=len, reverse=True))
_YEAR = r"(?:[-\s]+(\d{4})(?![\w:-]))?"
_NOT_A_TIME = r"(?![:.]\d|\s*[ap]\.?m|\w)"

_NEAR_DAY = re.compile(rf"(?:the )?({'|'.join(sorted(_NEAR, key=len, reverse=True))}){_END}")
_WEEKDAY = re.compile(rf"(?:(next|this|coming)\s+)?({_WEEKDAY_WORDS})\.?(\s+next week)?{_END}")
_NEXT_WEEK = re.compile(rf"next week (?:on )?({_WEEKDAY_WORDS})\.?{_END}")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:t(?=\d)|(?![\w:-]))")
_SLASHED = re.compile(r"(\d{1,4})/(\d{1,2})(?:/(\d{1,4}))?(?![\w:/])")
_DOTTED = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.(?:\s?(\d{4}))?(?![\w:.])")
_DAY_MONTH = re.compile(rf"(\d{{1,2}})(?:st|nd|rd|th|\.)?[-\s]*(?:of )?({_MONTH_WORDS})\.?{_END}{_YEAR}")
_MONTH_DAY = re.compile(rf"({_MONTH_WORDS})\.?[-\s]*(\d{{1,2}})(?:st|nd|rd|th)?{_NOT_A_TIME}{_YEAR}")
_DAY = re.compile(rf"(\d{{1,2}})(?:st|nd|rd|th){_END}")


def is_english(words: str) -> bool:
    """Return whether the words begin with an English month or weekday."""
    return bool(re.match(rf"(?:{_MONTH_WORDS}|{_WEEKDAY_WORDS})(?!\w)", words))


Days = Callable[[date], Iterator[date]]
"""The days that words may mean, in order, seen from today. The first at which the time of day is not past counts."""


class DateWords:
    """Collects the words of a date from a text, and puts them together."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._days: Days | None = None
        self._weekday: tuple[int, str] | None = None
        self.tonight = False

    def take(self, rest: str) -> int:
        """Return how many characters at the start of the text belong to a date; 0 if none. Raises the refusals."""
        for pattern, read in self._readers():
            if match := pattern.match(rest):
                read(match)
                return match.end()
        return 0

    def set(self, days: Days) -> None:
        """Set the days that the words mean. Raises NotUnderstood if there are some."""
        if self._days is not None:
            raise NotUnderstood("The text has two dates.")
        self._days = days

    @property
    def is_empty(self) -> bool:
        """Return whether the text has no date so far."""
        return self._days is None and self._weekday is None

    def days(self, today: date) -> Iterator[date]:
        """Return the days that the words mean, in order; for no words, today and tomorrow. Raises NoSuchTime."""
        if self._days is not None:
            return self._checked(self._days(today))
        if self._weekday is not None:
            return _weekdays(*self._weekday, today)
        return iter((today, today + timedelta(days=1)))

    def _readers(self) -> tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], None]], ...]:
        return (
            (_ISO, lambda found: self.set(_on(int(found[1]), int(found[2]), int(found[3])))),
            (_SLASHED, self._set_slashed),
            (_DOTTED, lambda found: self.set(_on(_number(found[3]), int(found[2]), int(found[1])))),
            (_DAY_MONTH, lambda found: self.set(_on(_number(found[3]), _MONTH_FORMS[found[2]], int(found[1])))),
            (_MONTH_DAY, lambda found: self.set(_on(_number(found[3]), _MONTH_FORMS[found[1]], int(found[2])))),
            (_DAY, lambda found: self.set(_day_of_month(int(found[1])))),
            (_NEAR_DAY, self._set_near),
            (_NEXT_WEEK, lambda found: self._set_weekday(found[1], "next week")),
            (_WEEKDAY, lambda found: self._set_weekday(found[2], (found[3] or found[1] or "").strip())),
        )

    def _set_near(self, found: re.Match[str]) -> None:
        self.tonight = found[1] == "tonight"
        self.set(lambda today: iter((today + timedelta(days=_NEAR[found[1]]),)))

    def _set_weekday(self, name: str, which: str) -> None:
        if self._weekday is not None:
            raise NotUnderstood("The text has two weekdays.")
        self._weekday = _WEEKDAY_FORMS[name], which

    def _set_slashed(self, found: re.Match[str]) -> None:
        first, second, third = found.groups()
        if len(first) == 4 and third:
            return self.set(_on(int(first), int(second), int(third)))
        if len(first) > 2 or (third and len(third) != 4):
            raise NoSuchTime(f"The year in {found[0]} is not clear.", "Write a year with four digits.")
        day, month, year = int(first), int(second), f" {third}" if third else ""
        if day == month or min(day, month) < 1 or max(day, month) > 12:
            return self.set(_on(_number(third), *((month, day) if day > 12 or day == month else (day, month))))
        both = [f"{each} {calendar.month_abbr[other]}{year}" for each, other in ((day, month), (month, day))]
        question = f"{found[0]} may be {both[0]} or {both[1]}."
        raise UnclearTime(question, tuple(self._text.replace(found[0], each) for each in both))

    def _checked(self, days: Iterator[date]) -> Iterator[date]:
        """Yield the days. Raises NoSuchTime if a weekday is written that is not the one of the first day."""
        for day in days:
            if self._weekday is not None and day.weekday() != self._weekday[0]:
                written = calendar.day_name[self._weekday[0]]
                raise NoSuchTime(f"{calendar_day(day)} is not a {written}.", "Leave out the weekday, or correct it.")
            yield day


def _weekdays(weekday: int, which: str, today: date) -> Iterator[date]:
    """Yield the days of a weekday. "next fri" is the first Friday after today; "fri" may be today."""
    ahead = (weekday - today.weekday()) % 7
    if which == "next week":
        yield today + timedelta(days=7 - today.weekday() + weekday)
        return
    if which == "next":
        ahead = ahead or 7
    yield today + timedelta(days=ahead)
    if not which:
        yield today + timedelta(days=ahead + 7)


def _on(year: int | None, month: int, day: int) -> Days:
    """Return the one day of a date: without a year, the first from today on."""
    longest = calendar.monthrange(2000, month)[1] if 1 <= month <= 12 else 0
    if not longest:
        raise NoSuchTime(f"There is no month {month}.", "A month is a number from 1 to 12.")
    if not 1 <= day <= longest or (year is not None and not _exists(year, month, day)):
        shown = f"{day} {calendar.month_name[month]}" + (f" {year}" if year is not None else "")
        raise NoSuchTime(f"There is no {shown}.", "Write a date that the calendar has.")

    def days(today: date) -> Iterator[date]:
        years = [year] if year is not None else range(today.year, today.year + 9)
        found = (date(each, month, day) for each in years if _exists(each, month, day))
        yield next(each for each in found if year is not None or each >= today)

    return days


def _day_of_month(day: int) -> Days:
    """Return the days with this number in their months."""
    if not 1 <= day <= 31:
        raise NoSuchTime(f"No month has {day} days.", "Write a date that the calendar has.")

    def days(today: date) -> Iterator[date]:
        months = ((today.year + number // 12, number % 12 + 1) for number in range(today.month - 1, today.month + 12))
        found = (date(year, month, day) for year, month in months if _exists(year, month, day))
        return (each for each in found if each >= today)

    return days


def _exists(year: int, month: int, day: int) -> bool:
    return 1 <= year <= 9999 and 1 <= day <= calendar.monthrange(year, month)[1]


def _number(text: str | None) -> int | None:
    return int(text) if text else None
