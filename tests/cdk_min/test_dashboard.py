"""The dashboard on the deployed template. It knows only the stack's name."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest

from core.application import Application
from core.posts.models import Post
from core.settings import Settings


@pytest.fixture
def synthesis(syntheses: Any) -> Any:
    return syntheses["lambda"]


@pytest.fixture
def dashboard(deployment: Any, tmp_path: Any, clock: Any) -> Iterator[Application]:
    variables = {"PUNCTUAL_MODE": "aws", "PUNCTUAL_STACK": "Punctual", "PUNCTUAL_HOME": str(tmp_path)}
    application = Application(Settings.read(variables), clock)
    yield application
    application.close()


@pytest.fixture
def post(clock: Any) -> Post:
    due_at = clock() + timedelta(hours=20)
    return Post(
        post_id="k3v9q2m4cx7a",
        text="Good morning",
        destinations=("outbox",),
        zone="Europe/Berlin",
        wall="2026-11-03T09:00:00",
        due_at=due_at,
    )


@pytest.fixture
def queued(dashboard: Application, clock: Any) -> Callable[[], list[tuple[str, str]]]:
    """List the due instant and the text of the posts of the next days, as the scheduler holds them."""

    def read() -> list[tuple[str, str]]:
        listed = dashboard.listing.window(clock(), clock() + timedelta(days=5), limit=10)
        return [(f"{each.post.due_at:%d %H:%M}", each.post.text) for each in dashboard.listing.details(listed)]

    return read


def test_a_post_is_scheduled_listed_edited_rescheduled_and_cancelled(dashboard, post, queued, clock):
    plan = dashboard.schedules.schedule(post)
    assert queued() == [("03 08:00", "Good morning")]

    plan = dashboard.schedules.edit(plan, plan.post.model_copy(update={"text": "Good morning, Köln"}))
    assert queued() == [("03 08:00", "Good morning, Köln")]

    later = post.due_at + timedelta(days=1)
    plan = dashboard.schedules.reschedule(plan, due_at=later, wall="2026-11-04T09:00:00", zone=post.zone)
    assert queued() == [("04 08:00", "Good morning, Köln")]

    plan = dashboard.schedules.cancel(plan)
    assert queued() == []
    assert (plan.desired, plan.settled, plan.post.revision) == ("cancelled", True, 4)
    assert dashboard.schedules.plan(post.post_id) == plan


def test_a_schedule_uses_the_stacks_outputs(dashboard, deployment, post):
    name = dashboard.schedules.schedule(post).schedule_name
    schedule = boto3.client("scheduler").get_schedule(GroupName=deployment.outputs["GroupName"], Name=name)
    assert schedule["ScheduleExpression"] == "at(2026-11-03T07:59:00)"
    assert schedule["Target"]["Arn"] == deployment.outputs["RelayFunctionArn"]
    assert schedule["Target"]["RoleArn"] == deployment.outputs["ExecutionRoleArn"]
    assert schedule["Target"]["DeadLetterConfig"] == {"Arn": deployment.outputs["UndeliveredQueueArn"]}
