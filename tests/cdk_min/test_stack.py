"""The synthesised template: its permissions, its retention and its retries."""

import json
from datetime import timedelta
from typing import Any

import boto3
import pytest

from lambda_pkg.event import LATER_MEMBERS
from lambda_pkg.relay import MAX_WAIT, RelayConfig

ACTIONS_WITHOUT_OPERATION = {
    "dynamodb:ConditionCheckItem",
    "iam:PassRole",
    "lambda:InvokeFunction",
    "s3:ListBucket",
}
BOTO3_NAMES = {"servicequotas": "service-quotas"}


@pytest.fixture
def statements(template: Any) -> list[dict[str, Any]]:
    """Return every statement of every policy."""
    return [
        statement
        for resource in template["Resources"].values()
        if resource["Type"] in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")
        for statement in resource["Properties"]["PolicyDocument"]["Statement"]
    ]


def listed(one_or_many: Any) -> list[Any]:
    return one_or_many if isinstance(one_or_many, list) else [one_or_many]


# cdk-nag


@pytest.mark.parametrize("name", ["clean", "lambda"])
def test_cdk_nag_finds_nothing(syntheses, name):
    assert syntheses[name].error is None
    assert syntheses[name].read("validation-report.json")["pluginReports"] == []


def test_cdk_nag_fails_the_synthesis_of_a_stack_that_breaks_its_rules(syntheses):
    assert "ValidationFailed" in syntheses["leaky"].error
    [report] = syntheses["leaky"].read("validation-report.json")["pluginReports"]
    assert "Punctual/Bare/Resource" in json.dumps(report)


def test_the_error_of_an_invalid_context_value_is_one_line(syntheses):
    error = syntheses["invalid"].error
    assert error.startswith("The context value posting_url must be an https address")
    assert "\n" not in error


# The schedules


def test_the_group_is_deleted_with_the_stack(template, logical_id):
    group = template["Resources"][logical_id("AWS::Scheduler::ScheduleGroup", "")]
    assert (group["Properties"]["Name"], group["DeletionPolicy"]) == ("punctual", "Delete")


