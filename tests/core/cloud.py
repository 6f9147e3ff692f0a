"""A deployment in moto: every part that Punctual looks for, and the stack whose outputs name them."""

import functools
import io
import itertools
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
from core.scheduling.upsert import Waiting
from core.settings import Settings

ACCOUNT, REGION = "123456789012", "us-east-1"
STACK = "Punctual"
GROUP = "posts"


class Interference:
    """Stands between the product and moto, and answers instead of it what a test asks for.

    A fault is an error code, which is answered, or an exception, which is raised as a broken network would; `after`
    lets AWS carry the request out first, so that only its answer is lost.
    """

    def __init__(self) -> None:
        self._rules: list[dict[str, Any]] = []
        self._replies: dict[str, tuple[str, dict[str, str]]] = {}
        self.seen: list[str] = []

    def __call__(
        self,
        operation: str,
        fault: str | Exception,
        message: str = "",
        *,
        times: int = 1_000_000,
        after: bool = False,
    ) -> None:
        """Let `operation` (all: "*") fail the next `times` times."""
        rule = {"operation": operation, "fault": fault, "message": message or str(fault), "left": times, "after": after}
        self._rules.append(rule)

    def reply(self, operation: str, content: str, **headers: str) -> None:
        """Answer `operation` with a success, as the service would write it: what moto does not know, or the time."""
        self._replies[operation] = (content, headers)

    def clear(self) -> None:
        """Let everything pass."""
        self._rules.clear()
        self._replies.clear()
        self.seen.clear()

    def answer(self, event_name: str, request: AWSPreparedRequest, **others: Any) -> AWSResponse | None:
        """The handler of botocore's before-send."""
        operation = event_name.rsplit(".", 1)[1]
        self.seen.append(operation)
        rule = next((each for each in self._rules if each["operation"] in (operation, "*") and each["left"]), None)
        if rule is None and operation in self._replies:
            content, headers = self._replies[operation]
            return AWSResponse(request.url, 200, headers, _Raw(content.encode()))
        if rule is None or rule["after"]:
            answer = botocore_stubber(event_name, request, **others)
        if rule is None:
            return answer
        rule["left"] -= 1
        if isinstance(rule["fault"], Exception):
            raise rule["fault"]
        return _refusal(request.url, rule["fault"], rule["message"])


class _Raw:
    """As much of urllib3's response as botocore reads."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        yield self._content


def _refusal(url: str, code: str, message: str) -> AWSResponse:
    """Return an error as the service would write it: XML where its protocol is query, else JSON."""
    if any(f"//{service}." in url for service in ("iam", "sts", "cloudformation")):
        content = f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    else:
        content = json.dumps({"__type": code, "Message": message, "message": message})
    return AWSResponse(url, 400, {"x-amzn-ErrorType": code}, _Raw(content.encode()))


@pytest.fixture(scope="session")
def interference() -> Interference:
    """Between the product's session, which is one for all tests, and moto."""
    return Interference()


@pytest.fixture(scope="session")
def product_session(interference: Interference) -> boto3.session.Session:
    """The session that the product is given: it reads the service models once."""
    session = boto3.session.Session(region_name=REGION)
    session.events.unregister("before-send", botocore_stubber)  # all handlers are called, whoever answers first
    session.events.register("before-send", interference.answer)
    return session


@pytest.fixture
def interfere(interference: Interference, monkeypatch: pytest.MonkeyPatch) -> Iterator[Interference]:
    """Make AWS fail. Retries follow at once, as if there were no time between them."""
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    monkeypatch.setattr("botocore.retries.bucket.TokenBucket.acquire", lambda *_, **__: True)
    yield interference
    interference.clear()


class Cloud:
    """AWS in moto: a client for each service, and the outputs of the stack that is deployed there."""

    def __init__(self, clients: Callable[[str], Any]) -> None:
        self._clients = clients
        self.outputs: dict[str, str] = {}

    def __getitem__(self, service: str) -> Any:
        return self._clients(service)

    def tell(self, **outputs: str) -> None:
        """Deploy a stack with these outputs."""
        self.outputs = outputs
        template = {
            "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
            "Outputs": {name: {"Value": value} for name, value in outputs.items()},
        }
        self["cloudformation"].create_stack(StackName=STACK, TemplateBody=json.dumps(template))


