"""Health check of the schedule group."""

from core.aws_errors import ScheduleGroupNotFound, translate_aws_errors
from core.backends.aws import AwsBackend
from core.health.aws.remedies import DEPLOY
from core.health.findings import Finding, HealthContext, bad, good


def check_schedule_group(aws: AwsBackend, context: HealthContext) -> Finding:
    """Check that the schedule group of the posts exists and is active."""
    name = aws.target.group
    remedy = f"{DEPLOY} Or correct PUNCTUAL_GROUP. Punctual then schedules planned posts by itself."
    try:
        with translate_aws_errors():
            state = aws.quick_client("scheduler").get_schedule_group(Name=name)["State"]
    except ScheduleGroupNotFound:
        return bad(f"There is no schedule group {name}.", remedy)
    return good(f"{name} exists.") if state == "ACTIVE" else bad(f"{name} is in state {state}.", remedy)


CHECKS = {"Schedule group": check_schedule_group}
