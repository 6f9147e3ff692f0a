"""A deployment in moto: the resources that Punctual uses, and a stack whose outputs name them."""

import functools
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from moto import mock_aws
from moto.core.models import botocore_stubber

from core.application import Application
from core.ledger.dynamodb_layout import table_definition
from core.scheduling.schedule_writer import WaitPolicy
from core.settings import Settings
from lambda_pkg import handler
from lambda_pkg.clients import client
from lambda_pkg.event import LATER_MEMBERS

ACCOUNT, REGION = "123456789012", "us-east-1"
STACK = "Punctual"
SECRET_PARAMETER = "/Punctual/signing-secret"
UNUSABLE_DEPLOYMENTS = (
    ("eu-west-1", "CREATE_COMPLETE", "There is no stack Punctual in eu-west-1.", "correct PUNCTUAL_STACK"),
    ("us-east-1", "CREATE_IN_PROGRESS", "The stack Punctual is in state CREATE_IN_PROGRESS.", "Wait until it is"),
    ("us-east-1", "ROLLBACK_COMPLETE", "The stack Punctual is in state ROLLBACK_COMPLETE.", "Then deploy it again"),
)
"""A Region and the state of the stack in us-east-1 with which no post can be scheduled; the cause and the remedy."""
GROUP = "posts"
QUERY_SERVICES = ("iam", "sts", "cloudformation")
"""The used services with the query protocol, which responds in XML."""


class FaultInjector:
    """A layer between the application and moto that makes chosen requests fail.

    A fault is an error code in a response, or an exception of a failed connection. With `after`, AWS completes the
    request first, so that only its response is lost.
    """

    def __init__(self) -> None:
        self._faults: list[dict[str, Any]] = []
        self._responses: dict[str, tuple[str, dict[str, str]]] = {}
        self.requests: list[str] = []
        """The operation of each request."""

    def __call__(
        self,
        operation: str,
        fault: str | Exception,
        message: str = "",
        *,
        times: int = 1_000_000,
        after: bool = False,
    ) -> None:
        """Fail the next `times` requests of an operation, or of every operation with "*"."""
        rule = {"operation": operation, "fault": fault, "message": message or str(fault), "left": times, "after": after}
        self._faults.append(rule)

    def respond_with(self, operation: str, content: str, **headers: str) -> None:
        """Respond to an operation with `content`, for data that moto lacks."""
        self._responses[operation] = (content, headers)

    def clear(self) -> None:
        self._faults.clear()
        self._responses.clear()
        self.requests.clear()

    def handle(self, event_name: str, request: AWSPreparedRequest, **others: Any) -> AWSResponse | None:
        """Handle botocore's before-send event."""
        operation = event_name.rsplit(".", 1)[1]
        self.requests.append(operation)
        rule = next((each for each in self._faults if each["operation"] in (operation, "*") and each["left"]), None)
        if rule is None and operation in self._responses:
            content, headers = self._responses[operation]
            return AWSResponse(request.url, 200, headers, _Raw(content.encode()))
        if rule is None or rule["after"]:
            response = botocore_stubber(event_name, request, **others)
        if rule is None:
            return response
        rule["left"] -= 1
        if isinstance(rule["fault"], Exception):
            raise rule["fault"]
        return _error_response(request.url, rule["fault"], rule["message"])


class _Raw:
    """The part of urllib3's response that botocore reads."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        yield self._content


def _error_response(url: str, code: str, message: str) -> AWSResponse:
    """Return an error in the format of the service: XML for the query protocol, else JSON."""
    if any(f"//{service}." in url for service in QUERY_SERVICES):
        content = f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    else:
        content = json.dumps({"__type": code, "Message": message, "message": message})
    return AWSResponse(url, 400, {"x-amzn-ErrorType": code}, _Raw(content.encode()))


@pytest.fixture(scope="session")
def fault_injector() -> FaultInjector:
    """Return the layer between the application's session and moto, without faults."""
    return FaultInjector()


