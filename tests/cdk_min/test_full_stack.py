"""What the full stack adds to the small one: the ledger, the media, redelivery and their outputs."""

import json
from datetime import timedelta
from typing import Any

import pytest

from lambda_pkg.event import LATER_MEMBERS


@pytest.fixture
def synthesis(syntheses: Any) -> Any:
    return syntheses["full"]


def test_the_full_stack_holds_the_small_one(template, syntheses):
    small = syntheses["small"].read("Punctual.template.json")
    assert set(small["Resources"]) < set(template["Resources"])
    assert set(template["Outputs"]) == set(small["Outputs"]) | {
        "TableName",
        "MediaBucketName",
        "AccountsPath",
        "UndeliveredQueueArn",
        "UndeliveredQueueUrl",
        "FailuresQueueUrl",
        "DeadLettersQueueUrl",
    }


def test_the_relays_environment_names_its_table_and_its_dead_letter_queue(properties_of, logical_id):
    variables = properties_of("AWS::Lambda::Function")["Environment"]["Variables"]
    assert variables == {
        "POSTING_URL": "https://posts.example.org/publish",
        "PREPARE_URL": "https://posts.example.org/prepare",
        "ALLOWED_HOSTS": "a.example,b.example",
        "SIGNING_SECRET_PARAMETER": "/Punctual/signing-secret",
        "PAYLOAD_MEMBERS": ",".join(LATER_MEMBERS),
        "STACK_NAME": "Punctual",
        "TABLE_NAME": {"Ref": logical_id("AWS::DynamoDB::Table", "Ledger")},
        "DEAD_LETTER_URL": {"Ref": logical_id("AWS::SQS::Queue", "RelayDeadLetters")},
    }


# Redelivery


def test_the_execution_role_may_also_send_dead_letters(statements_of, logical_id):
    assert [(each["Action"], each["Resource"]) for each in statements_of("SchedulesExecutionRole")] == [
        ("lambda:InvokeFunction", {"Fn::GetAtt": [logical_id("AWS::Lambda::Function", "Relay"), "Arn"]}),
        ("sqs:SendMessage", {"Fn::GetAtt": [logical_id("AWS::SQS::Queue", "Undelivered"), "Arn"]}),
    ]


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


def test_the_relay_may_take_and_send_failed_events(statements_of, logical_id):
    granted = {json.dumps(each["Action"]): each["Resource"] for each in statements_of("RelayRole")}
    failures, dead = (
        {"Fn::GetAtt": [logical_id("AWS::SQS::Queue", name), "Arn"]} for name in ("RelayFailures", "RelayDeadLetters")
    )
    assert granted['"sqs:SendMessage"'] == [failures, dead]
    assert granted['["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]'] == failures


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


# The ledger and the media


def test_the_table_has_point_in_time_recovery(properties_of):
    properties = properties_of("AWS::DynamoDB::Table", "Ledger")
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


def test_table_and_bucket_outlive_the_stack_but_not_a_failed_first_deployment(template):
    policies = {
        (each["Type"], each.get("DeletionPolicy", "Delete"), each.get("UpdateReplacePolicy", "Delete"))
        for each in template["Resources"].values()
    }
    kept = {each for each in policies if set(each[1:]) != {"Delete"}}
    kinds = ("AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::S3::BucketPolicy")
    assert kept == {(kind, "RetainExceptOnCreate", "Retain") for kind in kinds}


@pytest.fixture
def adopted(syntheses: Any) -> Any:
    return syntheses["adopted"].read("Punctual.template.json")


def test_a_stack_can_use_the_table_and_the_bucket_of_an_earlier_one(adopted):
    kinds = {each["Type"] for each in adopted["Resources"].values()}
    assert not kinds & {"AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::S3::BucketPolicy"}
    assert (adopted["Outputs"]["TableName"]["Value"], adopted["Outputs"]["MediaBucketName"]["Value"]) == (
        "kept-table",
        "kept-bucket",
    )
    for name in ("Relay", "PostingServer"):
        [variables] = [
            each["Properties"]["Environment"]["Variables"]
            for logical_id, each in adopted["Resources"].items()
            if logical_id.startswith(name) and each["Type"] == "AWS::Lambda::Function"
        ]
        assert variables["TABLE_NAME"] == "kept-table"


@pytest.mark.parametrize("holder", ["RelayRole", "PostingServerRole", "DashboardPolicy"])
def test_the_permissions_cover_a_table_of_an_earlier_stack(adopted, holder):
    [text] = [json.dumps(each) for name, each in adopted["Resources"].items() if name.startswith(holder)]
    assert ':table/kept-table"' in text
    indexes = holder == "DashboardPolicy"
    assert (':table/kept-table/index/due"' in text, ':table/kept-table/index/listing"' in text) == (indexes, indexes)
    assert (':::kept-bucket/media/*"' in text) == (holder != "RelayRole")
