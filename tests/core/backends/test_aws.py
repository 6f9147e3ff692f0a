"""Punctual on AWS: found by the stack's name, and clear about what is wrong."""

from datetime import timedelta

import boto3
import pytest
from moto.backends import get_backend

from core.aws_errors import ScheduleGroupNotFound, NoCredentials, AwsResourceNotFound
from core.backends.deployment import IncompleteDeployment, StackNotFound, StackNotReady
from core.settings import InvalidSetting


def test_the_name_of_the_stack_is_enough(opened, deployed):
    application = opened()
    assert application.one_machine is None
    assert application.backend.target.function_arn == deployed.outputs["RelayFunctionArn"]
    assert application.backend.target.role_arn == deployed.outputs["ExecutionRoleArn"]
    assert application.backend.target.group == "posts"
    assert application.backend.target.dead_letter_arn == deployed.outputs["UndeliveredQueueArn"]


def test_a_part_that_is_named_alone_goes_before_the_stack(opened):
    assert opened(PUNCTUAL_GROUP="others").backend.target.group == "others"


def test_function_and_role_are_enough_for_a_stack_made_elsewhere(opened, deployed):
    application = opened(
        PUNCTUAL_STACK="",
        PUNCTUAL_FUNCTION_ARN=deployed.outputs["RelayFunctionArn"],
        PUNCTUAL_ROLE_ARN=deployed.outputs["ExecutionRoleArn"],
    )
    assert application.backend.target.group == "punctual"


def test_clients_are_in_the_region_of_the_function(opened, deployed):
    arn = deployed.outputs["RelayFunctionArn"].replace("us-east-1", "eu-west-1")
    application = opened(PUNCTUAL_FUNCTION_ARN=arn)
    assert application.backend.scheduler_client.meta.region_name == "eu-west-1"


def test_the_secret_is_read_once_in_five_minutes(opened, deployed, clock):
    application = opened()
    [first] = application.signing_secrets()
    deployed["secretsmanager"].put_secret_value(
        SecretId=deployed.outputs["SigningSecretArn"], SecretString=f"{'B' * 44} {'A' * 44}"
    )
    assert application.signing_secrets() == (first,)
    clock.move(minutes=5)
    assert application.signing_secrets() == (f"whsec_{'B' * 44}", first)


def test_a_configured_secret_goes_before_the_stacks(opened):
    assert opened(PUNCTUAL_SIGNING_SECRET="whsec_QUJD").signing_secrets() == ("whsec_QUJD",)


def test_a_deleted_secret_is_named(opened, deployed):
    application = opened()
    deployed["secretsmanager"].delete_secret(
        SecretId=deployed.outputs["SigningSecretArn"], ForceDeleteWithoutRecovery=True
    )
    with pytest.raises(AwsResourceNotFound, match="GetSecretValue"):
        application.signing_secrets()


def test_neither_a_stack_nor_its_parts_are_told_apart_by_guessing(opened):
    with pytest.raises(IncompleteDeployment, match="PUNCTUAL_FUNCTION_ARN and PUNCTUAL_ROLE_ARN"):
        opened(PUNCTUAL_STACK="")


def test_a_missing_stack_is_named_with_its_region(opened):
    with pytest.raises(StackNotFound, match="no stack Elsewhere in us-east-1"):
        opened(PUNCTUAL_STACK="Elsewhere")


def test_a_half_deployed_stack_is_named_with_its_state(opened):
    get_backend("cloudformation")["123456789012"]["us-east-1"].get_stack("Punctual").status = "ROLLBACK_COMPLETE"
    with pytest.raises(StackNotReady, match="Punctual is in state ROLLBACK_COMPLETE"):
        opened()


@pytest.mark.parametrize(
    "status",
    ["UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "IMPORT_ROLLBACK_COMPLETE"],
)
def test_a_stack_that_only_old_parts_are_still_deleted_of_is_whole(opened, status):
    get_backend("cloudformation")["123456789012"]["us-east-1"].get_stack("Punctual").status = status
    assert opened().backend.target.group == "posts"


def test_a_malformed_arn_is_named_by_its_variable(opened):
    with pytest.raises(InvalidSetting, match="PUNCTUAL_FUNCTION_ARN"):
        opened(PUNCTUAL_FUNCTION_ARN="relay")


def test_a_missing_profile_is_named(opened, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(NoCredentials, match="nobody"):
        opened()


def test_a_missing_region_is_named(opened, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(boto3.Session, "region_name", None, raising=False)
    with pytest.raises(NoCredentials, match="region"):
        opened()


def test_a_deleted_group_is_named_and_nothing_is_lost(opened, interfere, a_post, clock):
    application, post = opened(), a_post()
    for operation in ("CreateSchedule", "UpdateSchedule"):
        interfere(operation, "ResourceNotFoundException", "Schedule group posts does not exist.")
    with pytest.raises(ScheduleGroupNotFound):
        application.schedules.schedule(post)
    clock.move(minutes=2)
    assert [plan.post for plan in application.schedules.repair()] == [post]
    interfere.clear()
    assert application.schedules.repair() == []
    [listed] = application.listing.window(clock(), clock() + timedelta(days=1), limit=10)
    assert (listed.due_at, listed.enabled) == (post.due_at, True)


def test_where_nobody_answers_a_page_says_so_within_half_a_minute(opened):
    config = opened().backend.scheduler_client.meta.config
    attempts = config.retries["total_max_attempts"]
    pauses = sum(2**number for number in range(attempts - 1))  # at most, in seconds: botocore's exponential back-off
    assert attempts * max(config.connect_timeout, config.read_timeout) + pauses <= 30
