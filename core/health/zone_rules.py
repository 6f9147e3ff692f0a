"""Health checks of the time zone rules: their release, and the posts that a change of them moved."""

from core.application import Application
from core.health.findings import Finding, HealthContext, good, warning
from core.maintenance.zone_changes import change_summary
from core.posts.series import describe_timing
from core.time.phrases import excerpt, join_names
from core.time.zone_data import machine_release, zone_release

EXAMPLES = 5
"""The most moved posts that the check describes."""
EXCERPT = 30
MAX_LOOKED_AT = 100
"""The most posts of one change whose plan is read."""


def check_zone_data(context: HealthContext) -> Finding:
    """Compare the release of the rules with that of the machine's own zone files."""
    release, newer = zone_release(), machine_release()
    if newer is None or newer <= release:
        return good(f"Release {release} of the tz database.")
    return warning(
        f"A newer release of the time zone rules is on this machine: {newer}. Punctual uses {release}.",
        "Run `pip install -U pytz`, then restart Punctual. It then derives the times of all posts again.",
    )


def check_zone_changes(context: HealthContext) -> Finding:
    """Report the posts that moved, or need a time, since the rules of their zone changed."""
    application = context.application
    changes = application.zone_changes.all()
    if not changes:
        return good("No post moved in the last 30 days.")
    message = " ".join(map(change_summary, changes))
    moved = [post_id for change in changes for post_id in change.moved]
    if examples := _examples(application, moved[:EXAMPLES]):
        message += f" Now due: {join_names(examples)}."
    needing = [post_id for change in changes for post_id in change.needs_time]
    if any(_needs_time(application, post_id) for post_id in needing[:MAX_LOOKED_AT]):
        return warning(message, "Choose a new time for each post that needs one, in the Queue.")
    return good(message)


def _examples(application: Application, post_ids: list[str]) -> list[str]:
    plans = [application.ledger.get(post_id) for post_id in post_ids]
    return [f"“{excerpt(plan.post.text, EXCERPT)}” {describe_timing(plan.post)}" for plan in plans if plan is not None]


def _needs_time(application: Application, post_id: str) -> bool:
    plan = application.ledger.get(post_id)
    return plan is not None and plan.desired == "paused" and plan.needs_time is not None


CHECKS = {"Time zone data": check_zone_data, "Time zone changes": check_zone_changes}
