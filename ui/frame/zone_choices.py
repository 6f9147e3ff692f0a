"""The time zones to choose from, searchable by city, country, abbreviation and offset.

The browser searches the labels, so each label holds the words that its zone is looked for by.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache

import pytz

from core.time.instants import instants, wall_time
from core.time.phrases import city, zone_label
from core.time.zone_names import ABBREVIATIONS, city_rows, without_accents

HELP = "Type a city, a country, an abbreviation or an offset, for example Mumbai, Brazil, PST or +5:30."
"""The help text of every time zone field."""
_CITIES = 7
"""How many of the largest cities of a zone a label names."""


@cache
def countries() -> Mapping[str, str]:
    """Return the countries of each zone, by zone name."""
    found: dict[str, list[str]] = {}
    for code, zones in pytz.country_timezones.items():
        for zone in zones:
            found.setdefault(zone, []).append(pytz.country_names[code])
    return {zone: ", ".join(names) for zone, names in found.items()}


@lru_cache(maxsize=64)
def labels(wall: datetime, extra: str) -> dict[str, str]:
    """Return the label of each common zone and of `extra`, with its offset at the naive time `wall`.

    The zone of the largest city comes first, so that a search for India finds India before Indiana. `extra` is the
    browser's zone, which may be an older name of a common zone.
    """
    order = dict.fromkeys([*_cities(), *pytz.common_timezones, extra])
    zones = (zone for zone in order if zone == extra or zone in pytz.common_timezones_set)
    return {zone: _label(zone, next(iter(instants(wall, zone)), wall.replace(tzinfo=UTC))) for zone in zones}


def _label(zone: str, at: datetime) -> str:
    words = ", ".join(
        dict.fromkeys([*_abbreviations(zone, at.year), _short_offset(zone, at), *_cities().get(zone, ())])
    )
    country = countries().get(zone)
    return " · ".join(filter(None, (zone_label(zone, at), country, words)))


@cache
def _cities() -> Mapping[str, tuple[str, ...]]:
    """Return the largest cities of each zone, in both spellings if they have accents."""
    found: dict[str, list[str]] = {}
    for names, zone in city_rows():
        if len(found.setdefault(zone, [])) < _CITIES:
            found[zone] += [spelling for name in names for spelling in _spellings(name, zone)]
    return {zone: tuple(names) for zone, names in found.items()}


def _spellings(name: str, zone: str) -> Iterator[str]:
    """Yield the spellings of a city that the name of its zone does not have."""
    for spelling in dict.fromkeys((name, without_accents(name))):
        if spelling != city(zone):
            yield spelling


@cache
def _abbreviations(zone: str, year: int) -> tuple[str, ...]:
    """Return the abbreviations that the clocks of a zone have in a year, and those that people use."""
    seasons = (wall_time(datetime(year, month, 1, tzinfo=UTC), zone).tzname() or "" for month in (1, 7))
    meant = (name.upper() for name, zones in ABBREVIATIONS.items() if zone in zones and len(name) > 2)
    return tuple(dict.fromkeys(name for name in (*seasons, *meant) if name.isalpha() and name != zone))


def _short_offset(zone: str, at: datetime) -> str:
    """Return the offset as people type it: `UTC+5:30` or `UTC-3`."""
    minutes = int((wall_time(at, zone).utcoffset() or at - at).total_seconds() // 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02}" if rest else "")
