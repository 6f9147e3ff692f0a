"""The time zones to choose from, each found by its city, its country and its offset."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache

import pytz

from core.time.instants import instants
from core.time.phrases import city, zone_label


@cache
def countries() -> Mapping[str, str]:
    """Return the countries of each zone, by its name."""
    found: dict[str, list[str]] = {}
    for code, zones in pytz.country_timezones.items():
        for zone in zones:
            found.setdefault(zone, []).append(pytz.country_names[code])
    return {zone: ", ".join(names) for zone, names in found.items()}


@lru_cache(maxsize=64)
def labels(wall: datetime, also: str) -> dict[str, str]:
    """Return each zone's label with the offset it has at the naive time `wall`, from west to east, `also` among them.

    `also` is a zone that the browser names, which may be an older name of one of the rest.
    """
    zones = {*pytz.common_timezones, also}
    at = {zone: next(iter(instants(wall, zone)), wall.replace(tzinfo=UTC)) for zone in zones}
    order = sorted(zones, key=lambda zone: (-at[zone].timestamp(), city(zone)))
    return {zone: _label(zone, at[zone]) for zone in order}


def _label(zone: str, at: datetime) -> str:
    place = countries().get(zone)
    return f"{zone_label(zone, at)} · {place}" if place else zone_label(zone, at)
