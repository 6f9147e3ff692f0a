"""The backend on AWS: its configuration, and the errors of an incomplete one."""

import sqlite3
from datetime import timedelta

import boto3
import pytest
from moto.backends import get_backend

from core.aws_errors import AwsUnavailable, NoCredentials, ScheduleGroupNotFound
from core.backends.deployed_functions import NotTheRelay
from core.backends.deployment import IncompleteDeployment, OutputsMissing, StackNotFound, StackNotReady
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
    assert (application.backend.target.group, application.backend.target.lead) == ("punctual", timedelta(minutes=1))


def test_clients_use_the_region_of_the_function(open_application, deployed):
    arn = deployed.outputs["RelayFunctionArn"].replace("us-east-1", "eu-west-1")
    application = open_application(PUNCTUAL_FUNCTION_ARN=arn)
    assert application.backend.scheduler_client.meta.region_name == "eu-west-1"


def test_the_dashboard_and_the_posting_server_use_the_homes_own_signing_secret(open_application, inject_fault):
    application = open_application()
    inject_fault.requests.clear()
    assert application.signing_secrets() == application.home.signing_secrets(None)
    assert inject_fault.requests == []


def test_a_configured_signing_secret_takes_precedence_over_the_homes(open_application):
    assert open_application(PUNCTUAL_SIGNING_SECRET="whsec_QUJD").signing_secrets() == ("whsec_QUJD",)


# Another function than Punctual's relay


def test_another_function_gets_its_posts_at_their_time_in_the_default_group(open_on_aws, own_function, a_post, cloud):
    application = open_on_aws(**own_function)
    assert application.backend.minimum_notice == timedelta(minutes=1)
    name = application.schedules.schedule(a_post()).schedule_name
    schedule = cloud["scheduler"].get_schedule(GroupName="default", Name=name)
    assert schedule["ScheduleExpression"] == "at(2026-11-02T13:00:00)"


def test_a_function_that_may_not_be_read_gets_its_posts_at_their_time(open_on_aws, own_function, inject_fault):
    inject_fault("GetFunctionConfiguration", "AccessDeniedException", "User ada is not authorized")
    application = open_on_aws(**own_function)
    assert application.backend.target.lead == timedelta(0)
    assert "User ada is not authorized" in application.aws.functions.refusal


def test_no_post_of_another_function_is_early_after_a_start_during_an_outage(
    open_on_aws, own_function, inject_fault, a_post, cloud
):
    inject_fault("*", "ServiceException", "Something broke")
    application = open_on_aws(**own_function, PUNCTUAL_GROUP="default")
    with pytest.raises(AwsUnavailable, match="Something broke"):
        application.schedules.schedule(a_post())
    inject_fault.clear()
    with pytest.raises(NotTheRelay, match="mine is not Punctual's relay") as caught:
        application.schedules.schedule(a_post())
    assert caught.value.noted
    assert cloud["scheduler"].list_schedules()["Schedules"] == []


def test_the_relay_gets_its_posts_after_a_start_during_an_outage(open_application, deployed, inject_fault, a_post):
    inject_fault("*", "ServiceException", "Something broke")
    variables = {"FUNCTION_ARN": "RelayFunctionArn", "ROLE_ARN": "ExecutionRoleArn"}
    named = {f"PUNCTUAL_{name}": deployed.outputs[output] for name, output in variables.items()}
    application = open_application(PUNCTUAL_STACK="", PUNCTUAL_GROUP="posts", **named)
    inject_fault.clear()
    plan = application.schedules.schedule(a_post())
    assert application.schedules.difference(plan) == ""
    assert application.backend.target.lead == timedelta(minutes=1)


def test_the_function_of_a_stack_is_not_read_at_start(open_application, inject_fault):
    open_application()
    assert "GetFunctionConfiguration" not in inject_fault.requests


@pytest.mark.parametrize(("members", "reads"), [("exceptions,lead", True), ("exceptions", False), ("", False)])
def test_whether_the_relay_reads_leads_is_read_once_in_five_minutes(
    open_application, deployed, inject_fault, clock, members, reads
):
    functions = open_application().aws.functions
    set_members(deployed, "relay", members)
    assert [functions.reads_lead() for _ in range(3)] == [reads] * 3
    assert inject_fault.requests.count("GetFunctionConfiguration") == 1
    set_members(deployed, "relay", "lead" if not reads else "")
    clock.move(minutes=5)
    assert functions.reads_lead() is not reads


def test_a_posting_function_must_read_leads_too(open_application, deployed, posting_function):
    functions = open_application(PUNCTUAL_POSTING_FUNCTION_ARN=posting_function).aws.functions
    set_members(deployed, "relay", "lead")
    set_members(deployed, "posting", "")
    assert functions.reads_lead() is False


def test_a_relay_that_may_not_be_read_gets_no_leads(open_application, inject_fault):
    inject_fault("GetFunctionConfiguration", "AccessDeniedException")
    assert open_application().aws.functions.reads_lead() is False


def set_members(cloud, function, members):
    """Deploy a function that reads these members of payloads."""
    variables = {"PAYLOAD_MEMBERS": members}
    cloud["lambda"].update_function_configuration(FunctionName=function, Environment={"Variables": variables})


# Incomplete and failed deployments


def test_without_a_stack_the_error_names_the_missing_settings(open_application):
    with pytest.raises(IncompleteDeployment, match="PUNCTUAL_FUNCTION_ARN and PUNCTUAL_ROLE_ARN"):
        open_application(PUNCTUAL_STACK="")


def test_the_error_for_a_missing_stack_names_its_region(open_application):
    with pytest.raises(StackNotFound, match="no stack Elsewhere in us-east-1"):
        open_application(PUNCTUAL_STACK="Elsewhere")


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        ("CREATE_IN_PROGRESS", "Wait until it is complete"),
        ("UPDATE_IN_PROGRESS", "Wait until it is complete"),
        ("ROLLBACK_COMPLETE", "describe-stack-events --stack-name Punctual. Then deploy it again"),
        ("CREATE_FAILED", "describe-stack-events --stack-name Punctual. Then deploy it again"),
        ("DELETE_FAILED", "Deploy it again, or correct PUNCTUAL_STACK"),
    ],
)
def test_the_error_for_an_incomplete_stack_names_its_state_and_the_remedy(open_application, status, remedy):
    get_backend("cloudformation")["123456789012"]["us-east-1"].get_stack("Punctual").status = status
    with pytest.raises(StackNotReady, match=f"Punctual is in state {status}") as caught:
        open_application()
    assert remedy in caught.value.hint


def test_the_error_for_a_stack_of_something_else_names_the_missing_outputs(open_on_aws, cloud):
    cloud.deploy_stack(GroupName="posts")
    with pytest.raises(OutputsMissing, match="Punctual has no output RelayFunctionArn and ExecutionRoleArn"):
        open_on_aws()


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
