"""The Retry-After header: how long a server asks its clients to wait."""

import re
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

MAX_RETRY_AFTER = timedelta(days=1)
"""A longer wait counts as one day."""

_SECONDS = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def parse_retry_after(header: str, now: datetime) -> timedelta | None:
    """Return the wait that a Retry-After header asks for, from zero to a day, or None if the header is not valid.

    The header holds seconds or an HTTP date (RFC 9110, 10.2.3). Some servers send fractions of a second.
    """
    text = header.strip()
    if _SECONDS.fullmatch(text):
        return timedelta(seconds=max(0.0, min(float(text), MAX_RETRY_AFTER.total_seconds())))
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if until.tzinfo is None:  # HTTP dates name GMT
        return None
    return max(timedelta(), min(until - now, MAX_RETRY_AFTER))
