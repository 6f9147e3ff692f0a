"""The rule that keeps a run of a series skipped while another post replaces it. Every ledger checks it."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from core.ledger.port import OPEN_STATES, Plan
from core.ledger.refusals import ChangedElsewhere, RunReplaced
from core.posts.models import Post, Repeat
from core.posts.series import is_run, same_run

_HALF_A_DAY = timedelta(hours=12)
"""More than any change of a zone's rules moves a run."""


def counting_again(repeat: Repeat, zone: str, replaced: datetime) -> datetime | None:
    """Return the run of a rule that is the replaced one; None if the rule skips it or has no such run.

    If other zone rules moved the run, a skipped run near it is the same one.
    """
    run = same_run(repeat, zone, replaced)
    if run is None or run in repeat.skipped:
        return None
    unskipped = repeat.model_copy(update={"skipped": ()})
    moved = any(abs(each - replaced) < _HALF_A_DAY for each in repeat.skipped)
    return None if moved and not is_run(unskipped, zone, replaced) else run


def check_series(plan: Plan, replaced: Mapping[str, datetime], now: datetime) -> None:
    """Raise RunReplaced if an active or paused series has a coming run that another post replaces.

    `replaced` has the run of each post that replaces one.
    """
    post = plan.post
    if post.repeat is None or plan.desired not in OPEN_STATES:
        return
    for post_id, run in replaced.items():
        again = counting_again(post.repeat, post.zone, run) if run > now else None
        if again is not None:
            raise RunReplaced(again, post.zone, post_id)


def check_replacing(post: Post, series: Plan | None, now: datetime) -> None:
    """Raise ChangedElsewhere for the series if it has a coming run that the post shall replace."""
    if post.replaces is None or series is None or series.post.repeat is None:
        return
    if series.desired == "moved" or series.returned:
        return
    again = counting_again(series.post.repeat, series.post.zone, post.replaces[1])
    if again is not None and again > now:
        raise ChangedElsewhere(series.post.post_id)
