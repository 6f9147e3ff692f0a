"""The problems that report posts whose instants changed with the rules of their zone."""

from collections.abc import Iterable

from core.maintenance.zone_changes import ZoneChange, change_summary
from core.notifications.problems import Problem
from core.time.instants import utc_text


def zone_problems(changes: Iterable[ZoneChange]) -> list[Problem]:
    """Return one problem for each zone whose rules changed, once all of its posts are derived again."""
    return [
        Problem(
            id=f"zone {each.zone} {each.release}",
            at=each.at,
            line=f"{change_summary(each)} See {'the Queue' if each.needs_time else 'Health'}.",
            data={
                "zone": each.zone,
                "release": each.release,
                "moved": str(len(each.moved)),
                "needs_time": str(len(each.needs_time)),
                "at": utc_text(each.at),
            },
        )
        for each in changes
        if each.complete
    ]
