"""What the deployment asks of AWS, and the words in which it reports AWS's faults."""

import json
from datetime import UTC, datetime

import boto3
import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
    TokenRetrievalError,
)
from moto import mock_aws

from cdk_min.aws_account import BOOTSTRAP_VERSION, AwsAccount, remedy

TEMPLATE = {
    "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}},
    "Outputs": {"QueueUrl": {"Value": {"Ref": "Queue"}}},
}


@pytest.fixture
def account(aws_session):
    with mock_aws():
        yield AwsAccount(aws_session)


@pytest.fixture
def stack(account, aws_session):
    aws_session.client("cloudformation").create_stack(StackName="Punctual", TemplateBody=json.dumps(TEMPLATE))


def test_an_account_without_the_stack_is_not_bootstrapped_and_has_no_outputs(account):
    assert account.stack("Punctual") == {
        "account": "123456789012",
        "region": "us-east-1",
        "bootstrapped": False,
        "status": None,
        "outputs": {},
    }
    assert account.failure("Punctual") is None


@pytest.mark.parametrize(("version", "sufficient"), [("5", False), ("6", True), ("28", True)])
def test_an_account_is_bootstrapped_from_the_version_on_that_has_roles(account, aws_session, version, sufficient):
    aws_session.client("ssm").put_parameter(Name=BOOTSTRAP_VERSION, Value=version, Type="String")
    assert account.stack("Punctual")["bootstrapped"] is sufficient


@pytest.mark.usefixtures("stack")
def test_a_deployed_stack_has_its_state_its_outputs_and_its_resources(account):
    found = account.stack("Punctual")
    assert found["status"] == "CREATE_COMPLETE"
    [[kind, queue]] = account.resources("Punctual")
    assert kind == "AWS::SQS::Queue"
    assert found["outputs"]["QueueUrl"] == queue


@pytest.mark.usefixtures("stack")
def test_a_stack_is_deleted_for_good(account):
    assert account.delete("Punctual") == "DELETE_COMPLETE"
    assert account.stack("Punctual")["status"] is None


def test_the_posts_of_a_group_are_counted_over_pages_up_to_a_limit(account, aws_session, monkeypatch):
    scheduler = aws_session.client("scheduler")
    assert account.posts("punctual") == {"count": 0, "more": False}
    scheduler.create_schedule_group(Name="punctual")
    for number in range(103):
        scheduler.create_schedule(
            Name=f"post-{number}",
            GroupName="punctual",
            ScheduleExpression="at(2030-01-01T00:00:00)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": "arn:aws:lambda:us-east-1:123456789012:function:f", "RoleArn": "arn:aws:iam::1:role/r"},
        )
    for limit, counted in ((1000, 103), (103, 103), (102, 102)):
        monkeypatch.setattr("cdk_min.aws_account.MAX_COUNTED", limit)
        assert account.posts("punctual") == {"count": counted, "more": limit < 103}


def test_a_parameter_is_forgotten_once(account, aws_session):
    aws_session.client("ssm").put_parameter(Name="/Punctual/signing-secret", Value="x", Type="SecureString")
    assert account.forget("/Punctual/signing-secret")
    assert not account.forget("/Punctual/signing-secret")


class Events:
    """A session whose CloudFormation reports the events of one failed deployment, newest first as AWS does."""

    region_name = "eu-central-1"
    meta = None

    def __init__(self, *events):
        self._events = events

    def client(self, _):
        return self

    def describe_stacks(self, **_):
        return {"Stacks": [{"StackStatus": "ROLLBACK_COMPLETE"}]}

    def describe_stack_events(self, **_):
        names = ("LogicalResourceId", "ResourceType", "ResourceStatus", "ResourceStatusReason")
        return {"StackEvents": [dict(zip(names, event, strict=True)) for event in self._events]}


def test_the_first_fault_of_the_last_operation_is_the_cause():
    stack = "AWS::CloudFormation::Stack"
    events = Events(
        ("Punctual", stack, "ROLLBACK_COMPLETE", ""),
        ("Policy", "AWS::IAM::Policy", "CREATE_FAILED", "Resource creation cancelled"),
        ("Relay", "AWS::Lambda::Function", "CREATE_FAILED", "decreases UnreservedConcurrentExecution below 10"),
        ("Punctual", stack, "CREATE_IN_PROGRESS", "User Initiated"),
        ("Old", "AWS::SQS::Queue", "CREATE_FAILED", "an earlier fault"),
    )
    cause = "Relay (AWS::Lambda::Function): decreases UnreservedConcurrentExecution below 10"
    assert AwsAccount(events).failure("Punctual") == cause


def test_a_session_without_a_region_is_refused(monkeypatch, tmp_path):
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(NoRegionError) as fault:
        AwsAccount(boto3.Session())
    assert "make deploy REGION=" in remedy(fault.value)


def answer(code):
    details = {"Error": {"Code": code, "Message": "No."}, "ResponseMetadata": {"Date": datetime.now(UTC)}}
    return ClientError(details, "GetCallerIdentity")


@pytest.mark.parametrize(
    ("fault", "advice"),
    [
        (NoCredentialsError(), "aws configure"),
        (ProfileNotFound(profile="work"), "aws configure --profile"),
        (TokenRetrievalError(provider="sso", error_msg="expired"), "aws sso login"),
        (EndpointConnectionError(endpoint_url="https://sts.example"), "Check this machine's network"),
        (answer("ExpiredToken"), "aws sso login"),
        (answer("ExpiredTokenException"), "aws sso login"),
        (answer("InvalidClientTokenId"), "aws configure"),
        (answer("AccessDenied"), "lack a permission"),
        (answer("InternalFailure"), "Repeat the command"),
    ],
)
def test_every_fault_of_aws_names_its_remedy(fault, advice):
    assert advice in remedy(fault)
