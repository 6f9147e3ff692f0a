"""Dates in languages other than English, such as `25. Dezember` or `demain`, read by the package dateparser.

dateparser guesses: it completes what is missing and reads one word as different things in different languages. A date
counts only if it is a whole day and all languages that understand the words agree on it. The package takes a fifth of a
second to load, so this module loads it when it reads, which happens after the English words were not understood.
"""

import re
from datetime import date, datetime
from functools import cache
from typing import Any

_LANGUAGES = ("de", "fr", "es", "it", "pt", "nl")
_LONGEST = 40
_WORDS = re.compile(r"(?:\d{1,2}\.? )?[^\W\d_]{3,}\.?(?: [^\W\d_]+){0,2}(?: \d{4})?")
"""A day or none, a word with up to two more, and a year or none. Digits alone are not for dateparser to guess at."""


def read_date(words: str, today: datetime) -> date | None:
    """Return the day that the words name, seen from the naive wall time `today`; None if it is not clear."""
    if len(words) > _LONGEST or not _WORDS.fullmatch(words):
        return None
    found = {_read(words, language, today) for language in _LANGUAGES} - {None}
    day = found.pop() if len(found) == 1 else None
    number = re.match(r"\d{1,2}", words)
    year = re.search(r"\d{4}$", words)
    if day is None or (number and int(number[0]) != day.day) or (year and int(year[0]) != day.year):
        return None
    return day


def _read(words: str, language: str, today: datetime) -> date | None:
    data = _parser(language)(words, today)
    return data.date_obj.date() if data.date_obj and data.period == "day" else None


@cache
def _parser(language: str) -> Any:
    from dateparser.date import DateDataParser

    def parse(words: str, today: datetime) -> Any:
        settings = {
            "RELATIVE_BASE": today,
            "PREFER_DATES_FROM": "future",
            "PARSERS": ["relative-time", "absolute-time"],
        }
        return DateDataParser(languages=[language], settings=settings).get_date_data(words)

    return parse
