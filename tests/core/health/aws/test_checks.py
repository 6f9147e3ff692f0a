"""The whole examination of a deployment."""

import pytest

from core.health.checks import run_checks


@pytest.mark.usefixtures("server", "told", "redelivered")
def test_a_sound_deployment_is_good_in_every_check(application, clock):
    checks = run_checks(application, clock())
    assert len(checks) == 24
    assert [(check.name, check.message) for check in checks if check.status != "good"] == []


@pytest.mark.usefixtures("server", "told")
def test_where_nothing_is_allowed_every_check_is_made_and_names_the_action(application, clock, interfere):
    interfere("*", "AccessDeniedException", "User ada is not authorized to perform: some:Action on resource: it")
    checks = {check.name: check for check in run_checks(application, clock())}
    assert len(checks) == 24
    denied = set(checks) - {"Mode", "Accounts", "Pictures", "Posting function"}  # this deployment has none of these
    assert {checks[name].status for name in denied} == {"unknown"}
    assert "GetRole: User ada is not authorized" in checks["Role's trust"].message
    assert all(checks[name].remedy for name in denied)


def test_a_schedule_that_somebody_deleted_is_bad(look, deployed, application, a_post):
    plan = application.schedules.schedule(a_post())
    deployed["scheduler"].delete_schedule(GroupName="posts", Name=plan.schedule_name)
    assert look("Ledger and schedules").status == "bad"
