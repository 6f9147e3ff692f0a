"""The keys of records in a repository of the AT Protocol."""

import secrets
from datetime import datetime

_TID_ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"
"""The digits of a record key, in ascending order: base 32, sortable."""


def new_record_key(now: datetime) -> str:
    """Return a record key (TID) of 13 sortable characters: 53 bits of microseconds, then 10 random bits.

    The last three digits of the microseconds are random too, because posts with the same due time are prepared at the
    same moment.
    """
    microseconds = int(now.timestamp() * 1000) * 1000 + secrets.randbelow(1000)
    number = microseconds << 10 | secrets.randbelow(1 << 10)
    return "".join(_TID_ALPHABET[number >> shift & 31] for shift in range(60, -1, -5))
