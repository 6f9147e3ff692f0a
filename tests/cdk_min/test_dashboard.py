"""The dashboard and the posting function on the deployed template. The dashboard knows only the stack's name."""

import io
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from moto.core.botocore_stubber import BotocoreStubber
from PIL import Image
from pydantic import SecretStr
from urllib3 import HTTPResponse

from core.accounts.port import Account
from core.application import Application
from core.backends.posting_function import PostingFunction, build_posting_function
from core.backends.stored_secret import store_secrets
from core.health.aws import posting_url
from core.health.checks import run_checks
from core.ledger.history import runs
from core.media.intake import ingest
from core.posts.models import Post
from core.posts.payload import invocation_of, write_invocation
from core.settings import Settings
from core.time.instants import real_clock
from lambda_pkg.signature import signed_headers

ACTIONS = {
    "lambda:Invoke": {"lambda:InvokeFunction"},
    "s3:CopyObject": {"s3:GetObject", "s3:PutObject"},
    "s3:ListObjectsV2": {"s3:ListBucket"},
    "scheduler:CreateSchedule": {"scheduler:CreateSchedule", "iam:PassRole"},
    "sqs:ChangeMessageVisibilityBatch": {"sqs:ChangeMessageVisibility"},
    "sts:GetCallerIdentity": set(),
}
"""The actions of operations whose names differ from their actions. GetCallerIdentity needs none."""

UNKNOWN_TO_MOTO = {"ListServiceQuotas", "SimulatePrincipalPolicy"}
"""Operations that these tests deny, because moto lacks them."""


@pytest.fixture
def synthesis(request: Any, syntheses: Any) -> Any:
    return syntheses[getattr(request, "param", "lambda")]


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


@pytest.fixture
def posting_server(deployment: Any, clock: Any) -> PostingFunction:
    """Build the posting function with its deployed environment."""
    functions = boto3.client("lambda").list_functions()["Functions"]
    [deployed] = [each for each in functions if each["Handler"] == "core.backends.posting_entry.handle"]
    return build_posting_function(deployed["Environment"]["Variables"], clock)


@pytest.fixture
def used_actions(deployment: Any, monkeypatch: Any) -> set[str]:
    """Record the actions of all requests to AWS."""
    actions: set[str] = set()
    respond = BotocoreStubber.__call__

    def record(stubber: Any, event_name: str, request: Any, **options: Any) -> Any:
        _, service, operation = event_name.split(".")
        action = f"{service.replace('-', '')}:{operation}"
        if operation == "TransactWriteItems":
            kinds = [kind for item in json.loads(request.body)["TransactItems"] for kind in item]
            actions.update(f"dynamodb:{kind}Item" for kind in kinds)
        else:
            actions.update(ACTIONS.get(action, {action}))
        if operation in UNKNOWN_TO_MOTO:
            return AWSResponse(request.url, 403, {}, HTTPResponse(io.BytesIO(), preload_content=False))
        return respond(stubber, event_name, request, **options)

    monkeypatch.setattr(BotocoreStubber, "__call__", record)
    return actions


@pytest.fixture
def granted_actions(statements_of: Any) -> Any:
    """Return the actions that a policy grants."""

    def of(name: str) -> set[str]:
        found = [each["Action"] for each in statements_of(name)]
        return {action for each in found for action in (each if isinstance(each, list) else [each])}

    return of


@pytest.mark.parametrize(
    ("synthesis", "unused"),
    [
        ("small", set()),
        ("lambda", {"sqs:ChangeMessageVisibility", "sqs:DeleteMessage"}),  # there are no dead letters
    ],
    indirect=["synthesis"],
)
def test_the_dashboards_policy_grants_only_the_actions_that_it_uses(
    used_actions, dashboard, post, granted_actions, clock, monkeypatch, unused
):
    monkeypatch.setattr(posting_url, "CHECKS", {})  # no server listens at the posting URL
    schedules = dashboard.schedules
    plan = schedules.edit(schedules.schedule(post), post.model_copy(update={"text": "Good evening"}))
    dashboard.listing.details(dashboard.listing.window(clock(), clock() + timedelta(days=2), limit=10))
    schedules.send_now(plan)
    dashboard.held_posts.begin_pause()
    dashboard.held_posts.finish()
    media = ingest(dashboard.media, picture())
    dashboard.media.touch(media.reference)
    assert [each.reference for each in dashboard.media.scan()] == [media.reference]
    dashboard.media.get(media.reference)
    dashboard.media.delete(media.reference)
    dashboard.accounts.connect(Account(destination="webhook:sales", label="Sales"))
    assert len(dashboard.accounts.all()) == 2
    dashboard.accounts.remove("webhook:sales")
    assert (runs(dashboard.ledger, limit=10), dashboard.outbox.feed(limit=10)) == ([], [])
    assert dashboard.dead_letters.read() == []
    run_checks(dashboard, clock())

    granted = granted_actions("DashboardPolicy")
    assert used_actions <= granted
    assert granted - used_actions == unused


def test_the_posting_functions_policy_suffices_to_publish_the_dashboards_posts(
    dashboard, deployment, posting_server, used_actions, post, granted_actions
):
    account = Account(
        destination="webhook:sales",
        label="Sales",
        address="http://127.0.0.1:9/",  # no server listens there
        credentials={"secret": SecretStr("whsec_QUJD")},
    )
    dashboard.accounts.connect(account)
    media = ingest(dashboard.media, picture(), alt="Black")
    with_picture = post.model_copy(update={"media": (media,), "destinations": ("outbox", account.destination)})
    dashboard.schedules.schedule(with_picture)

    store_secrets(boto3.client("ssm"), deployment.outputs["SigningSecretParameter"], dashboard.signing_secrets())
    body = write_invocation(invocation_of(with_picture, post.due_at))
    headers = signed_headers(post.post_id, real_clock(), body.encode(), dashboard.signing_secrets())
    event = {"requestContext": {"http": {"method": "POST"}}, "headers": headers, "body": body, "isBase64Encoded": False}
    used_actions.clear()
    states = [result["state"] for result in json.loads(posting_server(event, None)["body"])["results"]]

    assert states == ["published", "waiting"]
    assert {action.split(":")[0] for action in used_actions} == {"dynamodb", "s3", "ssm"}
    assert used_actions <= granted_actions("PostingServerRole")
    [entry] = dashboard.outbox.feed(limit=2)
    assert (entry.text, entry.media) == ("Good morning", (media,))


def picture() -> bytes:
    """Return a small black picture."""
    content = io.BytesIO()
    Image.new("RGB", (8, 8)).save(content, "PNG")
    return content.getvalue()
