"""The permissions of every stack, by its template and by cdk-nag."""

import functools
import json
from typing import Any

import boto3
import pytest

ACTIONS_WITHOUT_OPERATION = {
    "dynamodb:ConditionCheckItem",
    "iam:PassRole",
    "lambda:InvokeFunction",
    "lambda:InvokeFunctionUrl",
    "s3:ListBucket",
}
BOTO3_NAMES = {"servicequotas": "service-quotas"}
READS_OF_THE_ACCOUNT = {
    "cloudwatch:GetMetricStatistics",
    "lambda:GetAccountSettings",
    "scheduler:ListSchedules",
    "servicequotas:ListServiceQuotas",
    "ssm:DescribeParameters",
}


@pytest.fixture(params=["watched", "full", "lambda", "adopted"])
def synthesis(request: Any, syntheses: Any) -> Any:
    return syntheses[request.param]


def listed(one_or_many: Any) -> list[Any]:
    return one_or_many if isinstance(one_or_many, list) else [one_or_many]


def test_cdk_nag_finds_nothing(synthesis):
    assert synthesis.error is None
    assert synthesis.read("validation-report.json")["pluginReports"] == []


def test_cdk_nag_fails_the_synthesis_of_a_stack_that_breaks_its_rules(syntheses):
    assert "ValidationFailed" in syntheses["leaky"].error
    [report] = syntheses["leaky"].read("validation-report.json")["pluginReports"]
    assert "Punctual/Bare/Resource" in json.dumps(report)


def test_every_granted_action_exists(statements_of):
    granted = {action for each in statements_of() for action in listed(each["Action"])} - ACTIONS_WITHOUT_OPERATION
    for action in granted:
        service, _, operation = action.partition(":")
        assert operation in operations(service), action


@functools.cache
def operations(service: str) -> frozenset[str]:
    client = boto3.client(BOTO3_NAMES.get(service, service), region_name="eu-central-1")
    return frozenset(client.meta.service_model.operation_names)


def test_each_role_has_one_inline_policy_and_none_of_aws(template):
    roles = [each["Properties"] for each in template["Resources"].values() if each["Type"] == "AWS::IAM::Role"]
    assert roles
    assert all(len(role["Policies"]) == 1 for role in roles)
    assert "ManagedPolicyArns" not in json.dumps(template)
    assert "AWS::IAM::Policy" not in {each["Type"] for each in template["Resources"].values()}


def test_no_action_is_a_wildcard(statements_of):
    assert not [action for each in statements_of() for action in listed(each["Action"]) if "*" in action]


def test_only_actions_without_a_resource_are_granted_on_all_resources(statements_of, template):
    on_all = {
        action for each in statements_of() if "*" in listed(each["Resource"]) for action in listed(each["Action"])
    }
    queues = {"lambda:ListEventSourceMappings"} if "FailuresQueueUrl" in template["Outputs"] else set()
    assert on_all == READS_OF_THE_ACCOUNT | queues


def test_the_dashboard_may_pass_only_the_execution_role_to_the_scheduler(statements_of, logical_id):
    [passing] = [each for each in statements_of() if "iam:PassRole" in listed(each["Action"])]
    assert passing["Resource"] == {"Fn::GetAtt": [logical_id("AWS::IAM::Role", "SchedulesExecutionRole"), "Arn"]}
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}


def test_the_dashboard_may_describe_the_stack_by_its_name(statements_of):
    [describing] = [each for each in statements_of() if each["Action"] == "cloudformation:DescribeStacks"]
    assert "".join(map(str, describing["Resource"]["Fn::Join"][1])).endswith(":stack/Punctual/*")


def test_only_the_functions_may_read_the_signing_secret(statements_of, template):
    functions = [name for name, each in template["Resources"].items() if each["Type"] == "AWS::Lambda::Function"]
    secret = ":parameter/Punctual/signing-secret"
    readers = [each for each in statements_of() if secret in json.dumps(each["Resource"])]
    assert [each["Action"] for each in readers] == ["ssm:GetParameter"] * len(functions)
    assert secret not in json.dumps(statements_of("DashboardPolicy"))


def test_no_policy_grants_scans_or_reading_the_on_failure_queue(statements_of, template):
    assert not [each for each in statements_of() if "dynamodb:Scan" in listed(each["Action"])]
    reading = [each["Resource"] for each in statements_of() if "sqs:ReceiveMessage" in listed(each["Action"])]
    of_failures = [each for each in reading if "RelayFailures" in json.dumps(each)]
    assert len(of_failures) == ("FailuresQueueUrl" in template["Outputs"])  # the relay's event source mapping
