"""What Health finds of functions and queues on the deployed template, with the posting server on Lambda."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

from core.application import Application
from core.health.aws import posting_function, redelivery, relay_function
from core.health.findings import Finding, HealthContext
from core.settings import Settings

Look = Callable[[Any, HealthContext], Finding]


@pytest.fixture
def synthesis(syntheses: Any) -> Any:
    return syntheses["lambda"]


@pytest.fixture
def look(deployment: Any, tmp_path: Any, clock: Any) -> Iterator[Callable[[Look], Finding]]:
    variables = {"PUNCTUAL_MODE": "aws", "PUNCTUAL_STACK": "Punctual", "PUNCTUAL_HOME": str(tmp_path)}
    application = Application(Settings.read(variables), clock)
    yield lambda each: each(application.aws, HealthContext(application=application, now=clock(), zone="UTC"))
    application.close()


@pytest.fixture
def functions(deployment: Any) -> Any:
    return boto3.client("lambda")


@pytest.fixture
def mapping(functions: Any) -> str:
    """The UUID of the one event source mapping."""
    [found] = functions.list_event_source_mappings()["EventSourceMappings"]
    return found["UUID"]


@pytest.fixture
def posting(deployment: Any) -> str:
    """The posting server's ARN."""
    return deployment.outputs["PostingFunctionArn"]


def test_what_is_deployed_is_good(look):
    found = [
        look(each)
        for each in (
            relay_function.check_relay_function,
            relay_function.check_relay_retries,
            redelivery.check_redelivery,
            posting_function.check_posting_function,
        )
    ]
    assert [each.status for each in found] == ["good"] * 4
    assert found[-1].message.endswith("is ready (1024 MB), for 50 posts at once.")


# The redelivery of what failed


def test_a_mapping_that_is_gone_is_bad(look, functions, mapping):
    functions.delete_event_source_mapping(UUID=mapping)
    found = look(redelivery.check_redelivery)
    assert found.status == "bad"
    assert found.message.startswith("Nothing returns posts from arn:aws:sqs:eu-central-1:123456789012:")
    assert "--revert-drift" in found.remedy


def test_failures_that_go_to_another_queue_than_the_mapping_reads_are_bad(look, functions, deployment):
    other = deployment.outputs["UndeliveredQueueArn"]
    arn = deployment.outputs["RelayFunctionArn"]
    functions.delete_function_event_invoke_config(FunctionName=arn)
    functions.put_function_event_invoke_config(
        FunctionName=arn, DestinationConfig={"OnFailure": {"Destination": other}}
    )
    found = look(redelivery.check_redelivery)
    assert found.status == "bad"
    assert other in found.message


def test_a_mapping_that_is_disabled_is_bad_and_is_enabled_by_what_is_told(look, functions, mapping):
    functions.update_event_source_mapping(UUID=mapping, Enabled=False)
    found = look(redelivery.check_redelivery)
    assert found.status == "bad"
    assert "state Disabled" in found.message
    assert found.remedy == f"Run: aws lambda update-event-source-mapping --uuid {mapping} --enabled"


def test_a_mapping_of_several_posts_at_once_is_bad(look, functions, mapping):
    functions.update_event_source_mapping(UUID=mapping, BatchSize=10)
    found = look(redelivery.check_redelivery)
    assert found.status == "bad"
    assert "up to 10 posts at once" in found.message
    assert found.remedy.endswith("--batch-size 1")


def test_without_an_on_failure_queue_nothing_is_redelivered(look, functions, deployment):
    functions.delete_function_event_invoke_config(FunctionName=deployment.outputs["RelayFunctionArn"])
    assert look(redelivery.check_redelivery).status == "unknown"
    assert look(relay_function.check_relay_retries).status == "bad"


# The posting server


def test_a_posting_function_that_is_gone_is_bad(look, functions, posting):
    functions.delete_function(FunctionName=posting)
    assert (
        look(posting_function.check_posting_function).message
        == f"There is no function {posting}: nothing is published."
    )


def test_a_posting_function_with_too_little_time_is_bad(look, functions, posting):
    functions.update_function_configuration(FunctionName=posting, Timeout=10)
    found = look(posting_function.check_posting_function)
    assert (found.status, "Its timeout is 10 s" in found.message) == ("bad", True)


def test_a_posting_function_that_was_told_of_other_things_is_bad(look, functions, posting):
    variables = functions.get_function_configuration(FunctionName=posting)["Environment"]["Variables"]
    for name, value in itertools.product(posting_function.VARIABLES, ("", "another")):
        functions.update_function_configuration(
            FunctionName=posting, Environment={"Variables": variables | {name: value}}
        )
        found = look(posting_function.check_posting_function)
        assert found.status == "bad"
        assert found.message.startswith(f"Its {name} differ from this dashboard")


def test_a_posting_function_that_nothing_is_reserved_for_is_told(look, functions, posting):
    functions.delete_function_concurrency(FunctionName=posting)
    found = look(posting_function.check_posting_function)
    assert (found.status, "no reserved concurrency" in found.message) == ("warning", True)


def test_a_posting_function_that_may_not_run_is_bad(look, functions, posting):
    functions.put_function_concurrency(FunctionName=posting, ReservedConcurrentExecutions=0)
    found = look(posting_function.check_posting_function)
    assert (found.status, found.message) == ("bad", "Its reserved concurrency is 0: nothing is published.")
