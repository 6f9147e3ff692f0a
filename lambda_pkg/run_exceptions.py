"""The runs of a repeating post that do not count: weeks between those of *every n weeks*, and runs that were skipped.

A schedule cannot leave them out, so it fires, and its payload says that nothing goes out. The rule needs no zone data,
which Lambda does not have.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

_WEEK = timedelta(weeks=1)
_TOLERANCE = timedelta(hours=12)
"""More than any change of the clocks between two runs."""


def is_excluded(
    run: datetime, *, every_weeks: int = 1, anchor: datetime | None = None, skipped: Collection[datetime] = ()
) -> bool:
    """Return whether nothing goes out at a run.

    `anchor` is the instant at which the clocks show the rule's time on the Monday of a week that counts. Runs have one
    time of day, so a run is a number of whole days after the anchor, give or take a change of the clocks.
    """
    if run in skipped:
        return True
    if anchor is None or every_weeks <= 1:
        return False
    return (run - anchor + _TOLERANCE) // _WEEK % every_weeks != 0
