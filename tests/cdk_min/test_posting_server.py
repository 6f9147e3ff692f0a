"""The posting server on Lambda in the template."""

import json
from typing import Any

import pytest

from core.posts.destinations import PARTS_LIMIT
from core.publishing.http.client import DEADLINE_SECONDS
from lambda_pkg.prepare import PREPARE_PATH
from lambda_pkg.relay import RelayConfig

PUBLISHING_ACTIONS = {
    "dynamodb:BatchGetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "s3:GetObject",
    "s3:ListBucket",
    "secretsmanager:GetSecretValue",
    "ssm:GetParametersByPath",
}


@pytest.fixture
def synthesis(syntheses: Any) -> Any:
    return syntheses["lambda"]


@pytest.fixture
def function(properties_of: Any) -> dict[str, Any]:
    return properties_of("AWS::Lambda::Function", "PostingServer")


def test_the_relay_posts_to_the_function_url(properties_of, logical_id):
    url = {"Fn::GetAtt": [logical_id("AWS::Lambda::Url", "PostingServer"), "FunctionUrl"]}
    variables = properties_of("AWS::Lambda::Function", "Relay")["Environment"]["Variables"]
    assert variables["POSTING_URL"] == url
    assert variables["PREPARE_URL"] == {"Fn::Join": ["", [url, PREPARE_PATH.removeprefix("/")]]}


def test_anyone_may_call_the_function_through_its_url_only(template, logical_id):
    found = [each["Properties"] for each in template["Resources"].values() if each["Type"] == "AWS::Lambda::Permission"]
    name = {"Fn::GetAtt": [logical_id("AWS::Lambda::Function", "PostingServer"), "Arn"]}
    assert sorted(found, key=lambda each: each["Action"]) == [
        {"Action": "lambda:InvokeFunction", "FunctionName": name, "InvokedViaFunctionUrl": True, "Principal": "*"},
        {"Action": "lambda:InvokeFunctionUrl", "FunctionName": name, "FunctionUrlAuthType": "NONE", "Principal": "*"},
    ]


def test_reserved_concurrency_bounds_the_requests_of_strangers(function):
    assert function["ReservedConcurrentExecutions"] == 50


def test_a_network_ends_before_the_relay_and_a_long_thread_before_the_function(function):
    assert RelayConfig(posting_url="", secrets=()).response_seconds >= DEADLINE_SECONDS + 15
    assert function["Timeout"] >= PARTS_LIMIT * 15


def test_the_environment_holds_no_secret(function, template):
    variables = function["Environment"]["Variables"]
    assert set(variables) == {"TABLE_NAME", "SIGNING_SECRET_ARN", "MEDIA_BUCKET", "ACCOUNTS_PATH", "PAYLOAD_MEMBERS"}
    assert "resolve:secretsmanager" not in json.dumps(template)


def test_the_role_grants_only_the_actions_of_publishing(properties_of):
    statements = properties_of("AWS::IAM::Policy", "PostingServer")["PolicyDocument"]["Statement"]
    actions = [each["Action"] if isinstance(each["Action"], list) else [each["Action"]] for each in statements]
    assert {action for some in actions for action in some} == PUBLISHING_ACTIONS
    assert "*" not in [each["Resource"] for each in statements]


def test_logs_are_kept_for_three_months(properties_of):
    assert properties_of("AWS::Logs::LogGroup", "PostingServer")["RetentionInDays"] == 90


def test_the_dashboard_may_read_the_function_but_not_invoke_it(template, properties_of, logical_id):
    arn = {"Fn::GetAtt": [logical_id("AWS::Lambda::Function", "PostingServer"), "Arn"]}
    assert template["Outputs"]["PostingFunctionArn"]["Value"] == arn
    statements = properties_of("AWS::IAM::ManagedPolicy", "DashboardPolicy")["PolicyDocument"]["Statement"]
    [granted] = [each["Action"] for each in statements if each["Resource"] == arn]
    assert granted == ["lambda:GetFunctionConfiguration", "lambda:GetFunctionConcurrency"]
