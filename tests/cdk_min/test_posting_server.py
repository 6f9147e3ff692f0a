"""The posting server on Lambda in the template."""

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
    "ssm:GetParameter",
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


def test_only_the_relay_may_call_the_function_and_only_through_its_url(
    template, statements_of, properties_of, logical_id
):
    assert properties_of("AWS::Lambda::Url")["AuthType"] == "AWS_IAM"
    assert "AWS::Lambda::Permission" not in {each["Type"] for each in template["Resources"].values()}
    arn = {"Fn::GetAtt": [logical_id("AWS::Lambda::Function", "PostingServer"), "Arn"]}
    granted = [each for each in statements_of() if each["Resource"] == arn and "lambda:Invoke" in str(each["Action"])]
    assert [each for each in statements_of("RelayRole") if each in granted] == granted
    assert [(each["Action"], each["Condition"]) for each in granted] == [
        ("lambda:InvokeFunctionUrl", {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}}),
        ("lambda:InvokeFunction", {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}),
    ]


def test_the_relay_signs_its_requests_as_its_role(properties_of, syntheses):
    variables = properties_of("AWS::Lambda::Function", "Relay")["Environment"]["Variables"]
    assert variables["POSTING_AUTH"] == "aws_iam"
    assert "POSTING_AUTH" not in str(syntheses["full"].read("Punctual.template.json"))


def test_a_new_account_has_no_concurrency_to_reserve(template):
    assert "ReservedConcurrentExecutions" not in str(template)


def test_concurrency_is_reserved_on_request(syntheses):
    resources = syntheses["adopted"].read("Punctual.template.json")["Resources"]
    reserved = {
        name: each["Properties"]["ReservedConcurrentExecutions"]
        for name, each in resources.items()
        if "ReservedConcurrentExecutions" in each["Properties"]
    }
    assert [(name[:13], number) for name, number in reserved.items()] == [("PostingServer", 5)]


def test_a_network_ends_before_the_relay_and_a_long_thread_before_the_function(function):
    assert RelayConfig(posting_url="", secrets=()).response_seconds >= DEADLINE_SECONDS + 15
    assert function["Timeout"] >= PARTS_LIMIT * 15


def test_the_environment_names_the_resources(function):
    assert set(function["Environment"]["Variables"]) == {
        "TABLE_NAME",
        "SIGNING_SECRET_PARAMETER",
        "MEDIA_BUCKET",
        "ACCOUNTS_PATH",
        "PAYLOAD_MEMBERS",
    }


def test_the_role_grants_only_the_actions_of_publishing(statements_of):
    statements = statements_of("PostingServerRole")
    actions = [each["Action"] if isinstance(each["Action"], list) else [each["Action"]] for each in statements]
    assert {action for some in actions for action in some} == PUBLISHING_ACTIONS
    assert "*" not in [each["Resource"] for each in statements]


def test_logs_are_kept_for_three_months(properties_of):
    assert properties_of("AWS::Logs::LogGroup", "PostingServer")["RetentionInDays"] == 90


def test_the_dashboard_may_read_the_function_but_not_invoke_it(template, statements_of, logical_id):
    arn = {"Fn::GetAtt": [logical_id("AWS::Lambda::Function", "PostingServer"), "Arn"]}
    assert template["Outputs"]["PostingFunctionArn"]["Value"] == arn
    [granted] = [each["Action"] for each in statements_of("DashboardPolicy") if each["Resource"] == arn]
    assert granted == ["lambda:GetFunctionConfiguration", "lambda:GetFunctionConcurrency"]
