"""The runs that other posts replace: a series skips such a run as long as its post is not cancelled."""

from datetime import datetime

from core.errors import PunctualError
from core.ledger.history import run_of
from core.ledger.port import Ledger, Plan, PlanChange
from core.posts.models import Post, Repeat
from core.posts.payload import occurrence_key
from core.posts.series import same_run
from core.scheduling.revisions import check_size, next_revision
from core.scheduling.skipping import PASSED_KEPT, RunBegun, with_skipped, with_unskipped
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


def series_change(ledger: Ledger, change: PlanChange, before: Plan | None, now: datetime) -> PlanChange | None:
    """Return the change of the series whose run a post replaces, to be written together with a change of the post.

    The series skips the run when the post is planned or restored, and has it again when the post is cancelled. Return
    None if the series stays as it is: it is unknown or was exported, or the run is as it should be, or has passed.
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