@pytest.fixture(scope="session")
def cloud_clients() -> Callable[[str], Any]:
    """Clients that nothing interferes with."""
    session = boto3.session.Session(region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x")
    return functools.cache(session.client)


@pytest.fixture
def cloud(
    cloud_clients: Callable[[str], Any], product_session: boto3.session.Session, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Cloud]:
    """AWS with nothing in it."""
    monkeypatch.setattr(boto3, "Session", lambda: product_session)
    with mock_aws(config={"lambda": {"use_docker": False}}):
        yield Cloud(cloud_clients)


@pytest.fixture
def deployed(cloud: Cloud) -> Cloud:
    """AWS with everything that the stack makes, but for what `redelivered` and `posting_function` make."""
    cloud["scheduler"].create_schedule_group(Name=GROUP)
    failures, dead, undelivered = (_queue(cloud, name) for name in ("failures", "dead", "undelivered"))
    secret = cloud["secretsmanager"].create_secret(Name="signing", SecretString="A" * 44)["ARN"]
    table = _table(cloud)
    function = _function(cloud, "relay", timeout=150, POSTING_URL="https://posts.example.org/publish")
    _keep_failures(cloud, function, failures)
    cloud.tell(
        GroupName=GROUP,
        RelayFunctionArn=function,
        ExecutionRoleArn=_execution_role(cloud, function),
        TableName=table,
        SigningSecretArn=secret,
        UndeliveredQueueArn=_arn(cloud, undelivered),
        UndeliveredQueueUrl=undelivered,
        FailuresQueueUrl=failures,
        DeadLettersQueueUrl=dead,
    )
    return cloud


@pytest.fixture
def redelivered(deployed: Cloud) -> None:
    """The mapping that hands failures to the relay again; moto does it as soon as one lies in the queue."""
    deployed["lambda"].create_event_source_mapping(
        FunctionName=deployed.outputs["RelayFunctionArn"],
        EventSourceArn=_arn(deployed, deployed.outputs["FailuresQueueUrl"]),
        BatchSize=1,
    )


@pytest.fixture
def posting_function(deployed: Cloud) -> str:
    """The posting server as a function of its own, 20 of which may run; its ARN."""
    arn = _function(deployed, "posting", timeout=45)
    deployed["lambda"].put_function_concurrency(FunctionName=arn, ReservedConcurrentExecutions=20)
    return arn


@pytest.fixture
def opened(deployed: Cloud, tmp_path, clock) -> Iterator[Callable[..., Application]]:
    """Open Punctual on the deployment; settings may be added, as variables. What is open is closed at the end."""
    applications = []

    def open_application(**variables: str) -> Application:
        whole = {"PUNCTUAL_MODE": "aws", "PUNCTUAL_STACK": STACK, "PUNCTUAL_HOME": str(tmp_path / "home"), **variables}
        applications.append(Application(Settings.read(whole), clock, Waiting(pause=lambda _: None)))
        return applications[-1]

    yield open_application
    for application in applications:
        application.close()


def _queue(cloud: Cloud, name: str) -> str:
    return cloud["sqs"].create_queue(QueueName=name)["QueueUrl"]


def _arn(cloud: Cloud, queue_url: str) -> str:
    asked = cloud["sqs"].get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])
    return asked["Attributes"]["QueueArn"]


def _table(cloud: Cloud) -> str:
    indexes = {"listing": ("listing", "listed_at"), "due": ("due_list", "due_at")}
    keys = {"ledger": ("pk", "sk"), **indexes}
    return cloud["dynamodb"].create_table(
        TableName="ledger",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=_key_schema("pk", "sk"),
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in itertools.chain(*keys.values())
        ],
        GlobalSecondaryIndexes=[
            {"IndexName": name, "KeySchema": _key_schema(*of), "Projection": {"ProjectionType": "KEYS_ONLY"}}
            for name, of in indexes.items()
        ],
    )["TableDescription"]["TableName"]


def _key_schema(partition: str, place: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": place, "KeyType": "RANGE"}]


def _function(cloud: Cloud, name: str, *, timeout: int, **variables: str) -> str:
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
        Environment={"Variables": variables},
    )["FunctionArn"]


def _keep_failures(cloud: Cloud, function: str, failures: str) -> None:
    cloud["lambda"].put_function_event_invoke_config(
        FunctionName=function,
        MaximumRetryAttempts=2,
        MaximumEventAgeInSeconds=900,
        DestinationConfig={"OnFailure": {"Destination": _arn(cloud, failures)}},
    )


def _execution_role(cloud: Cloud, function: str) -> str:
    ours = {
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
                "Condition": {"StringEquals": ours},
            }
        ],
    }
    role = cloud["iam"].create_role(RoleName="scheduler", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    allowed = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": function}],
    }
    cloud["iam"].put_role_policy(RoleName="scheduler", PolicyName="invoke", PolicyDocument=json.dumps(allowed))
    return role
