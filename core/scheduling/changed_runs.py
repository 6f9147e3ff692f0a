"""A changed run of a series: the run is skipped, and a draft, later a post of its own, stands for it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from core.drafts.draft import DraftContent, content_of
from core.errors import PunctualError
from core.ledger.port import Plan, UnknownPost
from core.posts.models import Post
from core.scheduling.refusals import PostCancelled, PostMoved
from core.scheduling.schedules import Schedules
from core.scheduling.skipping import NotARun, RunBegun
from core.time.instants import instants, wall_time

Replaced = tuple[str, datetime]
"""The id of a series, and one of its runs."""


def changed_run(post: Post, run: datetime) -> DraftContent:
    """Return the content of the draft that stands for a run: that of the series, at the time of the run."""
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
    `Schedules.skip_run`, such as RunBegun.
    """
    skipped = _skip(schedules, *replaced) if replaced is not None else None
    try:
        yield
    except Exception:
        if skipped is not None and replaced is not None and not _is_planned(schedules, post_id):
            with suppress(PunctualError):
                schedules.unskip_run(skipped, replaced[1])
        raise


def restore_run(schedules: Schedules, replaced: Replaced | None) -> None:
    """Let a run go out after all, whose post was cancelled. Does nothing if the series has no such run to restore."""
    if replaced is not None:
        with suppress(UnknownPost, RunBegun, PostCancelled, PostMoved):
            schedules.unskip_run(schedules.plan(replaced[0]), replaced[1])


def _skip(schedules: Schedules, series_id: str, run: datetime) -> Plan | None:
    """Skip a run. Return the new plan of the series, or None if nothing was changed."""
    try:
        plan = schedules.plan(series_id)
        if plan.desired in ("cancelled", "moved"):
            return None
        changed = schedules.skip_run(plan, run)
    except (UnknownPost, NotARun):
        return None
    return changed if changed.post.revision > plan.post.revision else None


def _is_planned(schedules: Schedules, post_id: str) -> bool:
    try:
        schedules.plan(post_id)
    except UnknownPost:
        return False
    return True
