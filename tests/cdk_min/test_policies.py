"""The policies of the template against the calls of the product, which an evaluator of IAM policies compares."""

import ast
import io
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import botocore.handlers
import pytest
from botocore.awsrequest import AWSResponse
from moto.core.botocore_stubber import BotocoreStubber
from PIL import Image
from pydantic import SecretStr
from urllib3 import HTTPResponse

from core.accounts.port import Account, Face
from core.application import Application
from core.backends.posting_function import build_posting_function
from core.backends.stored_secret import store_secrets
from core.health.aws import posting_url
from core.health.checks import run_checks
from core.media.intake import ingest
from core.posts.models import Post, new_post_id
from core.posts.payload import invocation_of, write_invocation
from core.settings import Settings
from core.time.instants import real_clock
from lambda_pkg import handler
from lambda_pkg.clients import client
from lambda_pkg.prepare import PREPARE_ID_PREFIX
from lambda_pkg.relay import AttemptFailed
from lambda_pkg.signature import signed_headers
from tests.cdk_min.conftest import ACCOUNT, REGION
from tests.cdk_min.recorded_calls import CallRecorder, IamRequest

ROOT = Path(__file__).parents[2]
SERVERS = ROOT / "tests" / "servers"
DASHBOARD, RELAY, POSTING, SCHEDULER = "dashboard", "relay", "posting function", "scheduler"
ENTRIES = {RELAY: "lambda_pkg.handler.handle", POSTING: "core.backends.posting_entry.handle"}
UNKNOWN_TO_MOTO = {"ListServiceQuotas", "SimulatePrincipalPolicy"}
"""Operations that these tests deny, because moto lacks them."""
NO_OPERATIONS = {
    "create_schedule_group": "on one machine, where no stack creates the group",
    "scan": "a method of the media stores",
}
"""Names in the source that are operations of an AWS service and are not called on AWS."""

Policies = dict[str, list[dict[str, Any]]]
"""The policy documents of each principal."""


@pytest.fixture
def synthesis(request: Any, syntheses: Any) -> Any:
    """Return the synthesis of a size of the stack."""
    assert syntheses[request.param].error is None, syntheses[request.param].error
    return syntheses[request.param]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> CallRecorder:
    """Record the calls of this test. Each boto3 session that is made from now on has the recorder."""
    recorder = CallRecorder()
    handlers = [*botocore.handlers.BUILTIN_HANDLERS, ("before-parameter-build", recorder)]
    monkeypatch.setattr(botocore.handlers, "BUILTIN_HANDLERS", handlers)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    return recorder


@pytest.fixture
def deployed(calls: CallRecorder, deployment: Any, monkeypatch: Any) -> Any:
    """Return the deployed stack, whose moto denies what it does not know."""
    monkeypatch.setattr(posting_url, "CHECKS", {})  # no server listens at the posting URL
    respond = BotocoreStubber.__call__

    def deny_unknown(stubber: Any, event_name: str, request: Any, **options: Any) -> Any:
        if event_name.rsplit(".", 1)[-1] in UNKNOWN_TO_MOTO:
            return AWSResponse(request.url, 403, {}, HTTPResponse(io.BytesIO(), preload_content=False))
        return respond(stubber, event_name, request, **options)

    monkeypatch.setattr(BotocoreStubber, "__call__", deny_unknown)
    return deployment


@pytest.fixture
def policies(deployed: Any) -> Policies:
    """Return the policies as CloudFormation has resolved them."""
    iam, outputs = boto3.client("iam"), deployed.outputs
    arn = outputs["DashboardPolicyArn"]
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    found = {DASHBOARD: [iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]]}
    functions = {each["Handler"]: each["Role"] for each in boto3.client("lambda").list_functions()["Functions"]}
    roles = {SCHEDULER: outputs["ExecutionRoleArn"], **{name: functions.get(entry) for name, entry in ENTRIES.items()}}
    for principal, role in roles.items():
        if role is not None:
            name = role.rsplit("/", 1)[-1]
            names = iam.list_role_policies(RoleName=name)["PolicyNames"]
            inline = [iam.get_role_policy(RoleName=name, PolicyName=each)["PolicyDocument"] for each in names]
            found[principal] = [_read(each) for each in inline]
    return found


def _read(document: Any) -> dict[str, Any]:
    """Return a policy document of a role, which moto's CloudFormation stores as Python writes it.

    Unlike AWS's, its ARN of a log group lacks the end that stands for the streams.
    """
    found: dict[str, Any] = ast.literal_eval(document) if isinstance(document, str) else document
    for statement in found["Statement"]:
        if str(statement["Resource"]).startswith("arn:aws:logs:") and not statement["Resource"].endswith(":*"):
            statement["Resource"] += ":*"
    return found


