"""The synthesised template, deployed into moto."""

import json
from typing import Any

import boto3
import pytest
from botocore.parsers import ResponseParserError
from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.models import LambdaBackend

from lambda_pkg import handler

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
def synthesis(request: pytest.FixtureRequest, syntheses: Any) -> Any:
    return syntheses[getattr(request, "param", "full")]


each_size = pytest.mark.parametrize("synthesis", ["watched", "full", "adopted"], indirect=True)


@pytest.fixture
def new_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Lambda refuse any reserved concurrency, as in a new account, which may run ten functions at once."""
    create = LambdaBackend.create_function

    def refuse(backend: Any, spec: dict[str, Any]) -> Any:
        if "ReservedConcurrentExecutions" in spec:
            raise InvalidParameterValueException(
                "Specified ReservedConcurrentExecutions for function decreases account's "
                "UnreservedConcurrentExecution below its minimum value of [10]."
            )
        return create(backend, spec)

    monkeypatch.setattr(LambdaBackend, "create_function", refuse)


@pytest.fixture
def deployed_environment(deployment: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the environment variables of the deployed relay."""
    function = boto3.client("lambda").get_function_configuration(FunctionName=deployment.outputs["RelayFunctionArn"])
    for name, value in function["Environment"]["Variables"].items():
        monkeypatch.setenv(name, value)


@each_size
def test_every_resource_of_the_template_is_created(template, deployment):
    assert deployment.logical_ids == set(template["Resources"])


@each_size
def test_every_output_has_a_value(template, deployment):
    assert set(deployment.outputs) == set(template["Outputs"])
    assert all(deployment.outputs.values())


@pytest.mark.usefixtures("new_account")
@pytest.mark.parametrize("synthesis", ["lambda"], indirect=True)
def test_a_new_account_takes_the_posting_server(deployment):
    assert deployment.outputs["PostingFunctionArn"]


@pytest.mark.usefixtures("new_account")
@pytest.mark.parametrize("synthesis", ["adopted"], indirect=True)
def test_a_new_account_refuses_reserved_concurrency(synthesis, request):
    assert synthesis.error is None
    with pytest.raises(ResponseParserError, match="below its minimum value"):  # moto sends Lambda's error unchanged
        request.getfixturevalue("deployment")


def test_the_outputs_suffice_to_create_and_delete_a_schedule(deployment):
    scheduler, outputs = boto3.client("scheduler"), deployment.outputs
    scheduler.create_schedule(
        GroupName=outputs["GroupName"],
        Name="post-20261124T080000Z-k3v9q2m4cx7a",
        ScheduleExpression="at(2026-11-24T07:59:00)",
        FlexibleTimeWindow={"Mode": "OFF"},
        ActionAfterCompletion="DELETE",
        Target={
            "Arn": outputs["RelayFunctionArn"],
            "RoleArn": outputs["ExecutionRoleArn"],
            "DeadLetterConfig": {"Arn": outputs["UndeliveredQueueArn"]},
            "Input": json.dumps(PAYLOAD),
        },
    )
    [listed] = scheduler.list_schedules(GroupName=outputs["GroupName"])["Schedules"]
    assert listed["Target"]["Arn"] == outputs["RelayFunctionArn"]
    scheduler.delete_schedule(GroupName=outputs["GroupName"], Name=listed["Name"])


@pytest.mark.usefixtures("deployed_environment")
def test_the_relay_records_its_receipt_in_the_table(deployment):
    receipt = handler.handle(PAYLOAD | {"due_at": "2026-01-01T00:00:00Z"}, None)
    assert receipt["kind"] == "missed"
    items = boto3.client("dynamodb").scan(TableName=deployment.outputs["TableName"])["Items"]
    assert sorted((item["pk"]["S"], item["sk"]["S"].split("#")[0]) for item in items) == [
        ("post#k3v9q2m4cx7a", "occurrence"),
        ("post#k3v9q2m4cx7a", "receipt"),
    ]


@pytest.mark.usefixtures("deployed_environment")
def test_the_relay_sends_an_unreadable_event_to_the_dead_letter_queue(deployment):
    handler.handle({"not": "ours"}, None)
    [letter] = boto3.client("sqs").receive_message(QueueUrl=deployment.outputs["DeadLettersQueueUrl"])["Messages"]
    assert json.loads(letter["Body"])["requestPayload"] == {"not": "ours"}


def test_lambda_sends_failed_events_to_the_on_failure_queue(deployment):
    configuration = boto3.client("lambda").get_function_event_invoke_config(
        FunctionName=deployment.outputs["RelayFunctionArn"]
    )
    queue = boto3.client("sqs").get_queue_attributes(
        QueueUrl=deployment.outputs["FailuresQueueUrl"], AttributeNames=["All"]
    )["Attributes"]
    assert configuration["DestinationConfig"]["OnFailure"]["Destination"] == queue["QueueArn"]
    assert (queue["DelaySeconds"], queue["VisibilityTimeout"]) == ("900", "900")
