"""The late policy: a post is not sent when its late limit has passed, because it may no longer fit its time."""

from datetime import datetime, timedelta


def is_too_late(due: datetime, late_after: timedelta | None, now: datetime) -> bool:
    """Return whether more time than `late_after` has passed since `due`. Without a limit, no post is too late."""
    return late_after is not None and now > due + late_after


def too_late_error(due: datetime, late_after: timedelta | None, now: datetime) -> str:
    """Return the reason and the remedy of a post that was not sent."""
    limit = late_after or timedelta()
    return (
        f"Not posted: {(now - due).total_seconds() / 60:.0f} minutes after its time, and the limit is "
        f"{limit.total_seconds() / 60:.0f}. Schedule it again."
    )
