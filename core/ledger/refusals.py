"""The reasons for which the ledger refuses the change of a post."""

from datetime import datetime

from core.errors import PunctualError
from core.time.phrases import date_and_time, excerpt

NAME_LENGTH = 40
"""Characters of a text that identify a post in a sentence."""


class AlreadyPlanned(PunctualError):
    """A post with this id is already planned, usually because of a double click."""

    hint = "Open the queue: the post is there once."

    def __init__(self, post_id: str) -> None:
        super().__init__(f"The post {post_id} is already scheduled.")
        self.post_id = post_id


class UnknownPost(PunctualError):
    """The ledger has no such post: it was planned elsewhere, or the ledger was damaged and recreated."""

    hint = (
        "Look for its current name in the queue. If it is there, another dashboard planned it, or the ledger was lost:"
        " change it there, or delete its schedule on Health."
    )

    def __init__(self, post_id: str) -> None:
        super().__init__(f"There is no post {post_id}.")


class ChangedElsewhere(PunctualError):
    """Another process changed the post after it was read."""

    hint = "Check the newest version, which is shown now. Then repeat your change if it is still needed."

    def __init__(self, post_id: str) -> None:
        super().__init__(f"The post {post_id} was changed elsewhere. Your change was not saved.")
        self.post_id = post_id


class AlreadyGoingOut(PunctualError):
    """An occurrence of the post has a claim: it is being published or has been published."""

    hint = "Open History to see the result."

    def __init__(self, post_id: str) -> None:
        super().__init__(f"The post {post_id} is already going out. Your change was not saved.")
        self.post_id = post_id


class RunReplaced(PunctualError):
    """Another post replaces a run, so its series must skip it: otherwise both would go out."""

    hint = "Cancel that post first. The series then has the run again."

    def __init__(self, run: datetime, zone: str, post_id: str, text: str = "") -> None:
        """`text` is that of the post, if it is known."""
        name = f"{post_id}, “{excerpt(text, NAME_LENGTH)}”" if text else post_id
        super().__init__(f"The run of {date_and_time(run, zone)} is replaced by the post {name}.")
        self.run = run
        self.zone = zone
        self.post_id = post_id


class PostReturned(PunctualError):
    """The scheduling of the post was undone, and its content is a draft."""

    hint = "Open Drafts, and schedule the draft."

    def __init__(self, post_id: str) -> None:
        super().__init__(f"The post {post_id} was returned to Drafts. Nothing was changed.")
