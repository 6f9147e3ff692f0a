"""Limits the steps of reading one video, because a small file can list millions of boxes, chunks and samples."""

from core.errors import PunctualError

MAX_STEPS = 2_000_000
"""About a second on one processor. The tables of a two-hour video have some 100,000 rows."""
BOX_STEPS = 8
"""The steps that one box counts for, by the time it takes."""


class MalformedVideo(PunctualError):
    """The tables of a video are far longer than those of any camera or program."""

    hint = "Export it again as an MP4 video with another program, and attach that."

    def __init__(self) -> None:
        super().__init__("The video lists more parts than a video has.")


class ReadingBudget:
    """The steps that are left for one file."""

    def __init__(self, steps: int = MAX_STEPS) -> None:
        self._left = steps

    def spend(self, steps: int) -> None:
        """Count some steps. Raises MalformedVideo when none are left."""
        self._left -= steps
        if self._left < 0:
            raise MalformedVideo