@pytest.fixture
def evaluate(policies: Policies) -> Callable[[Iterator[IamRequest] | list[IamRequest]], dict[IamRequest, str]]:
    """Ask the evaluator about requests; return its answer for each."""
    if not (SERVERS / "node_modules" / "@cloud-copilot" / "iam-simulate").is_dir():
        pytest.skip("no evaluator of IAM policies is installed; tests/servers/install.sh installs one")
    node = next(SERVERS.glob("node_modules/node-linux-*/bin/node"), shutil.which("node"))

    def ask(requests: Any) -> dict[IamRequest, str]:
        asked = list(requests)
        simulations = [
            {
                "policies": policies[each.principal],
                "principal": f"arn:aws:iam::{ACCOUNT}:role/{each.principal.replace(' ', '-')}",
                "action": each.action,
                "resource": {"resource": each.resource, "accountId": ACCOUNT},
                "contextVariables": dict(each.context),
            }
            for each in asked
        ]
        finished = subprocess.run(
            [str(node), str(SERVERS / "evaluate_policies.mjs")],
            input=json.dumps(simulations),
            capture_output=True,
            text=True,
            check=False,
        )
        assert finished.returncode == 0, finished.stderr
        return dict(zip(asked, json.loads(finished.stdout), strict=True))

    return ask


@pytest.fixture
def dashboard(deployed: Any, tmp_path: Any, clock: Any, calls: CallRecorder) -> Iterator[Application]:
    """Open the dashboard, with its calls recorded from the first one on."""
    variables = {"PUNCTUAL_MODE": "aws", "PUNCTUAL_STACK": "Punctual", "PUNCTUAL_HOME": str(tmp_path)}
    calls.principal = DASHBOARD
    application = Application(Settings.read(variables), clock)
    yield application
    application.close()


@pytest.fixture
def post(clock: Any) -> Post:
    """Return a post with a picture, to the outbox and to a webhook."""
    return Post(
        post_id="k3v9q2m4cx7a",
        text="Good morning",
        destinations=("outbox", "webhook:sales"),
        zone="Europe/Berlin",
        wall="2026-11-03T09:00:00",
        due_at=clock() + timedelta(hours=20),
    )


@pytest.fixture(scope="module")
def called() -> set[tuple[str, str]]:
    """Return the services and operations that the tests of this module have called."""
    return set()


@pytest.fixture
def used(
    calls: CallRecorder,
    dashboard: Application,
    deployed: Any,
    post: Post,
    clock: Any,
    monkeypatch: Any,
    called: set[tuple[str, str]],
) -> set[IamRequest]:
    """Run the dashboard, the relay and the posting function, and return the IAM requests of their calls."""
    planned = _use_dashboard(dashboard, post, clock)
    calls.principal = None
    _store_secret(deployed, dashboard)
    _read_dead_letters(dashboard, deployed, calls)
    for principal, run in ((RELAY, _run_relay), (POSTING, _publish)):
        if ENTRIES[principal] in (variables := _environments()):
            client.cache_clear()
            calls.principal = principal
            run(variables[ENTRIES[principal]], planned, dashboard, clock, monkeypatch)
            calls.principal = None
    published = [(planned.text, planned.media)] if ENTRIES[POSTING] in variables else []
    assert [(entry.text, entry.media) for entry in dashboard.outbox.feed(limit=2)] == published
    called.update((service, operation) for _, service, operation, _ in calls.calls)
    return calls.requests()


def _use_dashboard(dashboard: Application, post: Post, clock: Any) -> Post:
    """Do what the pages and the worker do; return a planned post with a picture."""
    media = ingest(dashboard.media, _picture(), alt="Black")
    post = post.model_copy(update={"media": (media,)})
    account = Account(
        destination="webhook:sales",
        label="Sales",
        address="http://127.0.0.1:9/",  # no server listens there
        credentials={"secret": SecretStr("whsec_QUJD")},
    )
    dashboard.accounts.connect(account)
    dashboard.accounts.set_enabled("webhook:sales", True)
    dashboard.accounts.set_face("webhook:sales", Face(name="Sales"))
    assert len(dashboard.accounts.all()) == 2
    schedules, other = dashboard.schedules, post.model_copy(update={"post_id": new_post_id()})
    schedules.send_now(schedules.edit(schedules.schedule(other), other.model_copy(update={"text": "Good evening"})))
    schedules.cancel(schedules.schedule(post.model_copy(update={"post_id": new_post_id()})))
    dashboard.listing.details(dashboard.listing.window(clock(), clock() + timedelta(days=2), limit=10))
    dashboard.held_posts.begin_pause()
    dashboard.held_posts.finish()
    schedules.schedule(post)
    dashboard.views.history(limit=10)
    dashboard.outbox.feed(limit=10)
    dashboard.drafts.count()
    dashboard.labels.add(["Launch"])
    dashboard.payload_support.problem()
    unused = dashboard.media.put(b"unused")
    dashboard.media.touch(media.reference)
    assert {each.reference for each in dashboard.media.scan()} == {media.reference, unused}
    dashboard.media.get(media.reference)
    dashboard.media.delete(unused)
    dashboard.accounts.connect(Account(destination="webhook:old", label="Old", address="http://127.0.0.1:9/"))
    dashboard.accounts.remove("webhook:old")
    run_checks(dashboard, clock())
    return post


