"""The time zones to choose from, searchable by city, country and offset."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache

import pytz

from core.time.instants import instants
from core.time.phrases import city, zone_label

HELP = "Type a city, a country or an offset, for example Tokyo, Brazil or +05:30."
"""The help text of every time zone field."""


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
    """Return the label of each common zone and of `extra`, with its offset at the naive time `wall`, west to east.

    `extra` is the browser's zone, which may be an older name of a common zone.
    """
    zones = {*pytz.common_timezones, extra}
    at = {zone: next(iter(instants(wall, zone)), wall.replace(tzinfo=UTC)) for zone in zones}
    order = sorted(zones, key=lambda zone: (-at[zone].timestamp(), city(zone)))
    return {zone: _label(zone, at[zone]) for zone in order}


def _label(zone: str, at: datetime) -> str:
    country = countries().get(zone)
    return f"{zone_label(zone, at)} · {country}" if country else zone_label(zone, at)
