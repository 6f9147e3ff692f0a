"""The runs that other posts replace: a series skips such a run as long as its post is not cancelled."""

from datetime import datetime

from core.errors import PunctualError
from core.ledger.history import run_of
from core.ledger.port import Ledger, Plan, PlanChange
from core.ledger.replacement_rule import counting_again
from core.posts.models import Post, Repeat
from core.posts.payload import occurrence_key
from core.posts.series import same_run
from core.scheduling.revisions import check_size, next_revision
from core.scheduling.skipping import PASSED_KEPT, RunBegun, with_skipped, with_skipped_days, with_unskipped
from core.time.phrases import date_and_time

ReplacedRun = tuple[str, datetime]
"""The id of a series, and one of its runs."""


class RunStaysSkipped(PunctualError):
    """A post was cancelled, and the run that it replaced could not be restored."""

    hint = "Bring it back with the menu of the series in the queue, once the other run is out."

    def __init__(self, post: Post) -> None:
        when = f" of {date_and_time(post.replaces[1], post.zone)}" if post.replaces else ""
        super().__init__(
            f"The post was cancelled. The run{when} stays skipped, because another run of its series is going out."
        )


def new_rule(ledger: Ledger, post: Post, repeat: Repeat, zone: str, now: datetime) -> Repeat:
    """Return the new rule of a series, which skips the days whose runs are skipped or replaced already."""
    return _skipping_replaced(ledger, post.post_id, with_skipped_days(post, repeat, zone, now), zone, now)


def without_replaced(ledger: Ledger, post: Post, now: datetime) -> Post:
    """Return a series that skips the coming runs that other posts replace, or any other post as it is."""
    if post.repeat is None:
        return post
    repeat = _skipping_replaced(ledger, post.post_id, post.repeat, post.zone, now)
    return post.model_copy(update={"repeat": repeat})


def first_skipped_run(ledger: Ledger, post: Post, now: datetime) -> datetime | None:
    """Return the first coming run that a series skips: one that no other post replaces, if there is one."""
    if post.repeat is None:
        return None
    coming = [run for run in sorted(post.repeat.skipped) if run > now]
    replaced = {same_run(post.repeat, post.zone, run) for run in ledger.replaced_runs(post.post_id).values()}
    return next((run for run in coming if run not in replaced), next(iter(coming), None))


def series_change(ledger: Ledger, change: PlanChange, before: Plan | None, now: datetime) -> PlanChange | None:
    """Return the change of the series whose run a post replaces, to be written together with a change of the post.

    The series skips the run when the post is planned or restored, and has it again when the post is cancelled. Return
    None if the series needs no change: it is unknown or was exported, or the run is as it should be, or has passed.
    Raises RunBegun if the run may have gone out, or TooManySkipped.
    """
    was_open, is_open = before is not None and before.desired != "cancelled", change.desired != "cancelled"
    if change.post.replaces is None or was_open == is_open:
        return None
    series_id, replaced = change.post.replaces
    series = ledger.get(series_id)
    if series is None or series.desired == "moved" or series.returned or series.post.repeat is None:
        return None
    run = same_run(series.post.repeat, series.post.zone, replaced)
    if run is None or is_open == (run in series.post.repeat.skipped):
        return None
    if is_open and _may_have_gone_out(ledger, series, run, now):
        raise RunBegun(run, series.post.zone)
    if run <= now:
        return None
    rule = with_skipped if is_open else with_unskipped
    return _with_rule(series, rule(series.post, run, now))


def _skipping_replaced(ledger: Ledger, series_id: str, repeat: Repeat, zone: str, now: datetime) -> Repeat:
    for replaced in ledger.replaced_runs(series_id).values():
        run = counting_again(repeat, zone, replaced) if replaced > now else None
        if run is not None:
            repeat = repeat.model_copy(update={"skipped": tuple(sorted({*repeat.skipped, run}))})
    return repeat


def _with_rule(series: Plan, repeat: Repeat) -> PlanChange:
    post = next_revision(series, series.post.model_copy(update={"repeat": repeat}))
    check_size(post)
    return PlanChange(post=post, desired=series.desired, schedule_name=series.schedule_name)


def _may_have_gone_out(ledger: Ledger, series: Plan, run: datetime, now: datetime) -> bool:
    """Return whether a run has begun, also after the clock was set back, or may have while its series is active."""
    occurrence = ledger.occurrence(occurrence_key(series.post.post_id, run))
    if occurrence is not None and run_of(occurrence).state != "superseded":
        return True
    return series.desired == "active" and run <= now < run + PASSED_KEPT
