"""The series of rows that repeat: the rule, its end, and the runs that are left out."""

from datetime import datetime

from core.bulk.cells import split_values
from core.bulk.columns import Column
from core.bulk.row_times import DateOrder, read_row_date, read_row_time
from core.bulk.rows import PostRow
from core.errors import PunctualError
from core.posts.models import Post, Repeat
from core.posts.series import build_series
from core.posts.written_rules import read_rule
from core.scheduling.skipping import NotARun, with_skipped
from core.time.instants import instant
from core.time.written_refusals import WrittenTime

OF_SERIES = (Column.LAST_DATE, Column.RUNS, Column.SKIPPED)
"""What only a row with a rule has."""


class FirstRunNeeded(PunctualError):
    """A row repeats and has no time."""

    hint = "Write the date and time of the first run."

    def __init__(self) -> None:
        super().__init__("A post that repeats needs a date and time.")


class RuleNeeded(PunctualError):
    """A row has a value of a series and no rule."""

    def __init__(self, column: Column) -> None:
        super().__init__(f"The row has a value for {column}, and does not repeat.")
        self.hint = f"Write a rule for {Column.REPEAT}, or empty the cell."


class NoNumberOfRuns(PunctualError):
    """A cell is no number of runs."""

    hint = "Write a whole number from 1, or a last date."

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} is no number of runs.")


class SkipsNoRun(PunctualError):
    """A skipped run of a row is no run of its series."""

    hint = "Write the times of its runs, such as 2026-12-24 09:00, or empty the cell."

    def __init__(self, text: str) -> None:
        super().__init__(f"The series has no run at {text!r} that can be skipped.")


def row_series(row: PostRow, at: WrittenTime, order: DateOrder | None, now: datetime) -> Repeat | None:
    """Return the series of a row whose first run is at a time, or None if it does not repeat.

    Raises FirstRunNeeded, RuleNeeded, NoNumberOfRuns, the errors of `read_rule`, `read_row_date` and `build_series`.
    """
    written = row.get(Column.REPEAT)
    if not written:
        if surplus := next(filter(row.get, OF_SERIES), None):
            raise RuleNeeded(surplus)
        return None
    if not row.get(Column.WHEN):
        raise FirstRunNeeded
    last, runs = row.get(Column.LAST_DATE), row.get(Column.RUNS)
    return build_series(
        read_rule(written),
        at.wall.time(),
        at.zone,
        first=at.wall.date(),
        last=read_row_date(last, order) if last else None,
        runs=_number(runs) if runs else None,
        now=now,
    )


def without_skipped_runs(post: Post, row: PostRow, order: DateOrder | None, now: datetime) -> Post:
    """Return the post of a row without the coming runs that the row leaves out.

    Raises SkipsNoRun, TooManySkipped, or the errors of `read_row_time` and `instant`.
    """
    for written in split_values(row.get(Column.SKIPPED)):
        at = read_row_time(written, post.zone, order, now)
        run = instant(at.wall, at.zone, which=at.which)
        if run > now:
            post = post.model_copy(update={"repeat": _without(post, run, written, now)})
    return post


def _without(post: Post, run: datetime, written: str, now: datetime) -> Repeat:
    try:
        return with_skipped(post, run, now)
    except NotARun:
        raise SkipsNoRun(written) from None


def _number(text: str) -> int:
    if not text.isdecimal() or not 1 <= len(text) <= 9 or int(text) == 0:
        raise NoNumberOfRuns(text)
    return int(text)
