"""A changed run of a series: the run is skipped, and a draft, later a post of its own, replaces it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from core.drafts.draft import DraftContent, content_of
from core.errors import PunctualError
from core.ledger.port import ChangedElsewhere, UnknownPost
from core.posts.models import Post
from core.scheduling.refusals import PostCancelled, PostMoved
from core.scheduling.schedules import Schedules
from core.scheduling.skipping import NotARun, RunBegun
from core.time.instants import instants, wall_time
from core.time.phrases import date_and_time

Replaced = tuple[str, datetime]
"""The id of a series, and one of its runs."""
ATTEMPTS = 5
"""How often a run is restored while others change its series."""


class RunStaysSkipped(PunctualError):
    """The post in place of a run was refused, and the run could not be restored."""

    hint = "Restore it in the queue, or schedule the post at another time."

    def __init__(self, run: datetime, zone: str, cause: Exception) -> None:
        super().__init__(f"{cause} The run of {date_and_time(run, zone)} stays skipped.")


def changed_run(post: Post, run: datetime) -> DraftContent:
    """Return the content of the draft that replaces a run: the content of the series, at the time of the run."""
    wall = wall_time(run, post.zone).replace(tzinfo=None)
    found = instants(wall, post.zone)
    which = found.index(run) + 1 if len(found) > 1 else None
    time = {"wall": wall.isoformat(timespec="seconds"), "which": which, "replaces": (post.post_id, run)}
    return DraftContent.model_validate(content_of(post).model_dump() | time)


@contextmanager
def in_place_of(schedules: Schedules, replaced: Replaced | None, post_id: str) -> Iterator[None]:
    """Skip the run that a post replaces, then let the post be planned within the `with` statement.

    The run is skipped first, so that it never goes out beside the post. If no plan of the post is written, the run is
    no longer skipped. A series that has ended, or has no such run any more, needs no change. Raises the errors of
    `Schedules.skip_run`, such as RunBegun, or RunStaysSkipped.
    """
    skipped = replaced is not None and _skip(schedules, *replaced)
    try:
        yield
    except Exception as error:
        if skipped and replaced is not None and not _is_planned(schedules, post_id):
            _take_back(schedules, *replaced, error)
        raise


def restore_run(schedules: Schedules, replaced: Replaced | None) -> None:
    """Let a run go out after all, whose post was cancelled. Does nothing if the series has no such run to restore."""
    if replaced is not None:
        with suppress(UnknownPost, RunBegun, PostCancelled, PostMoved):
            _unskip(schedules, *replaced)


def _skip(schedules: Schedules, series_id: str, run: datetime) -> bool:
    """Skip a run. Return whether the series was changed."""
    try:
        plan = schedules.plan(series_id)
    except UnknownPost:
        return False
    if plan.desired in ("cancelled", "moved"):
        return False
    try:
        return schedules.skip_run(plan, run).post.revision > plan.post.revision
    except NotARun:
        return False
    except ChangedElsewhere:
        raise
    except PunctualError as error:
        if schedules.plan(series_id).post.revision > plan.post.revision:  # it is written, and not armed yet
            _take_back(schedules, series_id, run, error)
        raise


def _take_back(schedules: Schedules, series_id: str, run: datetime, cause: Exception) -> None:
    """Restore a run because of an error. Raises RunStaysSkipped."""
    with suppress(PunctualError):  # once it is written, it is armed in the background
        _unskip(schedules, series_id, run)
    post = schedules.plan(series_id).post
    if post.repeat is not None and run in post.repeat.skipped:
        raise RunStaysSkipped(run, post.zone, cause) from cause


def _unskip(schedules: Schedules, series_id: str, run: datetime) -> None:
    """Restore a run, again if another process changes its series at the same moment."""
    for _ in range(ATTEMPTS - 1):
        with suppress(ChangedElsewhere):
            schedules.unskip_run(schedules.plan(series_id), run)
            return
    schedules.unskip_run(schedules.plan(series_id), run)


def _is_planned(schedules: Schedules, post_id: str) -> bool:
    try:
        schedules.plan(post_id)
    except UnknownPost:
        return False
    return True
