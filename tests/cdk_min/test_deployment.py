"""The synthesised template, deployed into moto and used."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from lambda_pkg import handler
from lambda_pkg.clients import client
from lambda_pkg.signature import signing_key

PAYLOAD = {
    "version": 1,
    "post_id": "k3v9q2m4cx7a",
    "revision": 1,
    "occurrence": "2026-11-24T07:59:00Z",
    "due_at": "2026-11-24T08:00:00Z",
    "zone": "Europe/Berlin",
    "wall": "2026-11-24T09:00:00",
    "text": "Good morning",
    "variants": {},
    "destinations": ["outbox"],
    "media": [],
    "late_after_minutes": 60,
}


@pytest.fixture
def deployed_environment(deployment: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The environment that the deployed function runs in."""
    function = boto3.client("lambda").get_function_configuration(FunctionName=deployment.outputs["RelayFunctionArn"])
    for name, value in function["Environment"]["Variables"].items():
        monkeypatch.setenv(name, value)
    for cached in (client, handler._signing_secret):
        cached.cache_clear()
    yield
    for cached in (client, handler._signing_secret):
        cached.cache_clear()


def test_nothing_of_the_template_is_skipped(template, deployment):
    assert deployment.made == set(template["Resources"])


def test_every_output_has_its_value(template, deployment):
    assert set(deployment.outputs) == set(template["Outputs"])
    assert all(deployment.outputs.values())


def test_a_schedule_is_made_and_deleted_with_nothing_but_the_outputs(deployment):
    scheduler, told = boto3.client("scheduler"), deployment.outputs
    scheduler.create_schedule(
        GroupName=told["GroupName"],
        Name="post-20261124T080000Z-k3v9q2m4cx7a",
        ScheduleExpression="at(2026-11-24T07:59:00)",
        FlexibleTimeWindow={"Mode": "OFF"},
        ActionAfterCompletion="DELETE",
        Target={
            "Arn": told["RelayFunctionArn"],
            "RoleArn": told["ExecutionRoleArn"],
            "DeadLetterConfig": {"Arn": told["UndeliveredQueueArn"]},
            "Input": json.dumps(PAYLOAD),
        },
    )
    [listed] = scheduler.list_schedules(GroupName=told["GroupName"])["Schedules"]
    assert listed["Target"]["Arn"] == told["RelayFunctionArn"]
    scheduler.delete_schedule(GroupName=told["GroupName"], Name=listed["Name"])


@pytest.mark.usefixtures("deployed_environment")
def test_the_function_records_what_it_did_in_the_table(deployment):
    receipt = handler.handle(PAYLOAD | {"due_at": "2026-01-01T00:00:00Z"}, None)
    assert receipt["kind"] == "missed"
    items = boto3.client("dynamodb").scan(TableName=deployment.outputs["TableName"])["Items"]
    assert sorted((item["pk"]["S"], item["sk"]["S"].split("#")[0]) for item in items) == [
        ("post#k3v9q2m4cx7a", "occurrence"),
        ("post#k3v9q2m4cx7a", "receipt"),
    ]


@pytest.mark.usefixtures("deployed_environment")
def test_the_function_sets_aside_what_it_cannot_read(deployment):
    handler.handle({"not": "ours"}, None)
    [letter] = boto3.client("sqs").receive_message(QueueUrl=deployment.outputs["DeadLettersQueueUrl"])["Messages"]
    assert json.loads(letter["Body"])["requestPayload"] == {"not": "ours"}


def test_lambda_keeps_what_the_function_fails_at(deployment):
    asked = boto3.client("lambda").get_function_event_invoke_config(FunctionName=deployment.outputs["RelayFunctionArn"])
    queue = boto3.client("sqs").get_queue_attributes(
        QueueUrl=deployment.outputs["FailuresQueueUrl"], AttributeNames=["All"]
    )["Attributes"]
    assert asked["DestinationConfig"]["OnFailure"]["Destination"] == queue["QueueArn"]
    assert (queue["DelaySeconds"], queue["VisibilityTimeout"]) == ("900", "900")


def test_the_generated_secret_is_a_key_that_signs(deployment):
    stored = boto3.client("secretsmanager").get_secret_value(SecretId=deployment.outputs["SigningSecretArn"])
    assert len(signing_key(f"whsec_{stored['SecretString']}")) == 33
