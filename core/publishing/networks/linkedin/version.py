"""The version of LinkedIn's API that a request names: a month, such as 202609.

LinkedIn publishes a version each month, supports it for a year, then responds with 426 (doc: Versioning).
"""

from datetime import date, datetime

TESTED = date(2026, 9, 1)
"""The version that Punctual was tested with."""
SUPPORTED_MONTHS = 12
"""Months after the month of a version until its end."""
_RESERVE_MONTHS = 2
"""Months before the end of the tested version from which a newer one is used."""
WARNED_MONTHS = 4
"""Months before the end of the tested version from which Health asks for an update."""


def api_version(now: datetime) -> str:
    """Return the version for a request at `now`: the tested one, and near its end and after it a newer one.

    The newer one is halfway through its support, so it is neither too new to exist nor about to end.
    """
    if months_left(now) > _RESERVE_MONTHS:
        return f"{TESTED:%Y%m}"
    month = now.year * 12 + now.month - 1 - SUPPORTED_MONTHS // 2
    return f"{month // 12}{month % 12 + 1:02}"


def months_left(now: datetime) -> int:
    """Return the months until the end of the tested version; negative after it."""
    return (TESTED.year - now.year) * 12 + TESTED.month - now.month + SUPPORTED_MONTHS