def _picture() -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (8, 8)).save(content, "PNG")
    return content.getvalue()


def _store_secret(deployed: Any, dashboard: Application) -> None:
    """Store the signing secret as the person does who deploys."""
    store_secrets(boto3.client("ssm"), deployed.outputs["SigningSecretParameter"], dashboard.signing_secrets())


def _read_dead_letters(dashboard: Application, deployed: Any, calls: CallRecorder) -> None:
    """Let the dashboard discard one of two dead letters, if the stack has a queue for them."""
    for name in ("UndeliveredQueueUrl", "DeadLettersQueueUrl"):
        if name in deployed.outputs:
            for number in range(2):
                boto3.client("sqs").send_message(QueueUrl=deployed.outputs[name], MessageBody=f'{{"number": {number}}}')
    calls.principal = DASHBOARD
    for letter in dashboard.dead_letters.read()[::2]:
        dashboard.dead_letters.discard(letter)
    calls.principal = None


def _environments() -> dict[str, dict[str, str]]:
    """Return the environment of each deployed function by its entry point."""
    functions = boto3.client("lambda").list_functions()["Functions"]
    return {each["Handler"]: each["Environment"]["Variables"] for each in functions}


def _run_relay(variables: dict[str, str], post: Post, dashboard: Application, clock: Any, monkeypatch: Any) -> None:
    """Run the relay with an unreadable event, a post that is too late, and one that no server takes."""
    for name, value in (variables | {"POSTING_URL": "https://localhost:9/", "AWS_REGION": REGION}).items():
        monkeypatch.setenv(name, value)
    handler.handle({"not": "ours"}, None)
    event = json.loads(write_invocation(invocation_of(post, clock())))
    missed = handler.handle(event | {"due_at": "2026-01-01T00:00:00Z"}, None)
    assert missed is not None
    assert missed["kind"] == "missed"
    with pytest.raises(AttemptFailed):
        handler.handle(event | {"due_at": f"{real_clock():%Y-%m-%dT%H:%M:%SZ}", "post_id": new_post_id()}, None)


def _publish(variables: dict[str, str], post: Post, dashboard: Application, clock: Any, monkeypatch: Any) -> None:
    """Let the posting function upload the media of a post ahead, and publish the post."""
    posting = build_posting_function(variables, clock)
    body = write_invocation(invocation_of(post, post.due_at))
    for path, identity in (("/prepare", f"{PREPARE_ID_PREFIX}{post.post_id}"), ("/", post.post_id)):
        headers = signed_headers(identity, real_clock(), body.encode(), dashboard.signing_secrets())
        event = {"requestContext": {"http": {"method": "POST"}}, "headers": headers, "isBase64Encoded": False}
        response = posting(event | {"rawPath": path, "body": body}, None)
        assert response["statusCode"] in (200, 503), response
    states = {each["destination"]: each["state"] for each in json.loads(response["body"])["results"]}
    assert states == {"outbox": "published", "webhook:sales": "waiting"}


def _requests_of_aws(deployed: Any) -> dict[IamRequest, str]:
    """Return the requests that AWS's services make as a role, and that no botocore client makes, with their reasons."""
    outputs = deployed.outputs
    relay, found = outputs["RelayFunctionArn"], {}

    def add(principal: str, action: str, resource: str, reason: str, **context: str) -> None:
        keys = tuple((f"lambda:{name}", value) for name, value in context.items())
        found[IamRequest(principal=principal, action=action, resource=resource, context=keys)] = reason

    add(SCHEDULER, "lambda:InvokeFunction", relay, "EventBridge Scheduler invokes the relay")
    for group in boto3.client("logs").describe_log_groups()["logGroups"]:
        principal = POSTING if "PostingServer" in group["logGroupName"] else RELAY
        stream = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group['logGroupName']}:log-stream:2026/12/01"
        for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
            add(principal, action, stream, "Lambda writes the function's log")
    if "FailuresQueueUrl" in outputs:
        failures = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{outputs['FailuresQueueUrl'].rsplit('/', 1)[-1]}"
        add(SCHEDULER, "sqs:SendMessage", outputs["UndeliveredQueueArn"], "EventBridge Scheduler keeps lost events")
        add(RELAY, "sqs:SendMessage", failures, "Lambda keeps events that failed three times")
        for action in ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"):
            add(RELAY, action, failures, "Lambda's event source mapping redelivers them")
    if "PostingFunctionArn" in outputs:
        bucket, missing = f"arn:aws:s3:::{outputs['MediaBucketName']}", "with it, S3 answers 404 for a missing object"
        add(POSTING, "s3:ListBucket", bucket, missing)
        posting, reason = outputs["PostingFunctionArn"], "the relay posts to the function URL, by HTTP"
        add(RELAY, "lambda:InvokeFunctionUrl", posting, reason, FunctionUrlAuthType="AWS_IAM")
        add(RELAY, "lambda:InvokeFunction", posting, reason, InvokedViaFunctionUrl="true")
    return found


