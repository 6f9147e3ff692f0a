"""The relay as it is deployed, and what becomes of its failures."""

import json

import pytest


def test_a_deleted_function_is_bad(look, deployed):
    deployed["lambda"].delete_function(FunctionName="relay")
    assert look("Relay").message.startswith("There is no function arn:aws:lambda:us-east-1:123456789012:function:relay")


def test_a_function_with_too_little_time_is_bad(look, deployed):
    deployed["lambda"].update_function_configuration(FunctionName="relay", Timeout=30)
    assert "It may run 30 s" in look("Relay").message


def test_a_function_that_somebody_stopped_is_bad(look, deployed):
    deployed["lambda"].put_function_concurrency(FunctionName="relay", ReservedConcurrentExecutions=0)
    check = look("Relay")
    assert (check.status, check.message) == ("bad", "Its reserved concurrency is 0: nothing goes out.")
    assert "aws lambda delete-function-concurrency --function-name relay" in check.remedy


def test_a_function_that_is_a_container_image_has_no_runtime(look, interfere):
    image = {"FunctionName": "relay", "State": "Active", "Timeout": 150, "MemorySize": 128, "PackageType": "Image"}
    interfere.reply("GetFunctionConfiguration", json.dumps(image))
    assert look("Relay").message == "relay is ready (container image, 128 MB, 150 s)."


def test_failures_that_nothing_is_said_of_are_bad(look, deployed):
    deployed["lambda"].delete_function_event_invoke_config(FunctionName="relay")
    assert look("Relay's failures").status == "bad"


def keeping_failures(deployed, **configuration):
    deployed["lambda"].delete_function_event_invoke_config(FunctionName="relay")
    deployed["lambda"].put_function_event_invoke_config(FunctionName="relay", **configuration)


def test_failures_that_nothing_keeps_are_bad(look, deployed):
    keeping_failures(deployed, MaximumRetryAttempts=2)
    assert "no on-failure queue" in look("Relay's failures").message


@pytest.mark.parametrize(
    "meant_otherwise",
    [{"MaximumEventAgeInSeconds": 3600}, {"MaximumEventAgeInSeconds": 60}, {"MaximumRetryAttempts": 0}],
)
def test_failures_that_are_repeated_otherwise_than_meant_are_told(look, deployed, meant_otherwise):
    destination = {"OnFailure": {"Destination": deployed.outputs["UndeliveredQueueArn"]}}
    whole = {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 900, "DestinationConfig": destination}
    keeping_failures(deployed, **whole | meant_otherwise)
    assert look("Relay's failures").status == "warning"
