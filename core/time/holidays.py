"""Public holidays of countries by day."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from functools import lru_cache

import holidays

LANGUAGE = "en_US"
"""The language of the names, where the package has it. Other countries' names are in a language of the country."""


@lru_cache(maxsize=1)
def countries() -> tuple[str, ...]:
    """Return the two-letter codes of the countries whose holidays are known, in order."""
    return tuple(sorted(code for code in holidays.list_supported_countries() if len(code) == 2))


def public_holidays(codes: Sequence[str], first: date, last: date) -> dict[date, list[str]]:
    """Return the names of the holidays from `first` to `last` by day. Unknown codes have none.

    With several countries, each name has the code of its country before it, as in `DE: New Year's Day`.
    """
    found: dict[date, list[str]] = defaultdict(list)
    for code in codes:
        for year in range(first.year, last.year + 1):
            for day, name in _of_year(code, year):
                if first <= day <= last:
                    found[day].append(f"{code}: {name}" if len(codes) > 1 else name)
    return dict(found)


@lru_cache(maxsize=200)
def _of_year(code: str, year: int) -> tuple[tuple[date, str], ...]:
    if code not in countries():
        return ()
    return tuple(sorted(holidays.country_holidays(code, years=year, language=LANGUAGE).items()))
