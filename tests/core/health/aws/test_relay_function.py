"""The health checks of the deployed relay and its retries."""

import json

import pytest


def test_a_deleted_function_is_bad(check, deployed):
    deployed["lambda"].delete_function(FunctionName="relay")
    message = check("Relay").message
    assert message.startswith("There is no function arn:aws:lambda:us-east-1:123456789012:function:relay")


def test_a_short_timeout_is_bad(check, deployed):
    deployed["lambda"].update_function_configuration(FunctionName="relay", Timeout=30)
    assert "Its timeout is 30 s" in check("Relay").message


def test_a_stopped_function_is_bad(check, deployed):
    deployed["lambda"].put_function_concurrency(FunctionName="relay", ReservedConcurrentExecutions=0)
    result = check("Relay")
    assert (result.status, result.message) == ("bad", "Its reserved concurrency is 0: nothing is published.")
    assert "aws lambda delete-function-concurrency --function-name relay" in result.remedy


def test_a_relay_of_an_earlier_release_is_a_warning(check, deployed):
    deployed["lambda"].update_function_configuration(FunctionName="relay", Environment={"Variables": {}})
    result = check("Relay")
    assert result.status == "warning"
    assert "older than this program and do not know rules with skipped runs" in result.message
    assert "labels" not in result.message  # a relay passes them on
    assert "Deploy the stack again" in result.remedy


def test_a_container_image_has_no_runtime(check, inject_fault):
    image = {"FunctionName": "relay", "State": "Active", "Timeout": 150, "MemorySize": 128, "PackageType": "Image"}
    image["Environment"] = {"Variables": {"PAYLOAD_MEMBERS": "exceptions"}}
    inject_fault.respond_with("GetFunctionConfiguration", json.dumps(image))
    assert check("Relay").message == "relay is ready (container image, 128 MB, 150 s)."


def test_missing_retry_settings_are_bad(check, deployed):
    deployed["lambda"].delete_function_event_invoke_config(FunctionName="relay")
    assert check("Relay retries").status == "bad"


def configure_retries(deployed, **configuration):
    deployed["lambda"].delete_function_event_invoke_config(FunctionName="relay")
    deployed["lambda"].put_function_event_invoke_config(FunctionName="relay", **configuration)


def test_a_missing_on_failure_queue_is_bad(check, deployed):
    configure_retries(deployed, MaximumRetryAttempts=2)
    assert "no on-failure queue" in check("Relay retries").message


@pytest.mark.parametrize(
    "changed", [{"MaximumEventAgeInSeconds": 3600}, {"MaximumEventAgeInSeconds": 60}, {"MaximumRetryAttempts": 0}]
)
def test_changed_retry_settings_are_a_warning(check, deployed, changed):
    destination = {"OnFailure": {"Destination": deployed.outputs["UndeliveredQueueArn"]}}
    whole = {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 900, "DestinationConfig": destination}
    configure_retries(deployed, **whole | changed)
    assert check("Relay retries").status == "warning"
