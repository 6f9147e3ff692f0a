"""Health of a small deployment, and of a function that is not Punctual's relay."""

import pytest

from core.backends.stored_secret import store_secrets
from core.health.checks import run_checks
from core.worker.lock import worker_lock
from core.worker.record import WorkerFiles
from tests.core.cloud import SECRET_PARAMETER


@pytest.fixture
def application(open_small, server, replies, cloud):
    """Open the small deployment."""
    opened = open_small()
    server.secrets = list(opened.signing_secrets())
    store_secrets(cloud["ssm"], SECRET_PARAMETER, server.secrets)
    return opened


def test_a_small_deployment_is_good_in_every_check_and_has_no_checks_of_queues(application, clock):
    with worker_lock(WorkerFiles(application.home.path)):
        checks = run_checks(application, clock())
    assert [(check.name, check.message) for check in checks if check.status != "good"] == []
    assert not {"Redelivery", "Retry queue", "Relay dead letters"} & {check.name for check in checks}


def test_it_says_what_a_small_deployment_lacks(check):
    message = check("Deployment size").message
    assert message.startswith("Small: the relay reports no results. They come from this home's own posting server")
    assert "After Lambda's two retries a post is not delivered again, and no dead letter keeps it." in message
    assert "35 minutes after its time becomes unconfirmed in History." in message
    assert check("Relay retries").message == "Lambda retries 2 times, then drops the post."
    assert check("Ledger table").message.startswith("None in this deployment: the ledger is on this machine")


def test_retries_for_hours_are_bad_in_a_small_deployment_too(check, cloud):
    cloud["lambda"].delete_function_event_invoke_config(FunctionName="relay")
    assert check("Relay retries").status == "bad"


def test_a_posting_function_behind_iam_is_not_called(check, server, cloud):
    variables = {"POSTING_URL": "https://posts.example.org/publish", "POSTING_AUTH": "aws_iam"}
    cloud["lambda"].update_function_configuration(FunctionName="relay", Environment={"Variables": variables})
    assert (check("Signature").status, server.bodies) == ("good", [])


def test_a_function_of_ones_own_is_named_and_not_compared_with_the_relay(
    open_on_aws, own_function, server, replies, check_of
):
    application = open_on_aws(**own_function)
    results = {name: check_of(application, name) for name in ("Relay", "Relay retries", "Posting URL", "Signature")}
    assert results["Relay"].message == (
        "mine is a function of your own, not Punctual's relay. It gets each post within a minute after its time."
    )
    assert {name for name, each in results.items() if each.status != "good"} == {"Relay retries"}
    assert "put-function-event-invoke-config" in results["Relay retries"].remedy
    assert check_of(application, "Deployment size").message.startswith("Small: the function reports no results.")
    assert application.payload_support.problem() is None
    assert server.bodies == []


def test_a_function_that_may_not_be_read_is_unknown_and_the_permission_is_named(
    open_on_aws, own_function, replies, inject_fault, check_of
):
    denied = "User ada is not authorized to perform: lambda:GetFunctionConfiguration on resource: mine"
    inject_fault("GetFunctionConfiguration", "AccessDeniedException", denied)
    result = check_of(open_on_aws(**own_function), "Relay")
    assert result.status == "unknown"
    assert result.message.endswith(f"{denied}. It gets each post within a minute after its time.")
    assert "lambda:GetFunctionConfiguration" in result.remedy
