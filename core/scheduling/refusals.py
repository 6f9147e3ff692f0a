"""Errors of posts that cannot be scheduled or changed. They show times in the post's own zone."""

from datetime import datetime

from core.errors import PunctualError
from core.ledger.port import Plan
from core.time.phrases import date_and_time


class TooSoon(PunctualError):
    """The instant has passed, or is too soon for the scheduler."""

    def __init__(self, due_at: datetime, earliest: datetime, now: datetime, zone: str) -> None:
        state = "has passed" if due_at <= now else "is too soon"
        super().__init__(f"{date_and_time(due_at, zone)} {state}.")
        self.earliest = earliest
        self.hint = f"Choose a time after {date_and_time(earliest, zone)}, or publish the post now."


class TooFarAhead(PunctualError):
    """The instant is beyond PLANNING_HORIZON."""

    hint = "Choose a date within the next three years."

    def __init__(self, due_at: datetime, zone: str) -> None:
        super().__init__(f"{date_and_time(due_at, zone)} is too far ahead.")


class TooLateToChange(PunctualError):
    """The post goes out so soon that a change might not reach the scheduler in time."""

    hint = "Nothing was changed. If it is not published yet, you can still cancel or reschedule it."

    def __init__(self, due_at: datetime, zone: str) -> None:
        super().__init__(f"The post is due at {date_and_time(due_at, zone)}: there is no time left to change it.")


class PostCancelled(PunctualError):
    """The post was cancelled, so it cannot be changed."""

    hint = "To publish it, undo the cancellation first."

    def __init__(self, post_id: str) -> None:
        super().__init__(f"The post {post_id} was cancelled meanwhile. Your change was not saved.")


class PostMoved(PunctualError):
    """The post was exported. Another deployment publishes it after an import."""

    hint = "Change it there. To take it back, import the same file here, unless it was imported elsewhere."

    def __init__(self, post_id: str) -> None:
        super().__init__(f"The post {post_id} was moved to another deployment. Your change was not saved.")


class PostRepeats(PunctualError):
    """The action needs a post with a single time."""

    hint = "Duplicate it and schedule the copy, or change its repeat rule."

    def __init__(self, post_id: str) -> None:
        super().__init__(f"The post {post_id} repeats, so it has no single time. Nothing was changed.")


class PostDoesNotRepeat(PunctualError):
    """The action needs a series."""

    hint = "Cancel it, or change its time."

    def __init__(self, post_id: str) -> None:
        super().__init__(f"The post {post_id} does not repeat, so it has no run to skip. Nothing was changed.")


class TimeNeeded(PunctualError):
    """The clocks of the zone skip the post's wall time or show it twice, since the rules of the zone changed."""

    hint = "Choose a new time."

    def __init__(self, post_id: str, wall: str, zone: str) -> None:
        super().__init__(f"{wall.replace('T', ', ')} is no single instant in {zone} now. The post {post_id} waits.")


class SeriesEnded(PunctualError):
    """The last date of a repeating post has passed."""

    hint = "Give it a later last date."

    def __init__(self, ends_at: datetime, zone: str) -> None:
        super().__init__(f"The last run was due by {date_and_time(ends_at, zone)}.")


def check_not_cancelled(plan: Plan) -> None:
    """Raise PostCancelled if the post was cancelled."""
    if plan.desired == "cancelled":
        raise PostCancelled(plan.post.post_id)


def check_not_moved(plan: Plan) -> None:
    """Raise PostMoved if the post was exported."""
    if plan.desired == "moved":
        raise PostMoved(plan.post.post_id)
