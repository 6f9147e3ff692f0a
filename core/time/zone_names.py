"""The names of zones: abbreviations, offsets, countries, cities, in plain letters to be compared."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytz

from core.time.instants import wall_time

_CITIES = Path(__file__).with_name("cities.tsv")
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "ß": "ss", "ı": "i", "đ": "d", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"})
_OFFSET = re.compile(r"(?:utc|gmt)?\s*([+\-−])\s*(\d{1,2})(?::?([0-5]\d))?")

ABBREVIATIONS: Mapping[str, tuple[str, ...]] = {
    "acst": ("Australia/Adelaide", "Australia/Darwin"),
    "acdt": ("Australia/Adelaide",),
    "aest": ("Australia/Sydney", "Australia/Brisbane"),
    "aedt": ("Australia/Sydney",),
    "akst": ("America/Anchorage",),
    "akdt": ("America/Anchorage",),
    "art": ("America/Argentina/Buenos_Aires",),
    "ast": ("America/Halifax", "Asia/Riyadh"),
    "adt": ("America/Halifax",),
    "awst": ("Australia/Perth",),
    "brt": ("America/Sao_Paulo",),
    "bst": ("Europe/London", "Asia/Dhaka"),
    "cat": ("Africa/Maputo",),
    "cet": ("Europe/Berlin",),
    "cest": ("Europe/Berlin",),
    "clt": ("America/Santiago",),
    "cot": ("America/Bogota",),
    "cst": ("America/Chicago", "Asia/Shanghai", "America/Havana"),
    "cdt": ("America/Chicago", "America/Havana"),
    "eat": ("Africa/Nairobi",),
    "eet": ("Europe/Athens",),
    "eest": ("Europe/Athens",),
    "est": ("America/New_York",),
    "edt": ("America/New_York",),
    "et": ("America/New_York",),
    "gmt": ("GMT",),
    "gst": ("Asia/Dubai",),
    "hkt": ("Asia/Hong_Kong",),
    "hst": ("Pacific/Honolulu",),
    "ist": ("Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"),
    "idt": ("Asia/Jerusalem",),
    "jst": ("Asia/Tokyo",),
    "kst": ("Asia/Seoul",),
    "msk": ("Europe/Moscow",),
    "mst": ("America/Denver", "America/Phoenix"),
    "mdt": ("America/Denver",),
    "ndt": ("America/St_Johns",),
    "npt": ("Asia/Kathmandu",),
    "nst": ("America/St_Johns",),
    "nzdt": ("Pacific/Auckland",),
    "nzst": ("Pacific/Auckland",),
    "pdt": ("America/Los_Angeles",),
    "pet": ("America/Lima",),
    "pht": ("Asia/Manila",),
    "pkt": ("Asia/Karachi",),
    "pst": ("America/Los_Angeles",),
    "pt": ("America/Los_Angeles",),
    "sast": ("Africa/Johannesburg",),
    "sgt": ("Asia/Singapore",),
    "trt": ("Europe/Istanbul",),
    "utc": ("UTC",),
    "wat": ("Africa/Lagos",),
    "west": ("Europe/Lisbon",),
    "wet": ("Europe/Lisbon",),
    "wib": ("Asia/Jakarta",),
    "wita": ("Asia/Makassar",),
    "wit": ("Asia/Jayapura",),
    "z": ("UTC",),
}
"""The zones that people mean by an abbreviation. One with several zones has several meanings."""

_MORE_COUNTRIES = {
    "usa": "US",
    "united states of america": "US",
    "america": "US",
    "uk": "GB",
    "great britain": "GB",
    "united kingdom": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "holland": "NL",
    "czechia": "CZ",
    "uae": "AE",
    "south korea": "KR",
    "north korea": "KP",
    "turkey": "TR",
    "turkiye": "TR",
    "deutschland": "DE",
    "espana": "ES",
    "schweiz": "CH",
    "osterreich": "AT",
    "brasil": "BR",
    "ivory coast": "CI",
    "burma": "MM",
}


def plain(text: str) -> str:
    """Return the text in small letters without accents, with single spaces for `_`, `/`, `-` and other marks."""
    return " ".join(re.sub(r"[^\w]|_", " ", without_accents(text.casefold())).split())


def without_accents(text: str) -> str:
    """Return the text with plain letters: `Zürich` as `Zurich`."""
    letters = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join(each for each in letters if not unicodedata.combining(each))


def offset(text: str) -> timedelta | None:
    """Return the UTC offset that a text such as `+5:30`, `UTC+5` or `GMT-0300` is; None if it is none."""
    found = _OFFSET.fullmatch(text.strip().casefold())
    if found is None or int(found[2]) > 14:
        return None
    length = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return length if found[1] == "+" else -length


@cache
def by_name() -> Mapping[str, str]:
    """Return the zone of each exact name, in small letters."""
    return {zone.casefold(): zone for zone in pytz.all_timezones}


@cache
def by_city() -> Mapping[str, tuple[str, ...]]:
    """Return the zones of each city in plain letters, the largest city first: all large ones, and one of each zone."""
    found: dict[str, dict[str, None]] = {}
    for names, zone in city_rows():
        for name in names:
            found.setdefault(plain(name), {})[zone] = None
    for zone in pytz.common_timezones:
        found.setdefault(plain(zone.rpartition("/")[2]), {}).setdefault(zone)
    return {name: tuple(zones) for name, zones in found.items()}


@cache
def city_rows() -> tuple[tuple[tuple[str, ...], str], ...]:
    """Return the names and the zone of each large city, the largest first, then of the states of the US."""
    lines = _CITIES.read_text(encoding="utf-8").splitlines()[1:]
    rows = (line.partition("\t") for line in lines)
    return tuple((tuple(names.split("|")), zone) for names, _, zone in rows)


@cache
def by_country() -> Mapping[str, tuple[str, ...]]:
    """Return the zones of each country, by its name in plain letters."""
    zones = {code: tuple(each) for code, each in pytz.country_timezones.items()}
    names = {plain(name): zones[code] for code, name in pytz.country_names.items() if code in zones}
    return names | {name: zones[code] for name, code in _MORE_COUNTRIES.items()}


def uses(zone: str, abbreviation: str, year: int) -> bool:
    """Return whether the clocks of a zone have the abbreviation, such as `cet`, at some time of the year."""
    days = (datetime(year, month, 1, tzinfo=UTC) for month in range(1, 13))
    return any((wall_time(day, zone).tzname() or "").casefold() == abbreviation for day in days)


def zones_named(words: str, own: str, at: datetime) -> tuple[str, ...]:
    """Return the zones that are called exactly this, for a person whose zone is `own`.

    An abbreviation that the clocks of `own` have means `own`. More than one zone means that the words are not clear.
    """
    name = words.strip().casefold()
    if name in ABBREVIATIONS and uses(own, name, at.year):
        return (own,)
    if name in ABBREVIATIONS:
        return ABBREVIATIONS[name]
    if zone := by_name().get(name):
        return (zone,)
    wanted = plain(words)
    cities = by_city().get(wanted, ())[:1]  # the largest of the cities with this name
    return cities or by_country().get(wanted, ())
