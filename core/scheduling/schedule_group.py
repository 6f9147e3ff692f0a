"""The schedule group that holds all schedules."""

from typing import Any

from core.aws_errors import ScheduleNameTaken, translate_aws_errors


def ensure_group(scheduler: Any, group: str) -> None:
    """Create the schedule group if it is missing. `scheduler` is a boto3 client."""
    try:
        with translate_aws_errors():
            scheduler.create_schedule_group(Name=group)
    except ScheduleNameTaken:
        return
