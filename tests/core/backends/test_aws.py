"""The backend on AWS: its configuration, and the errors of an incomplete one."""

import sqlite3
from datetime import timedelta

import boto3
import pytest
from moto.backends import get_backend

from core.aws_errors import AwsResourceNotFound, NoCredentials, ScheduleGroupNotFound
from core.backends.deployment import IncompleteDeployment, StackNotFound, StackNotReady
from core.settings import InvalidSetting
from core.storage.database import NewerDatabase


def test_the_stacks_name_is_enough(open_application, deployed):
    application = open_application()
    assert application.one_machine is None
    assert application.backend.target.function_arn == deployed.outputs["RelayFunctionArn"]
    assert application.backend.target.role_arn == deployed.outputs["ExecutionRoleArn"]
    assert application.backend.target.group == "posts"
    assert application.backend.target.dead_letter_arn == deployed.outputs["UndeliveredQueueArn"]


def test_a_single_setting_takes_precedence_over_the_stack(open_application):
    assert open_application(PUNCTUAL_GROUP="others").backend.target.group == "others"


def test_function_and_role_are_enough_without_a_stack(open_application, deployed):
    application = open_application(
        PUNCTUAL_STACK="",
        PUNCTUAL_FUNCTION_ARN=deployed.outputs["RelayFunctionArn"],
        PUNCTUAL_ROLE_ARN=deployed.outputs["ExecutionRoleArn"],
    )
    assert application.backend.target.group == "punctual"


def test_clients_use_the_region_of_the_function(open_application, deployed):
    arn = deployed.outputs["RelayFunctionArn"].replace("us-east-1", "eu-west-1")
    application = open_application(PUNCTUAL_FUNCTION_ARN=arn)
    assert application.backend.scheduler_client.meta.region_name == "eu-west-1"


def test_the_signing_secret_is_read_once_in_five_minutes(open_application, deployed, clock):
    application = open_application()
    [first] = application.signing_secrets()
    deployed["secretsmanager"].put_secret_value(
        SecretId=deployed.outputs["SigningSecretArn"], SecretString=f"{'B' * 44} {'A' * 44}"
    )
    assert application.signing_secrets() == (first,)
    clock.move(minutes=5)
    assert application.signing_secrets() == (f"whsec_{'B' * 44}", first)


def test_a_configured_signing_secret_takes_precedence_over_the_stacks(open_application):
    assert open_application(PUNCTUAL_SIGNING_SECRET="whsec_QUJD").signing_secrets() == ("whsec_QUJD",)


def test_the_error_for_a_deleted_secret_names_the_request(open_application, deployed):
    application = open_application()
    deployed["secretsmanager"].delete_secret(
        SecretId=deployed.outputs["SigningSecretArn"], ForceDeleteWithoutRecovery=True
    )
    with pytest.raises(AwsResourceNotFound, match="GetSecretValue"):
        application.signing_secrets()


def test_without_a_stack_the_error_names_the_missing_settings(open_application):
    with pytest.raises(IncompleteDeployment, match="PUNCTUAL_FUNCTION_ARN and PUNCTUAL_ROLE_ARN"):
        open_application(PUNCTUAL_STACK="")


def test_the_error_for_a_missing_stack_names_its_region(open_application):
    with pytest.raises(StackNotFound, match="no stack Elsewhere in us-east-1"):
        open_application(PUNCTUAL_STACK="Elsewhere")


def test_the_error_for_an_incomplete_stack_names_its_state(open_application):
    get_backend("cloudformation")["123456789012"]["us-east-1"].get_stack("Punctual").status = "ROLLBACK_COMPLETE"
    with pytest.raises(StackNotReady, match="Punctual is in state ROLLBACK_COMPLETE"):
        open_application()


@pytest.mark.parametrize(
    "status",
    ["UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "IMPORT_ROLLBACK_COMPLETE"],
)
def test_a_stack_during_its_clean_up_is_usable(open_application, status):
    get_backend("cloudformation")["123456789012"]["us-east-1"].get_stack("Punctual").status = status
    assert open_application().backend.target.group == "posts"


def test_the_error_for_a_malformed_arn_names_its_variable(open_application):
    with pytest.raises(InvalidSetting, match="PUNCTUAL_FUNCTION_ARN"):
        open_application(PUNCTUAL_FUNCTION_ARN="relay")


def test_the_error_for_a_missing_profile_names_it(open_application, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(NoCredentials, match="nobody"):
        open_application()


def test_the_error_for_a_missing_region_names_it(open_application, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(boto3.Session, "region_name", None, raising=False)
    with pytest.raises(NoCredentials, match="region"):
        open_application()


def test_a_post_planned_without_its_group_is_scheduled_once_the_group_is_back(
    open_application, inject_fault, a_post, clock
):
    application, post = open_application(), a_post()
    for operation in ("CreateSchedule", "UpdateSchedule"):
        inject_fault(operation, "ResourceNotFoundException", "Schedule group posts does not exist.")
    with pytest.raises(ScheduleGroupNotFound):
        application.schedules.schedule(post)
    clock.move(minutes=2)
    assert [plan.post for plan in application.schedules.repair()] == [post]
    inject_fault.clear()
    assert application.schedules.repair() == []
    [listed] = application.listing.window(clock(), clock() + timedelta(days=1), limit=10)
    assert (listed.due_at, listed.enabled) == (post.due_at, True)


def test_an_unanswered_request_fails_within_half_a_minute(open_application):
    config = open_application().backend.scheduler_client.meta.config
    attempts = config.retries["total_max_attempts"]
    pauses = sum(2**number for number in range(attempts - 1))  # seconds, at most, of botocore's exponential back-off
    assert attempts * max(config.connect_timeout, config.read_timeout) + pauses <= 30


def test_an_opening_that_fails_leaves_no_presence_file_and_no_open_database(open_application, deployed, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    newer = sqlite3.connect(home / "punctual.db")
    newer.execute("PRAGMA user_version = 1000")
    newer.close()
    arns = {"FUNCTION": deployed.outputs["RelayFunctionArn"], "ROLE": deployed.outputs["ExecutionRoleArn"]}
    with pytest.raises(NewerDatabase):
        open_application(PUNCTUAL_STACK="", **{f"PUNCTUAL_{name}_ARN": arn for name, arn in arns.items()})
    assert list((home / "processes").iterdir()) == []
    assert not (home / "punctual.db-wal").exists()
