"""All checks of a deployment."""

import pytest

from core.health.checks import run_checks
from core.worker.lock import worker_lock
from core.worker.record import WorkerFiles


@pytest.mark.usefixtures("redelivery_mapping")
def test_a_healthy_deployment_is_good_in_every_check(application, clock):
    with worker_lock(WorkerFiles(application.home.path)):
        checks = run_checks(application, clock())
    assert len(checks) == 32
    assert [(check.name, check.message) for check in checks if check.status != "good"] == []


def test_without_permissions_every_check_names_the_denied_action(application, clock, inject_fault):
    inject_fault("*", "AccessDeniedException", "User ada is not authorized to perform: some:Action on resource: it")
    checks = {check.name: check for check in run_checks(application, clock())}
    assert len(checks) == 32
    denied = set(checks) - {
        "Mode",
        "Deployment size",
        "Accounts",
        "API versions",
        "Media",
        "Posting function",
        "Time zone data",
        "Time zone changes",
        "Worker",
    }  # these send no request here
    assert {checks[name].status for name in denied} == {"unknown"}
    assert "GetRole: User ada is not authorized" in checks["Role trust policy"].message
    assert all(checks[name].remedy for name in denied)


def test_a_deleted_schedule_is_bad(check, deployed, application, a_post):
    plan = application.schedules.schedule(a_post())
    deployed["scheduler"].delete_schedule(GroupName="posts", Name=plan.schedule_name)
    assert check("Ledger and schedules").status == "bad"


def test_a_missing_worker_is_a_warning_because_posts_still_go_out(application, clock):
    [worker] = [check for check in run_checks(application, clock()) if check.name == "Worker"]
    assert worker.status == "warning"
    assert "accounts are not checked, and nobody is notified" in worker.message
