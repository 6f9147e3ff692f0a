"""The dashboard on the deployed template, told nothing but the stack's name."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from pydantic import SecretStr

from core.accounts import Account
from core.application import Application
from core.models import Post
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
    whole = {"post_id": "k3v9q2m4cx7a", "text": "Good morning", "destinations": ("outbox",), "due_at": due_at}
    return Post(**whole, zone="Europe/Berlin", wall="2026-11-03T09:00:00")


@pytest.fixture
def queued(dashboard: Application, clock: Any) -> Callable[[], list[tuple[str, str]]]:
    """What the queue shows of the next days: each post's due instant and text, as the scheduler has them."""

    def read() -> list[tuple[str, str]]:
        listed = dashboard.queue.window(clock(), clock() + timedelta(days=5), limit=10)
        return [(f"{each.post.due_at:%d %H:%M}", each.post.text) for each in dashboard.queue.details(listed)]

    return read


def test_a_post_is_created_listed_edited_moved_and_cancelled(dashboard, post, queued, clock):
    plan = dashboard.schedules.schedule(post)
    assert queued() == [("03 08:00", "Good morning")]

    plan = dashboard.schedules.edit(plan, text="Good morning, Köln", destinations=post.destinations)
    assert queued() == [("03 08:00", "Good morning, Köln")]

    later = post.due_at + timedelta(days=1)
    plan = dashboard.schedules.reschedule(plan, due_at=later, wall="2026-11-04T09:00:00", zone=post.zone)
    assert queued() == [("04 08:00", "Good morning, Köln")]

    plan = dashboard.schedules.cancel(plan)
    assert queued() == []
    assert (plan.wish, plan.settled, plan.post.revision) == ("cancelled", True, 4)
    assert dashboard.schedules.plan(post.post_id) == plan


def test_a_schedule_is_made_of_what_the_stack_told(dashboard, deployment, post):
    name = dashboard.schedules.schedule(post).schedule_name
    schedule = boto3.client("scheduler").get_schedule(GroupName=deployment.outputs["GroupName"], Name=name)
    assert schedule["ScheduleExpression"] == "at(2026-11-03T07:59:00)"
    assert schedule["Target"]["Arn"] == deployment.outputs["RelayFunctionArn"]
    assert schedule["Target"]["RoleArn"] == deployment.outputs["ExecutionRoleArn"]
    assert schedule["Target"]["DeadLetterConfig"] == {"Arn": deployment.outputs["UndeliveredQueueArn"]}


def test_accounts_and_pictures_are_kept_where_the_posting_server_finds_them(dashboard, deployment):
    told = deployment.outputs
    dashboard.accounts.connect(
        Account(destination="webhook:sales", label="Sales", credentials={"secret": SecretStr("whsec_QUJD")})
    )
    [parameter] = boto3.client("ssm").get_parameters_by_path(Path=told["AccountsPath"])["Parameters"]
    assert parameter["Type"] == "SecureString"
    reference = dashboard.media.put(b"a picture")
    found = boto3.client("s3").get_object(Bucket=told["MediaBucketName"], Key=f"media/{reference}")
    assert found["Body"].read() == b"a picture"
