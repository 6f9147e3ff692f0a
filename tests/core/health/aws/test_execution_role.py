"""The health checks of the execution role: its trust policy and its permissions."""

import json

import pytest

ROLE = "scheduler"
GROUP = "arn:aws:scheduler:us-east-1:123456789012:schedule-group/posts"
TRUST = "Role trust policy"
PERMISSIONS = "Role permissions"
STATEMENT = {"Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole"}


@pytest.fixture
def set_trust(deployed):
    """Return a function that sets the trust policy, one statement for each mapping of changed members."""

    def set_trust(*changes):
        statements = [STATEMENT | each for each in changes]
        document = {"Version": "2012-10-17", "Statement": statements}
        deployed["iam"].update_assume_role_policy(RoleName=ROLE, PolicyDocument=json.dumps(document))

    return set_trust


def test_a_role_that_does_not_trust_the_scheduler_is_bad(check, set_trust):
    set_trust({"Principal": {"Service": "lambda.amazonaws.com"}})
    assert check(TRUST).status == "bad"


def test_a_role_that_trusts_another_group_is_bad(check, set_trust):
    other = "arn:aws:scheduler:us-east-1:123456789012:schedule-group/others"
    set_trust({"Condition": {"StringEquals": {"aws:SourceArn": other}}})
    assert check(TRUST).status == "bad"
    assert other in check(TRUST).message


def test_a_role_that_trusts_schedules_instead_of_their_group_is_bad(check, set_trust):
    schedule = "arn:aws:scheduler:us-east-1:123456789012:schedule/posts/*"
    set_trust({"Condition": {"ArnLike": {"AWS:SourceArn": [schedule]}}})
    assert check(TRUST).status == "bad"


def test_a_role_that_trusts_every_group_is_a_warning(check, set_trust):
    set_trust({})
    assert check(TRUST).status == "warning"


@pytest.mark.parametrize(
    "pattern", ["arn:aws:scheduler:*:123456789012:schedule-group/*", GROUP.replace("posts", "p?sts")]
)
@pytest.mark.parametrize("operator", ["ArnLike", "ArnEquals", "StringLike", "StringLikeIfExists"])
def test_a_role_that_trusts_the_group_by_a_pattern_is_good(check, set_trust, operator, pattern):
    set_trust({"Condition": {operator: {"aws:SourceArn": pattern}}})
    assert check(TRUST).status == "good"


def test_a_pattern_under_an_operator_that_compares_text_is_bad(check, set_trust):
    set_trust({"Condition": {"StringEquals": {"aws:SourceArn": f"{GROUP[:-5]}*"}}})
    assert check(TRUST).status == "bad"


def test_a_role_that_trusts_another_account_is_bad(check, set_trust):
    set_trust({"Condition": {"StringEquals": {"aws:SourceArn": GROUP, "aws:SourceAccount": "210987654321"}}})
    result = check(TRUST)
    assert result.status == "bad"
    assert "210987654321" in result.message


def test_one_statement_that_trusts_every_group_is_a_warning(check, set_trust):
    set_trust({"Condition": {"StringEquals": {"aws:SourceArn": GROUP}}}, {})
    assert check(TRUST).status == "warning"


def test_a_role_that_may_not_invoke_the_relay_is_bad(check, replies):
    replies["simulation"]("implicitDeny")
    assert check(PERMISSIONS).status == "bad"
    assert "lambda:InvokeFunction" in check(PERMISSIONS).message


def test_a_denied_simulation_is_unknown_and_names_the_permissions(check, inject_fault):
    inject_fault("SimulatePrincipalPolicy", "AccessDenied")
    result = check(PERMISSIONS)
    assert result.status == "unknown"
    assert "lambda:InvokeFunction and sqs:SendMessage" in result.remedy


def test_a_role_that_may_not_write_dead_letters_would_lose_only_those(check, monkeypatch):
    monkeypatch.setattr(
        "core.health.aws.execution_role._is_allowed", lambda aws, action, resource: action != "sqs:SendMessage"
    )
    result = check(PERMISSIONS)
    assert result.status == "bad"
    assert result.message == "It may not sqs:SendMessage: events that cannot be delivered would be lost."