@pytest.fixture(scope="session")
def application_session(fault_injector: FaultInjector) -> boto3.session.Session:
    """Return the application's boto3 session, shared by all tests so that it reads the service models once."""
    session = boto3.session.Session(region_name=REGION)
    session.events.unregister("before-send", botocore_stubber)  # botocore calls every handler, not only the first
    session.events.register("before-send", fault_injector.handle)
    return session


@pytest.fixture
def inject_fault(fault_injector: FaultInjector, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultInjector]:
    """Make requests to AWS fail; botocore retries them without a pause."""
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    monkeypatch.setattr("botocore.retries.bucket.TokenBucket.acquire", lambda *_, **__: True)
    yield fault_injector
    fault_injector.clear()


@pytest.fixture
def lambda_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set the credentials and the region of a Lambda function, without clients and secrets cached by other tests."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    caches = (client, handler._signing_secret)
    for cached in caches:
        cached.cache_clear()
    yield
    for cached in caches:
        cached.cache_clear()


class Cloud:
    """AWS in moto: a client for each service, and the outputs of the deployed stack."""

    def __init__(self, clients: Callable[[str], Any]) -> None:
        self._clients = clients
        self.outputs: dict[str, str] = {}

    def __getitem__(self, service: str) -> Any:
        return self._clients(service)

    def deploy_stack(self, **outputs: str) -> None:
        """Deploy a stack with these outputs."""
        self.outputs = outputs
        template = {
            "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
            "Outputs": {name: {"Value": value} for name, value in outputs.items()},
        }
        self["cloudformation"].create_stack(StackName=STACK, TemplateBody=json.dumps(template))


