"""Skipped runs of a series: the changes of its rule, as pure functions."""

from datetime import datetime, timedelta

from core.errors import PunctualError
from core.posts.models import SKIPPED_LIMIT, Post, Repeat
from core.posts.series import is_run, runs_on
from core.scheduling.refusals import PostDoesNotRepeat
from core.time.instants import wall_time
from core.time.phrases import date_and_time

PASSED_KEPT = timedelta(days=7)
"""How long a skipped run that has passed stays in the rule, so that a delayed firing of it is still ruled out."""


class NotARun(PunctualError):
    """The series has no run at this instant."""

    hint = "Its rule may have changed meanwhile. Reload the page to see its next runs."

    def __init__(self, run: datetime, zone: str) -> None:
        super().__init__(f"The series has no run at {date_and_time(run, zone)}.")


class RunBegun(PunctualError):
    """The run is due, so it is going out or has gone out."""

    hint = "Nothing was changed. See History for its result. Later runs can still be skipped."

    def __init__(self, run: datetime, zone: str) -> None:
        super().__init__(f"The run of {date_and_time(run, zone)} is going out or has gone out already.")


class TooManySkipped(PunctualError):
    """The series has SKIPPED_LIMIT skipped runs ahead."""

    hint = "Pause the series, or change its rule."

    def __init__(self) -> None:
        super().__init__(f"{SKIPPED_LIMIT} runs of the series are skipped already; there can be no more.")


def with_skipped(post: Post, run: datetime, now: datetime) -> Repeat:
    """Return the rule of a series without a coming run.

    Raises PostDoesNotRepeat, NotARun, RunBegun or TooManySkipped.
    """
    repeat = _checked(post, run, now)
    if run in repeat.skipped:
        return repeat
    if not is_run(repeat, post.zone, run):
        raise NotARun(run, post.zone)
    return _with(repeat, {*repeat.skipped, run}, now)


def with_unskipped(post: Post, run: datetime, now: datetime) -> Repeat:
    """Return the rule of a series with a skipped run. Raises PostDoesNotRepeat or RunBegun."""
    repeat = _checked(post, run, now)
    return _with(repeat, set(repeat.skipped) - {run}, now) if run in repeat.skipped else repeat


def with_skipped_days(post: Post, repeat: Repeat, zone: str, now: datetime) -> Repeat:
    """Return the new rule of a series. It skips the days whose runs are skipped already, and passed skipped runs."""
    before = set(post.repeat.skipped) if post.repeat else set()
    days = {wall_time(each, post.zone).date() for each in before if each > now}
    skipped = {run for day in days for run in runs_on(day, repeat, zone)} | {each for each in before if each <= now}
    return _with(repeat, skipped, now) if skipped else repeat


def _checked(post: Post, run: datetime, now: datetime) -> Repeat:
    if post.repeat is None:
        raise PostDoesNotRepeat(post.post_id)
    if run <= now:
        raise RunBegun(run, post.zone)
    return post.repeat


def _with(repeat: Repeat, skipped: set[datetime], now: datetime) -> Repeat:
    kept = sorted(each for each in skipped if each > now - PASSED_KEPT)
    if len(kept) > SKIPPED_LIMIT:
        raise TooManySkipped
    return repeat.model_copy(update={"skipped": tuple(kept)})
