"""The health checks of functions and queues on the deployed template, with the posting server on Lambda."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

from core.application import Application
from core.health.aws import posting_function, redelivery, relay_function
from core.health.findings import Finding, HealthContext
from core.settings import Settings

Check = Callable[[Any, HealthContext], Finding]


@pytest.fixture
def synthesis(syntheses: Any) -> Any:
    return syntheses["lambda"]


@pytest.fixture
def run_check(deployment: Any, tmp_path: Any, clock: Any) -> Iterator[Callable[[Check], Finding]]:
    variables = {"PUNCTUAL_MODE": "aws", "PUNCTUAL_STACK": "Punctual", "PUNCTUAL_HOME": str(tmp_path)}
    application = Application(Settings.read(variables), clock)
    yield lambda each: each(application.aws, HealthContext(application=application, now=clock(), zone="UTC"))
    application.close()


@pytest.fixture
def functions(deployment: Any) -> Any:
    return boto3.client("lambda")


@pytest.fixture
def mapping_id(functions: Any) -> str:
    """Return the UUID of the event source mapping."""
    [found] = functions.list_event_source_mappings()["EventSourceMappings"]
    return found["UUID"]


@pytest.fixture
def posting_arn(deployment: Any) -> str:
    """Return the posting function's ARN."""
    return deployment.outputs["PostingFunctionArn"]


def test_the_deployed_stack_is_healthy(run_check):
    found = [
        run_check(each)
        for each in (
            relay_function.check_relay_function,
            relay_function.check_relay_retries,
            redelivery.check_redelivery,
            posting_function.check_posting_function,
        )
    ]
    assert [each.status for each in found] == ["good"] * 4
    assert found[-1].message.endswith("is ready (1024 MB), with the concurrency that the account's functions share.")


# Redelivery


def test_a_missing_mapping_is_bad(run_check, functions, mapping_id):
    functions.delete_event_source_mapping(UUID=mapping_id)
    found = run_check(redelivery.check_redelivery)
    assert found.status == "bad"
    assert found.message.startswith("Nothing returns posts from arn:aws:sqs:eu-central-1:123456789012:")
    assert "--revert-drift" in found.remedy


def test_an_on_failure_queue_that_the_mapping_does_not_read_is_bad(run_check, functions, deployment):
    other = deployment.outputs["UndeliveredQueueArn"]
    arn = deployment.outputs["RelayFunctionArn"]
    functions.delete_function_event_invoke_config(FunctionName=arn)
    functions.put_function_event_invoke_config(
        FunctionName=arn, DestinationConfig={"OnFailure": {"Destination": other}}
    )
    found = run_check(redelivery.check_redelivery)
    assert found.status == "bad"
    assert other in found.message


def test_a_disabled_mapping_is_bad_and_the_remedy_enables_it(run_check, functions, mapping_id):
    functions.update_event_source_mapping(UUID=mapping_id, Enabled=False)
    found = run_check(redelivery.check_redelivery)
    assert found.status == "bad"
    assert "state Disabled" in found.message
    assert found.remedy == f"Run: aws lambda update-event-source-mapping --uuid {mapping_id} --enabled"


def test_a_mapping_with_a_batch_size_above_one_is_bad(run_check, functions, mapping_id):
    functions.update_event_source_mapping(UUID=mapping_id, BatchSize=10)
    found = run_check(redelivery.check_redelivery)
    assert found.status == "bad"
    assert "up to 10 posts at once" in found.message
    assert found.remedy.endswith("--batch-size 1")


def test_a_missing_on_failure_queue_is_bad(run_check, functions, deployment):
    functions.delete_function_event_invoke_config(FunctionName=deployment.outputs["RelayFunctionArn"])
    assert run_check(redelivery.check_redelivery).status == "unknown"
    assert run_check(relay_function.check_relay_retries).status == "bad"


# The posting function


def test_a_missing_posting_function_is_bad(run_check, functions, posting_arn):
    functions.delete_function(FunctionName=posting_arn)
    assert (
        run_check(posting_function.check_posting_function).message
        == f"There is no function {posting_arn}: nothing is published."
    )


def test_a_posting_function_with_a_short_timeout_is_bad(run_check, functions, posting_arn):
    functions.update_function_configuration(FunctionName=posting_arn, Timeout=10)
    found = run_check(posting_function.check_posting_function)
    assert (found.status, "Its timeout is 10 s" in found.message) == ("bad", True)


def test_a_posting_function_with_other_resources_is_bad(run_check, functions, posting_arn):
    variables = functions.get_function_configuration(FunctionName=posting_arn)["Environment"]["Variables"]
    for name, value in itertools.product(posting_function.VARIABLES, ("", "another")):
        functions.update_function_configuration(
            FunctionName=posting_arn, Environment={"Variables": variables | {name: value}}
        )
        found = run_check(posting_function.check_posting_function)
        assert found.status == "bad"
        assert found.message.startswith(f"Its {name} differ from this dashboard")


def test_a_reserved_concurrency_of_the_posting_function_is_shown(run_check, functions, posting_arn):
    functions.put_function_concurrency(FunctionName=posting_arn, ReservedConcurrentExecutions=50)
    found = run_check(posting_function.check_posting_function)
    assert (found.status, found.message.endswith("for 50 posts at once.")) == ("good", True)


def test_a_posting_function_with_a_concurrency_of_zero_is_bad(run_check, functions, posting_arn):
    functions.put_function_concurrency(FunctionName=posting_arn, ReservedConcurrentExecutions=0)
    found = run_check(posting_function.check_posting_function)
    assert (found.status, found.message) == ("bad", "Its reserved concurrency is 0: nothing is published.")
