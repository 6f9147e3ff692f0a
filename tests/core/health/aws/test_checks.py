"""All checks of a deployment."""

import pytest

from core.health.checks import run_checks


@pytest.mark.usefixtures("redelivery_mapping")
def test_a_healthy_deployment_is_good_in_every_check(application, clock):
    checks = run_checks(application, clock())
    assert len(checks) == 27
    assert [(check.name, check.message) for check in checks if check.status != "good"] == []


def test_without_permissions_every_check_names_the_denied_action(application, clock, inject_fault):
    inject_fault("*", "AccessDeniedException", "User ada is not authorized to perform: some:Action on resource: it")
    checks = {check.name: check for check in run_checks(application, clock())}
    assert len(checks) == 27
    denied = set(checks) - {
        "Mode",
        "Accounts",
        "API versions",
        "Media",
        "Posting function",
    }  # these send no request here
    assert {checks[name].status for name in denied} == {"unknown"}
    assert "GetRole: User ada is not authorized" in checks["Role trust policy"].message
    assert all(checks[name].remedy for name in denied)


def test_a_deleted_schedule_is_bad(check, deployed, application, a_post):
    plan = application.schedules.schedule(a_post())
    deployed["scheduler"].delete_schedule(GroupName="posts", Name=plan.schedule_name)
    assert check("Ledger and schedules").status == "bad"