def test_only_schedules_of_the_group_may_assume_the_execution_role(properties_of):
    [trust] = properties_of("AWS::IAM::Role", "SchedulesExecutionRole")["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert set(trust["Condition"]) == {"StringEquals"}
    condition = trust["Condition"]["StringEquals"]
    assert condition["aws:SourceAccount"] == {"Ref": "AWS::AccountId"}
    assert condition["aws:SourceArn"]["Fn::Join"][1][-1] == ":schedule-group/punctual"


def test_the_execution_role_may_only_invoke_the_relay_and_send_dead_letters(properties_of, logical_id):
    granted = properties_of("AWS::IAM::Policy", "SchedulesExecutionRole")["PolicyDocument"]["Statement"]
    assert [(each["Action"], each["Resource"]) for each in granted] == [
        ("lambda:InvokeFunction", {"Fn::GetAtt": [logical_id("AWS::Lambda::Function", "Relay"), "Arn"]}),
        ("sqs:SendMessage", {"Fn::GetAtt": [logical_id("AWS::SQS::Queue", "Undelivered"), "Arn"]}),
    ]


# The relay


def test_lambda_supports_the_relays_python(properties_of):
    model = boto3.client("lambda", region_name="eu-central-1").meta.service_model
    assert properties_of("AWS::Lambda::Function")["Runtime"] in model.shape_for("Runtime").enum
    assert properties_of("AWS::Lambda::Function")["Runtime"] == "python3.14"


def test_the_relays_timeout_covers_its_wait_its_request_and_its_report(properties_of):
    config = RelayConfig(posting_url="", secrets=())
    longest = MAX_WAIT.seconds + config.connect_seconds + config.response_seconds
    assert properties_of("AWS::Lambda::Function")["Timeout"] == 150 >= longest + 10
    assert properties_of("AWS::Lambda::Function")["MemorySize"] == 128


def test_the_relays_environment_holds_the_options(properties_of):
    variables = properties_of("AWS::Lambda::Function")["Environment"]["Variables"]
    shared = {"TABLE_NAME", "SIGNING_SECRET_ARN", "PAYLOAD_MEMBERS"}
    assert set(variables) == shared | {"POSTING_URL", "ALLOWED_HOSTS", "DEAD_LETTER_URL"}
    assert variables["PAYLOAD_MEMBERS"] == ",".join(LATER_MEMBERS)
    assert variables["POSTING_URL"] == "https://posts.example.org/publish"
    assert variables["ALLOWED_HOSTS"] == "a.example,b.example"


def test_a_failed_event_is_retried_twice_and_then_goes_to_the_on_failure_queue(properties_of, logical_id):
    configuration = properties_of("AWS::Lambda::EventInvokeConfig")
    assert (configuration["MaximumRetryAttempts"], configuration["MaximumEventAgeInSeconds"]) == (2, 900)
    failures = logical_id("AWS::SQS::Queue", "RelayFailures")
    assert configuration["DestinationConfig"] == {"OnFailure": {"Destination": {"Fn::GetAtt": [failures, "Arn"]}}}


def test_the_on_failure_queue_redelivers_each_event_every_15_minutes(properties_of, logical_id):
    failures = properties_of("AWS::SQS::Queue", "RelayFailures")
    assert failures["DelaySeconds"] == failures["VisibilityTimeout"] == 900
    assert (
        failures["VisibilityTimeout"] >= 6 * properties_of("AWS::Lambda::Function")["Timeout"]
    )  # Lambda's recommendation
    assert failures["MessageRetentionPeriod"] == timedelta(days=14).total_seconds()
    mapping = properties_of("AWS::Lambda::EventSourceMapping")
    assert mapping["BatchSize"] == 1
    assert mapping["EventSourceArn"] == {"Fn::GetAtt": [logical_id("AWS::SQS::Queue", "RelayFailures"), "Arn"]}


def test_a_dead_letter_is_kept_for_at_least_seven_days(properties_of, logical_id):
    failures, dead = (
        properties_of("AWS::SQS::Queue", "RelayFailures"),
        properties_of("AWS::SQS::Queue", "RelayDeadLetters"),
    )
    redrive = failures["RedrivePolicy"]
    assert redrive["deadLetterTargetArn"] == {"Fn::GetAtt": [logical_id("AWS::SQS::Queue", "RelayDead"), "Arn"]}
    tried = timedelta(seconds=redrive["maxReceiveCount"] * failures["VisibilityTimeout"])
    # a moved message keeps its age
    assert timedelta(seconds=dead["MessageRetentionPeriod"]) - tried >= timedelta(days=7)


@pytest.mark.parametrize("queue", ["RelayDeadLetters", "Undelivered"])
def test_one_dead_letter_raises_the_alarm(properties_of, logical_id, queue):
    alarm = properties_of("AWS::CloudWatch::Alarm", queue)
    assert alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
    name = {"Fn::GetAtt": [logical_id("AWS::SQS::Queue", queue), "QueueName"]}
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": name}]
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (1, "GreaterThanOrEqualToThreshold")


def test_logs_are_kept_for_three_months(properties_of):
    assert properties_of("AWS::Logs::LogGroup")["RetentionInDays"] == 90
    assert properties_of("AWS::Lambda::Function")["LoggingConfig"]["LogFormat"] == "JSON"


# The ledger


def test_the_table_outlives_the_stack_and_has_point_in_time_recovery(template, logical_id):
    table = template["Resources"][logical_id("AWS::DynamoDB::Table", "Ledger")]
    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
    properties = table["Properties"]
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


# Permissions


def test_every_granted_action_exists(statements):
    granted = {action for statement in statements for action in listed(statement["Action"])} - ACTIONS_WITHOUT_OPERATION
    for service in {action.split(":")[0] for action in granted}:
        client = boto3.client(BOTO3_NAMES.get(service, service), region_name="eu-central-1")
        operations = client.meta.service_model.operation_names
        assert {action.split(":")[1] for action in granted if action.startswith(f"{service}:")} <= set(operations)


def test_no_action_is_a_wildcard_and_no_role_has_an_aws_managed_policy(template, statements):
    assert not [action for statement in statements for action in listed(statement["Action"]) if "*" in action]
    assert "ManagedPolicyArns" not in json.dumps(template)


def test_only_actions_without_a_resource_are_granted_on_all_resources(statements):
    on_all = [action for each in statements if "*" in listed(each["Resource"]) for action in listed(each["Action"])]
    assert sorted(on_all) == [
        "cloudwatch:GetMetricStatistics",
        "lambda:GetAccountSettings",
        "lambda:ListEventSourceMappings",
        "scheduler:ListSchedules",
        "servicequotas:ListServiceQuotas",
    ]


def test_the_dashboard_may_pass_only_the_execution_role_to_the_scheduler(statements, logical_id):
    [passing] = [each for each in statements if "iam:PassRole" in listed(each["Action"])]
    assert passing["Resource"] == {"Fn::GetAtt": [logical_id("AWS::IAM::Role", "SchedulesExecutionRole"), "Arn"]}
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}


def test_no_policy_grants_scans_or_reading_the_on_failure_queue(statements, logical_id):
    assert not [each for each in statements if "dynamodb:Scan" in listed(each["Action"])]
    failures = {"Fn::GetAtt": [logical_id("AWS::SQS::Queue", "RelayFailures"), "Arn"]}
    readers = [
        each
        for each in statements
        if "sqs:ReceiveMessage" in listed(each["Action"]) and failures in listed(each["Resource"])
    ]
    assert len(readers) == 1  # the relay's event source mapping


# The outputs


def test_the_outputs_have_the_names_that_the_dashboard_reads(template):
    assert set(template["Outputs"]) == {
        "GroupName",
        "RelayFunctionArn",
        "ExecutionRoleArn",
        "TableName",
        "MediaBucketName",
        "AccountsPath",
        "PostingUrl",
        "SigningSecretArn",
        "UndeliveredQueueArn",
        "UndeliveredQueueUrl",
        "FailuresQueueUrl",
        "DeadLettersQueueUrl",
        "DashboardPolicyArn",
    }
