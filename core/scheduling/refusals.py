"""Why a post is not planned or changed as it was asked. Times are told as clocks in the post's own zone show them."""

from datetime import datetime

from core.errors import PunctualError
from core.time.phrases import moment


class TooSoon(PunctualError):
    """The instant has passed, or is too near for the scheduler to meet."""

    def __init__(self, due_at: datetime, earliest: datetime, now: datetime, zone: str) -> None:
        word = "has passed" if due_at <= now else "is only a moment ahead"
        super().__init__(f"{moment(due_at, zone)} {word}.")
        self.earliest = earliest
        self.hint = f"Choose a time after {moment(earliest, zone)}, or use Post now."


class TooFarAhead(PunctualError):
    """The instant lies further ahead than posts may be planned."""

    hint = "Choose a date within the next three years."

    def __init__(self, due_at: datetime, zone: str) -> None:
        super().__init__(f"{moment(due_at, zone)} is too far ahead.")


class TooLateToChange(PunctualError):
    """The post goes out in a moment; a change might not arrive in time."""

    hint = "Nothing was changed. If it is not out yet, it can still be cancelled, or given another time."

    def __init__(self, due_at: datetime, zone: str) -> None:
        super().__init__(f"The post is due at {moment(due_at, zone)}: there is no time left to change it.")


class Cancelled(PunctualError):
    """The post was cancelled, so there is nothing to change."""

    hint = "Undo the cancellation first, if it is to go out after all."

    def __init__(self, post_id: str) -> None:
        super().__init__(f"The post {post_id} was cancelled meanwhile. Your change was not made.")


class Moved(PunctualError):
    """The post was exported: it goes out by another deployment, if it was imported there."""

    hint = "Change it there. To take it back, import the same file here, unless it was imported elsewhere."

    def __init__(self, post_id: str) -> None:
        super().__init__(f"The post {post_id} was moved to another deployment. Your change was not made.")


class Repeats(PunctualError):
    """What was asked for needs a post with a single time."""

    hint = "Duplicate it and schedule the copy, or change the rule of this one."

    def __init__(self, post_id: str) -> None:
        super().__init__(f"The post {post_id} repeats, so it has no single time. Nothing was changed.")


class Over(PunctualError):
    """The last date of a repeating post has passed."""

    hint = "Give it a later last date."

    def __init__(self, ends_at: datetime, zone: str) -> None:
        super().__init__(f"The last run was to be by {moment(ends_at, zone)}.")
