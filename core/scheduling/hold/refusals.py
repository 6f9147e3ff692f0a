"""The reasons for which Pause all and Resume are refused."""

from core.errors import PunctualError
from core.scheduling.hold.port import HELD_LIMIT
from core.time.phrases import plural


class NothingHeld(PunctualError):
    """There is no hold to end."""

    hint = "Resume single posts in the queue."

    def __init__(self) -> None:
        super().__init__("The posts are not paused as a whole.")


class TooManyToHold(PunctualError):
    """There are more active posts than a hold can have."""

    hint = "Pause accounts on the page Accounts instead, or stop the worker."

    def __init__(self, count: int) -> None:
        super().__init__(f"{plural(count, 'post')} are too many to pause at once; the limit is {HELD_LIMIT:,}.")
