"""Finds time zones by a city, a country, an abbreviation or an offset, with and without accents."""

from datetime import datetime, timedelta

import pytz

from core.time import zone_names
from core.time.instants import wall_time
from core.time.zone_names import ABBREVIATIONS, plain


def search_zones(words: str, at: datetime) -> list[str]:
    """Return the zones that the words may mean, the best first; none for no words.

    Exact names come first, then abbreviations, offsets (those that zones have at the instant `at`), countries, and
    cities, the largest first; then names that begin with the words, and names that contain them.
    """
    wanted = plain(words)
    if not wanted and zone_names.offset(words) is None:
        return []
    found = dict.fromkeys(_exact(words, at))
    for matches in (lambda name: name.startswith(wanted), lambda name: f" {wanted}" in name):
        for named in (zone_names.by_country(), zone_names.by_city(), _paths()):
            for name, zones in named.items():
                if wanted and matches(name):
                    found.update(dict.fromkeys(zones))
    return list(found)


def zones_named(words: str, own: str, at: datetime) -> tuple[str, ...]:
    """Return the zones that are called exactly this, for a person whose zone is `own`.

    An abbreviation that the clocks of `own` have means `own`. More than one zone means that the words are not clear.
    """
    name = words.strip().casefold()
    if name in ABBREVIATIONS and zone_names.uses(own, name, at.year):
        return (own,)
    if name in ABBREVIATIONS:
        return ABBREVIATIONS[name]
    if zone := zone_names.by_name().get(name):
        return (zone,)
    wanted = plain(words)
    cities = zone_names.by_city().get(wanted, ())[:1]  # the largest of the cities with this name
    return cities or zone_names.by_country().get(wanted, ())


def _exact(words: str, at: datetime) -> list[str]:
    name, wanted = words.strip().casefold(), plain(words)
    zone = zone_names.by_name().get(name)
    found = [zone] if zone in pytz.common_timezones_set else []
    found += ABBREVIATIONS.get(name, ())
    if name in ABBREVIATIONS:
        found += [each for each in pytz.common_timezones if zone_names.uses(each, name, at.year)]
    if (offset := zone_names.offset(words)) is not None:
        found += with_offset(offset, at)
    for named in (zone_names.by_country(), zone_names.by_city(), _paths()):
        found += named.get(wanted, ())
    return found


def with_offset(offset: timedelta, at: datetime) -> list[str]:
    """Return the common zones with an offset at an instant, those of the largest cities first."""
    by_size = dict.fromkeys([*(zone for _, zone in zone_names.city_rows()), *pytz.common_timezones])
    return [zone for zone in by_size if zone in pytz.common_timezones_set and wall_time(at, zone).utcoffset() == offset]


def _paths() -> dict[str, tuple[str, ...]]:
    return {plain(zone): (zone,) for zone in pytz.common_timezones}
