"""What `schedule` says of each fault of AWS: the cause, the remedy, and whether the post is noted."""

import io
import json

import pytest
from boto3.session import Session
from botocore.exceptions import EndpointConnectionError
from moto.backends import get_backend

from core.cli.main import main
from tests.core.cloud import UNUSABLE_DEPLOYMENTS

POST = ("schedule", "--text", "Good morning", "--at", "2026-12-05T09:00", "--to", "outbox")
NOWHERE = EndpointConnectionError(endpoint_url="https://scheduler.eu-nowhere-1.amazonaws.com/schedules/post-1")


@pytest.fixture
def command(open_on_aws, deployed):
    """Run a command on the deployment and return its exit status, output and errors."""

    def run(*arguments: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        return main(arguments, open_on_aws, out, err), out.getvalue(), err.getvalue()

    return run


@pytest.mark.parametrize(
    ("fault", "message", "cause", "remedy"),
    [
        ("ServiceQuotaExceededException", "Limit.", "CreateSchedule: Limit.", "ask AWS for a higher quota"),
        ("ThrottlingException", "Rate exceeded", "CreateSchedule: Rate exceeded", "Wait a minute."),
        ("ResourceNotFoundException", "Schedule group posts does not exist.", "Schedule group posts", "--revert-drift"),
        (NOWHERE, "", "scheduler.eu-nowhere-1.amazonaws.com cannot be reached.", "the Region (AWS_DEFAULT_REGION"),
    ],
    ids=["quota", "throttling", "deleted group", "region without an endpoint"],
)
def test_a_refused_post_is_noted_and_armed_when_it_is_scheduled_again_under_its_id(
    command, inject_fault, fault, message, cause, remedy
):
    inject_fault("CreateSchedule", fault, message)
    status, out, err = command(*POST, "--json")
    assert (status, json.loads(out)["state"]) == (3, "not armed")
    assert err.startswith("Noted, not armed yet: ")
    assert cause in err
    assert remedy in err
    assert "Traceback" not in err
    inject_fault.clear()
    post_id = json.loads(out)["post_id"]
    assert [row["post_id"] for row in json.loads(command("queue", "--json")[1])] == [post_id]
    status, out, err = command(*POST, "--id", post_id, "--json")
    assert (status, json.loads(out)["state"], err) == (0, "armed", "")


@pytest.mark.parametrize(("region", "stack", "cause", "remedy"), UNUSABLE_DEPLOYMENTS)
def test_a_deployment_that_cannot_be_used_takes_no_post(command, monkeypatch, region, stack, cause, remedy):
    state = get_backend("cloudformation")["123456789012"]["us-east-1"].get_stack("Punctual")
    with monkeypatch.context() as wrong:
        wrong.setattr("core.backends.aws.boto3.Session", lambda: Session(region_name=region))
        wrong.setattr(state, "status", stack)
        status, out, err = command(*POST)
    assert (status, out) == (1, "")
    named, _, advised = err.partition("\n")
    assert named == cause
    assert remedy in advised
    assert "noted" not in err
    assert json.loads(command("queue", "--json")[1]) == []
