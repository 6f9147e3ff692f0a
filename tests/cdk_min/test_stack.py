"""The small stack in its template: the schedules, the relay and the outputs."""

import json
from collections import Counter

import boto3

from lambda_pkg.event import LATER_MEMBERS
from lambda_pkg.relay import MAX_WAIT, RelayConfig
from tests.cdk_min.conftest import CONTEXT


def test_the_small_stack_has_seven_resources(template):
    assert Counter(each["Type"] for each in template["Resources"].values()) == {
        "AWS::IAM::ManagedPolicy": 1,
        "AWS::IAM::Role": 2,
        "AWS::Lambda::EventInvokeConfig": 1,
        "AWS::Lambda::Function": 1,
        "AWS::Logs::LogGroup": 1,
        "AWS::Scheduler::ScheduleGroup": 1,
    }


def test_alarms_are_all_that_a_mail_address_adds(syntheses, template):
    watched = syntheses["watched"].read("Punctual.template.json")
    added = {name: each for name, each in watched["Resources"].items() if name not in template["Resources"]}
    assert {name: watched["Resources"][name] for name in template["Resources"]} == template["Resources"]
    assert {each["Type"] for each in added.values()} == {
        "AWS::CloudWatch::Alarm",
        "AWS::SNS::Subscription",
        "AWS::SNS::Topic",
    }


# The app


def test_a_user_deploys_without_cdk_nag(syntheses):
    assert syntheses["small"].error is None  # its process could not import cdk_nag


def test_the_error_of_an_invalid_context_value_is_one_line(syntheses):
    error = syntheses["invalid"].error
    assert error.startswith("The context value posting_url must be an https address")
    assert "\n" not in error


def test_a_stack_without_a_posting_url_is_not_deployed_but_can_be_bootstrapped_and_destroyed(syntheses):
    assert syntheses["aimless"].error is None  # the cdk command runs the app for each of its commands
    [error] = annotations(syntheses["aimless"], "aws:cdk:error")
    assert error.startswith("Nothing would publish the posts. Add -c posting_url=https://... ")
    for name in ("small", "lambda"):
        assert annotations(syntheses[name], "aws:cdk:error") == annotations(syntheses[name], "aws:cdk:warning") == []


def annotations(synthesis, kind):
    """Return the messages of a kind, which the cdk command shows. It deploys no stack with an error."""
    metadata = synthesis.read("Punctual.metadata.json").values()
    return [each["data"] for entries in metadata for each in entries if each["type"] == kind]


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


def test_the_execution_role_may_only_invoke_the_relay(statements_of, logical_id):
    [granted] = statements_of("SchedulesExecutionRole")
    relay = {"Fn::GetAtt": [logical_id("AWS::Lambda::Function", "Relay"), "Arn"]}
    assert (granted["Action"], granted["Resource"]) == ("lambda:InvokeFunction", relay)


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
    assert variables == {
        "POSTING_URL": "https://posts.example.org/publish",
        "ALLOWED_HOSTS": "a.example,b.example",
        "SIGNING_SECRET_PARAMETER": "/Punctual/signing-secret",
        "PAYLOAD_MEMBERS": ",".join(LATER_MEMBERS),
        "STACK_NAME": "Punctual",
    }


def test_a_failed_event_is_retried_twice(properties_of):
    configuration = properties_of("AWS::Lambda::EventInvokeConfig")
    assert (configuration["MaximumRetryAttempts"], configuration["MaximumEventAgeInSeconds"]) == (2, 900)
    assert "DestinationConfig" not in configuration


def test_logs_are_kept_for_three_months(properties_of):
    assert properties_of("AWS::Logs::LogGroup")["RetentionInDays"] == 90
    assert properties_of("AWS::Lambda::Function")["LoggingConfig"]["LogFormat"] == "JSON"


def test_the_relay_may_only_log_and_read_the_signing_secret(statements_of, logical_id):
    log, secret = statements_of("RelayRole")
    assert log["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
    assert log["Resource"] == {"Fn::GetAtt": [logical_id("AWS::Logs::LogGroup", "Relay"), "Arn"]}
    assert (secret["Action"], secret["Resource"]["Fn::Join"][1][-1]) == (
        "ssm:GetParameter",
        ":parameter/Punctual/signing-secret",
    )


# The outputs


def test_the_outputs_have_the_names_that_the_dashboard_and_the_next_deployment_read(template):
    assert set(template["Outputs"]) == {
        "ContextValues",
        "GroupName",
        "RelayFunctionArn",
        "ExecutionRoleArn",
        "PostingUrl",
        "SigningSecretParameter",
        "DashboardPolicyArn",
    }
    assert json.loads(template["Outputs"]["ContextValues"]["Value"]) == CONTEXT
    assert template["Outputs"]["SigningSecretParameter"]["Value"] == "/Punctual/signing-secret"


def test_the_template_holds_no_secret(template):
    text = json.dumps(template)
    assert "resolve:" not in text
    assert "GenerateSecretString" not in text
