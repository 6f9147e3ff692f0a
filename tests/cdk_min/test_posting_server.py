"""The posting server on Lambda, as the template has it."""

import json
from typing import Any

import pytest

from core.posts.models import PARTS_LIMIT
from core.publishing.network import DEADLINE_SECONDS
from lambda_pkg.relay import RelayConfig

PUBLISHING = {
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
def function(only: Any) -> dict[str, Any]:
    return only("AWS::Lambda::Function", "PostingServer")


def test_the_relay_posts_to_it_without_being_told(only, logical_id):
    url = {"Fn::GetAtt": [logical_id("AWS::Lambda::Url", "PostingServer"), "FunctionUrl"]}
    assert only("AWS::Lambda::Function", "Relay")["Environment"]["Variables"]["POSTING_URL"] == url


def test_anybody_may_call_it_by_its_url_and_in_no_other_way(template, logical_id):
    found = [each["Properties"] for each in template["Resources"].values() if each["Type"] == "AWS::Lambda::Permission"]
    name = {"Fn::GetAtt": [logical_id("AWS::Lambda::Function", "PostingServer"), "Arn"]}
    assert sorted(found, key=lambda each: each["Action"]) == [
        {"Action": "lambda:InvokeFunction", "FunctionName": name, "InvokedViaFunctionUrl": True, "Principal": "*"},
        {"Action": "lambda:InvokeFunctionUrl", "FunctionName": name, "FunctionUrlAuthType": "NONE", "Principal": "*"},
    ]


def test_what_strangers_can_take_up_is_bounded(function):
    assert function["ReservedConcurrentExecutions"] == 50


def test_a_network_ends_before_the_relay_and_a_long_thread_of_slow_parts_before_the_function(function):
    assert RelayConfig(posting_url="", secrets=()).response_seconds >= DEADLINE_SECONDS + 15
    assert function["Timeout"] >= PARTS_LIMIT * 15


def test_nothing_secret_is_in_its_environment(function, template):
    variables = function["Environment"]["Variables"]
    assert set(variables) == {"TABLE_NAME", "SIGNING_SECRET_ARN", "MEDIA_BUCKET", "ACCOUNTS_PATH"}
    assert "resolve:secretsmanager" not in json.dumps(template)


def test_it_may_do_what_publishing_takes_and_no_more(only):
    statements = only("AWS::IAM::Policy", "PostingServer")["PolicyDocument"]["Statement"]
    actions = [each["Action"] if isinstance(each["Action"], list) else [each["Action"]] for each in statements]
    assert {action for some in actions for action in some} == PUBLISHING
    assert "*" not in [each["Resource"] for each in statements]


def test_its_logs_end_after_three_months(only):
    assert only("AWS::Logs::LogGroup", "PostingServer")["RetentionInDays"] == 90


def test_the_dashboard_is_told_of_it_and_may_look_at_it_but_not_invoke_it(template, only, logical_id):
    arn = {"Fn::GetAtt": [logical_id("AWS::Lambda::Function", "PostingServer"), "Arn"]}
    assert template["Outputs"]["PostingFunctionArn"]["Value"] == arn
    statements = only("AWS::IAM::ManagedPolicy", "DashboardPolicy")["PolicyDocument"]["Statement"]
    [granted] = [each["Action"] for each in statements if each["Resource"] == arn]
    assert granted == ["lambda:GetFunctionConfiguration", "lambda:GetFunctionConcurrency"]