def _never(deployed: Any) -> list[IamRequest]:
    """Return requests that no policy may allow."""
    group, role = deployed.outputs["GroupName"], deployed.outputs["ExecutionRoleArn"]
    secret = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{deployed.outputs['SigningSecretParameter']}"
    schedules = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule"
    to_lambda, relay = (("iam:PassedToService", "lambda.amazonaws.com"),), deployed.outputs["RelayFunctionArn"]
    wanted = [
        (DASHBOARD, "scheduler:CreateSchedule", f"{schedules}/other-{group}/post", ()),
        (DASHBOARD, "iam:PassRole", role, to_lambda),
        (DASHBOARD, "ssm:GetParameter", secret, ()),
        (DASHBOARD, "ssm:PutParameter", secret, ()),
        (DASHBOARD, "lambda:UpdateFunctionCode", relay, ()),
        (RELAY, "scheduler:CreateSchedule", f"{schedules}/{group}/post", ()),
        (RELAY, "ssm:PutParameter", secret, ()),
        (SCHEDULER, "lambda:InvokeFunction", f"{relay}-other", ()),
    ]
    if table := deployed.outputs.get("TableName"):
        arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}"
        wanted += [(DASHBOARD, "dynamodb:Scan", arn, ()), (DASHBOARD, "dynamodb:DeleteItem", arn, ())]
        wanted += [(RELAY, "dynamodb:PutItem", f"{arn}-other", ())]
    if posting := deployed.outputs.get("PostingFunctionArn"):
        accounts = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{deployed.outputs['AccountsPath']}/webhook"
        wanted += [(RELAY, "lambda:InvokeFunction", posting, ()), (DASHBOARD, "lambda:InvokeFunction", posting, ())]
        wanted += [(POSTING, "ssm:PutParameter", accounts, ()), (POSTING, "lambda:InvokeFunction", relay, ())]
    return [
        IamRequest(principal=principal, action=action, resource=resource, context=context)
        for principal, action, resource, context in wanted
    ]


@pytest.mark.parametrize("synthesis", ["small", "lambda"], indirect=True)
def test_each_call_is_allowed_and_no_policy_allows_more(used, deployed, policies, evaluate):
    by_aws, never = _requests_of_aws(deployed), _never(deployed)
    answers = evaluate([*used, *by_aws, *never])
    assert {each: answers[each] for each in (*used, *by_aws) if answers[each] != "Allowed"} == {}
    assert {each: answers[each] for each in never if answers[each] != "ImplicitlyDenied"} == {}
    needed = {(each.principal, each.action) for each in (*used, *by_aws)}
    assert {(who, action) for who, found in policies.items() for action in _actions(found)} == needed


def _actions(documents: list[dict[str, Any]]) -> set[str]:
    found = [each["Action"] for document in documents for each in document["Statement"]]
    return {action for each in found for action in (each if isinstance(each, list) else [each])}


@pytest.mark.parametrize("synthesis", ["lambda"], indirect=True)
def test_each_operation_that_the_source_names_was_called(request, called, synthesis):
    if not any(service == "s3" for service, _ in called):
        request.getfixturevalue("used")  # no test of the largest stack ran before in this process
    session = boto3.Session(region_name=REGION)
    named: set[str] = set()
    for folder in ("core", "lambda_pkg"):
        for path in (ROOT / folder).rglob("*.py"):
            if path.parent.name != "engine":  # it answers these operations
                named |= _names(ast.parse(path.read_text()))
    operations = {
        botocore.xform_name(operation): (service, operation)
        for service in {service for service, _ in called}
        for operation in session.client(service).meta.service_model.operation_names
    }
    uncalled = {name for name in named & operations.keys() if operations[name] not in called}
    assert uncalled - NO_OPERATIONS.keys() == set()


def _names(tree: ast.AST) -> set[str]:
    """Return the names of the methods that a module calls, and its texts, which may name one."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            found.add(node.func.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return found
