"""EventBridge Scheduler: the group that holds the posts."""

from core.aws_errors import GroupGone, translated
from core.backends.aws import Aws
from core.health.findings import Finding, Visit, bad, good


def group(aws: Aws, visit: Visit) -> Finding:
    """Whether the group that holds the posts is there."""
    name = aws.target.group
    remedy = "Deploy the stack again, or correct PUNCTUAL_GROUP. What is planned is then armed by itself."
    try:
        with translated():
            state = aws.brief_client("scheduler").get_schedule_group(Name=name)["State"]
    except GroupGone:
        return bad(f"There is no schedule group {name}.", remedy)
    return good(f"{name} is there.") if state == "ACTIVE" else bad(f"{name} is in state {state}.", remedy)


LOOKS = {"Schedule group": group}