@pytest.fixture(scope="session")
def cloud_clients() -> Callable[[str], Any]:
    """Return a maker of clients without fault injection."""
    session = boto3.session.Session(region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x")
    return functools.cache(session.client)


@pytest.fixture
def cloud(
    cloud_clients: Callable[[str], Any], application_session: boto3.session.Session, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Cloud]:
    """Provide an AWS account without resources."""
    monkeypatch.setattr("core.backends.aws.boto3.Session", lambda: application_session)  # imports the module first
    with mock_aws(config={"lambda": {"use_docker": False}}):
        yield Cloud(cloud_clients)


@pytest.fixture
def deployed(cloud: Cloud) -> Cloud:
    """Create the resources of a full stack, except those of `redelivery_mapping` and `posting_function`."""
    cloud["scheduler"].create_schedule_group(Name=GROUP)
    failures, dead, undelivered = (_queue(cloud, name) for name in ("failures", "dead", "undelivered"))
    cloud["dynamodb"].create_table(**table_definition("ledger"))
    function = _function(cloud, "relay", timeout=150, POSTING_URL="https://posts.example.org/publish")
    _configure_retries(cloud, function, failures)
    cloud.deploy_stack(
        GroupName=GROUP,
        RelayFunctionArn=function,
        ExecutionRoleArn=_execution_role(cloud, function),
        TableName="ledger",
        SigningSecretParameter=SECRET_PARAMETER,
        UndeliveredQueueArn=_arn(cloud, undelivered),
        UndeliveredQueueUrl=undelivered,
        FailuresQueueUrl=failures,
        DeadLettersQueueUrl=dead,
    )
    return cloud


@pytest.fixture
def small_deployed(cloud: Cloud) -> Cloud:
    """Create the resources of a small stack: no table, no queues, and no place for media and accounts."""
    cloud["scheduler"].create_schedule_group(Name=GROUP)
    function = _function(cloud, "relay", timeout=150, POSTING_URL="https://posts.example.org/publish")
    retries = {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 900}
    cloud["lambda"].put_function_event_invoke_config(FunctionName=function, **retries)
    cloud.deploy_stack(
        GroupName=GROUP,
        RelayFunctionArn=function,
        ExecutionRoleArn=_execution_role(cloud, function),
        SigningSecretParameter=SECRET_PARAMETER,
    )
    return cloud


@pytest.fixture
def own_function(cloud: Cloud) -> dict[str, str]:
    """Create a function and a role without a stack, and return the settings that name them."""
    function = _function(cloud, "mine", timeout=10, PAYLOAD_MEMBERS=None)
    return {
        "PUNCTUAL_STACK": "",
        "PUNCTUAL_FUNCTION_ARN": function,
        "PUNCTUAL_ROLE_ARN": _execution_role(cloud, function),
    }


@pytest.fixture
def redelivery_mapping(deployed: Cloud) -> None:
    """Create the mapping that redelivers failed events to the relay. In moto it redelivers them at once."""
    deployed["lambda"].create_event_source_mapping(
        FunctionName=deployed.outputs["RelayFunctionArn"],
        EventSourceArn=_arn(deployed, deployed.outputs["FailuresQueueUrl"]),
        BatchSize=1,
    )


@pytest.fixture
def posting_function(deployed: Cloud) -> str:
    """Create the posting function with a reserved concurrency of 20 and return its ARN."""
    arn = _function(deployed, "posting", timeout=45)
    deployed["lambda"].put_function_concurrency(FunctionName=arn, ReservedConcurrentExecutions=20)
    return arn


@pytest.fixture
def open_application(open_on_aws: Callable[..., Application], deployed: Cloud) -> Callable[..., Application]:
    """Open applications on the full deployment, with further settings as variables; close them after the test."""
    return open_on_aws


@pytest.fixture
def open_small(open_on_aws: Callable[..., Application], small_deployed: Cloud) -> Callable[..., Application]:
    """Open applications on the small deployment, as `open_application` does on the full one."""
    return open_on_aws


@pytest.fixture
def open_on_aws(cloud: Cloud, tmp_path, clock) -> Iterator[Callable[..., Application]]:
    """Open applications on whatever is deployed, with further settings as variables; close them after the test."""
    applications = []

    def open_one(**variables: str) -> Application:
        defaults = {"PUNCTUAL_MODE": "aws", "PUNCTUAL_STACK": STACK, "PUNCTUAL_HOME": str(tmp_path / "home")}
        settings = Settings.read(defaults | variables)
        applications.append(Application(settings, clock, WaitPolicy(pause=lambda _: None)))
        return applications[-1]

    yield open_one
    for application in applications:
        application.close()


def _queue(cloud: Cloud, name: str) -> str:
    return cloud["sqs"].create_queue(QueueName=name)["QueueUrl"]


def _arn(cloud: Cloud, queue_url: str) -> str:
    found = cloud["sqs"].get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])
    return found["Attributes"]["QueueArn"]


def _function(cloud: Cloud, name: str, *, timeout: int, **variables: str | None) -> str:
    """Create a function of this release, with further variables; None removes one. Return its ARN."""
    given = {"PAYLOAD_MEMBERS": ",".join(LATER_MEMBERS), **variables}
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("handler.py", "")
    role = cloud["iam"].create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    return cloud["lambda"].create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=role,
        Handler="handler.handle",
        Code={"ZipFile": code.getvalue()},
        Timeout=timeout,
        Environment={"Variables": {name: value for name, value in given.items() if value is not None}},
    )["FunctionArn"]


def _configure_retries(cloud: Cloud, function: str, failures: str) -> None:
    cloud["lambda"].put_function_event_invoke_config(
        FunctionName=function,
        MaximumRetryAttempts=2,
        MaximumEventAgeInSeconds=900,
        DestinationConfig={"OnFailure": {"Destination": _arn(cloud, failures)}},
    )


def _execution_role(cloud: Cloud, function: str) -> str:
    only_our_schedules = {
        "aws:SourceAccount": ACCOUNT,
        "aws:SourceArn": f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/{GROUP}",
    }
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "scheduler.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": only_our_schedules},
            }
        ],
    }
    role = cloud["iam"].create_role(RoleName="scheduler", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    permissions = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": function}],
    }
    cloud["iam"].put_role_policy(RoleName="scheduler", PolicyName="invoke", PolicyDocument=json.dumps(permissions))
    return role
