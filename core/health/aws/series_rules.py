"""Health check of repeating posts on AWS: EventBridge Scheduler evaluates their rules by zone data of its own."""

from datetime import timedelta

from core.backends.aws import AwsBackend
from core.health.findings import Finding, HealthContext, good, unknown, warning
from core.ledger.port import Occurrence, Plan
from core.posts.models import Post, Repeat
from core.posts.recurrence import NeverRuns, next_runs
from core.time.phrases import date_and_time, plural
from core.time.zone_data import zone_release

MAX_SERIES = 200
MAX_RUNS = 500
"""The most recent runs that are read to find the last run of each repeating post."""


def check_series_rules(aws: AwsBackend, context: HealthContext) -> Finding:
    """Compare the last run of each repeating post with the rule by our zone data.

    AWS does not tell the release of its zone data, so this check knows nothing about a series before its first run,
    and nothing about a change of the rules that is ahead.
    """
    ledger, release = context.application.ledger, zone_release()
    series = {plan.post.post_id: plan for plan in ledger.series(limit=MAX_SERIES) if plan.post.zone != "UTC"}
    if not series:
        return good("No post repeats in a zone with rules of its own.")
    last: dict[str, Occurrence] = {}
    for run in ledger.history(after=None, limit=MAX_RUNS):
        if _is_run_of(run, series.get(run.payload.post_id)):
            last.setdefault(run.payload.post_id, run)
    differing = [run for post_id, run in last.items() if not _is_by_rule(series[post_id].post, run)]
    if differing:
        first = differing[0]
        return warning(
            f"AWS ran {plural(len(differing), 'repeating post')} at another time than release {release} says, for"
            f" example at {date_and_time(first.due_at, first.payload.zone)}.",
            "Check which is right. `pip install -U pytz` updates the rules here; those of AWS cannot be changed.",
        )
    if not last:
        return unknown(
            "AWS evaluates repeating posts by zone data of its own, whose release it does not tell. No run can be"
            " compared yet."
        )
    return good(
        f"The last runs of {plural(len(last), 'repeating post')} agree with release {release} of the time zone rules."
        " The release of AWS itself is not known."
    )


def _is_run_of(run: Occurrence, plan: Plan | None) -> bool:
    """Return whether a run belongs to the current rule of a repeating post."""
    return plan is not None and run.payload.due_at is None and run.payload.revision == plan.post.revision


def _is_by_rule(post: Post, run: Occurrence) -> bool:
    if post.repeat is None:
        return True
    before = run.due_at - timedelta(milliseconds=1)
    every_firing = Repeat(expression=post.repeat.expression)
    try:
        return next_runs(every_firing, post.zone, after=before, count=1) == [run.due_at]
    except NeverRuns:
        return False


CHECKS = {"Rules of repeating posts": check_series_rules}
