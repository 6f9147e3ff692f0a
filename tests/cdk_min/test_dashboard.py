"""The dashboard on the deployed template, told nothing but the stack's name; and the posting server beside it."""

import io
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from PIL import Image
from pydantic import SecretStr

from core.accounts import Account
from core.application import Application
from core.aws.posting_function import posting_function
from core.media.intake import take_in
from core.models import Post
from core.moments import real_clock
from core.settings import Settings
from core.wire import invocation_of, write_invocation
from lambda_pkg.clients import client
from lambda_pkg.signature import signed_headers

SERVICES = ("dynamodb", "s3", "secretsmanager", "ssm")
TRANSACTIONS = {"dynamodb:TransactWriteItems": ("dynamodb:PutItem", "dynamodb:ConditionCheckItem")}
"""Operations that are allowed by other names (docs.aws.amazon.com/amazondynamodb, transaction-apis-iam)."""


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


@pytest.fixture
def posting_server(deployment: Any, clock: Any) -> Iterator[Any]:
    """The deployed function, in the environment that it has there."""
    functions = boto3.client("lambda").list_functions()["Functions"]
    [deployed] = [each for each in functions if each["Handler"] == "core.aws.posting_entry.handle"]
    client.cache_clear()
    yield posting_function(deployed["Environment"]["Variables"], clock)
    client.cache_clear()


@pytest.fixture
def asked(posting_server: Any) -> set[str]:
    """The actions that the posting server needs for what it has asked AWS for."""
    actions: set[str] = set()

    def note(event_name: str, **_: Any) -> None:
        _, service, operation = event_name.split(".")
        action = f"{service.replace('-', '')}:{operation}"
        actions.update(TRANSACTIONS.get(action, (action,)))

    for service in SERVICES:
        client(service).meta.events.register_first("before-send", note)
    return actions


def test_what_the_dashboard_keeps_goes_out_by_what_the_posting_server_is_granted(
    dashboard, posting_server, asked, post, only
):
    account = Account(
        destination="webhook:sales",
        label="Sales",
        address="http://127.0.0.1:9/",  # nobody listens there
        credentials={"secret": SecretStr("whsec_QUJD")},
    )
    dashboard.accounts.connect(account)
    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "PNG")
    media = take_in(dashboard.media, picture.getvalue(), alt="Black")
    with_picture = post.model_copy(update={"media": (media,), "destinations": ("outbox", account.destination)})
    dashboard.schedules.schedule(with_picture)

    body = write_invocation(invocation_of(with_picture, post.due_at))
    headers = signed_headers(post.post_id, real_clock(), body.encode(), dashboard.signing_secrets())
    event = {"requestContext": {"http": {"method": "POST"}}, "headers": headers, "body": body, "isBase64Encoded": False}
    states = [result["state"] for result in json.loads(posting_server(event, None)["body"])["results"]]

    assert states == ["published", "waiting"]
    [entry] = dashboard.outbox.feed(limit=2)
    assert (entry.text, entry.media) == ("Good morning", (media,))
    statements = only("AWS::IAM::Policy", "PostingServer")["PolicyDocument"]["Statement"]
    granted = {action for each in statements for action in listed(each["Action"])}
    assert {action.split(":")[0] for action in asked} == set(SERVICES)
    assert asked <= granted


def listed(one_or_many: Any) -> list[Any]:
    return one_or_many if isinstance(one_or_many, list) else [one_or_many]
