"""Local clients: boto3 clients whose requests the engine handles in the same process."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from core.engine.api import Api
from core.engine.clients import local_clients
from core.engine.store import Store
from core.storage.database import StorageError

ROOT = Path(__file__).parents[3]


def test_boto3_validates_parameters_before_the_engine_gets_the_request(clients):
    with pytest.raises(ParamValidationError, match="Missing required parameter"):
        clients.scheduler.create_schedule(Name="x")


def test_a_request_opens_no_connection(clients, monkeypatch):
    def refuse(*_):
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert clients.scheduler.list_schedules()["Schedules"] == []


USER_CONFIGURATION = {
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "AWS_PROFILE": "nobody",
    "AWS_CONFIG_FILE": "broken-config",
    "AWS_SHARED_CREDENTIALS_FILE": "broken-config",
    "AWS_DEFAULT_REGION": "eu-west-9",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_USE_DUALSTACK_ENDPOINT": "true",
    "AWS_MAX_ATTEMPTS": "9",
    "AWS_RETRY_MODE": "adaptive",
    "AWS_CA_BUNDLE": "/nowhere",
    "HTTP_PROXY": "http://127.0.0.1:1",
}
SCRIPT = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from core.engine.api import Api
from core.engine.clients import local_clients
from core.engine.store import Store
now = datetime.now(UTC)
clients = local_clients(Api(Store(Path(sys.argv[1]), now=now), lambda: now))
print(clients.scheduler.list_schedules()["Schedules"], clients.functions.invoke(
    FunctionName="x", InvocationType="Event")["StatusCode"], clients.scheduler.meta.region_name)
"""


def test_the_users_aws_configuration_does_not_affect_local_clients(tmp_path):
    (tmp_path / "broken-config").write_text("[[not a config")
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "engine.db")]
    environment = {**os.environ, **USER_CONFIGURATION, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert done.stdout == "[] 202 us-east-1\n", done.stderr


def test_two_engines_in_one_process_are_independent(clients, api, create, tmp_path, clock):
    other_store = Store(tmp_path / "other.db", now=clock())
    other = local_clients(Api(other_store, clock))
    create()
    assert other.scheduler.list_schedules()["Schedules"] == []
    assert len(clients.scheduler.list_schedules()["Schedules"]) == 1
    other_store.close()


@pytest.mark.parametrize("error", [StorageError, ZeroDivisionError])
def test_an_error_of_the_engine_is_an_aws_internal_error(clients, store, monkeypatch, error, caplog):
    def fail(*_):
        raise error(store.database.path, "disk is full") if error is StorageError else error

    monkeypatch.setattr(store, "snapshot", fail)
    with pytest.raises(clients.scheduler.exceptions.InternalServerException) as raised:
        clients.scheduler.list_schedules()
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert ("disk is full" in str(raised.value)) == (error is StorageError)
    assert "GET /schedules failed" in caplog.text


@pytest.mark.parametrize(
    ("name", "arn"),
    [
        ("relay", "arn:aws:lambda:us-east-1:000000000000:function:relay"),
        ("function:relay", "arn:aws:lambda:us-east-1:000000000000:function:relay"),
        ("123456789012:function:relay", "arn:aws:lambda:us-east-1:000000000000:function:relay"),
        (*["arn:aws:lambda:eu-west-1:123456789012:function:relay"] * 2,),
        ("relay:live", "arn:aws:lambda:us-east-1:000000000000:function:relay:live"),
    ],
)
def test_a_function_may_be_given_by_name_partial_arn_or_arn(clients, store, name, arn):
    clients.functions.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps({"a": "ü"}))
    (row,) = store.database.read("SELECT function_arn, payload, state FROM invocation")
    assert (row["function_arn"], json.loads(row["payload"]), row["state"]) == (arn, {"a": "ü"}, "waiting")


@pytest.mark.parametrize("name", ["relay", "arn:aws:lambda:us-east-1:000000000000:function:relay"])
def test_a_qualifier_is_added_to_the_arn(clients, store, name):
    clients.functions.invoke(FunctionName=name, Qualifier="live", InvocationType="Event")
    (row,) = store.database.read("SELECT function_arn FROM invocation")
    assert row["function_arn"] == "arn:aws:lambda:us-east-1:000000000000:function:relay:live"


def test_an_invocation_without_payload_gets_an_empty_object(clients, store):
    clients.functions.invoke(FunctionName="relay", InvocationType="Event")
    assert store.database.read("SELECT payload FROM invocation")[0]["payload"] == b"{}"


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"InvocationType": "RequestResponse"}, "InvalidParameterValueException"),
        ({}, "InvalidParameterValueException"),
        ({"InvocationType": "Event", "Payload": b"hello"}, "InvalidRequestContentException"),
        ({"InvocationType": "Event", "Payload": b"NaN"}, "InvalidRequestContentException"),
        ({"InvocationType": "Event", "Payload": '{"a": 1}'.encode("utf-16")}, "InvalidRequestContentException"),
        ({"InvocationType": "Event", "Payload": b"[" * 100_000}, "InvalidRequestContentException"),
        ({"InvocationType": "Event", "Payload": b'"' + b"x" * 1024 * 1024 + b'"'}, "RequestTooLargeException"),
        ({"InvocationType": "Event", "FunctionName": "no such name"}, "InvalidParameterValueException"),
    ],
)
def test_an_invocation_that_lambda_refuses_is_refused(clients, store, parameters, code):
    with pytest.raises(ClientError) as error:
        clients.functions.invoke(**{"FunctionName": "relay", **parameters})
    assert error.value.response["Error"]["Code"] == code
    assert store.database.read("SELECT * FROM invocation") == []


def test_other_lambda_operations_are_refused(clients):
    with pytest.raises(ClientError, match="supports only Lambda's Invoke operation"):
        clients.functions.list_functions()
