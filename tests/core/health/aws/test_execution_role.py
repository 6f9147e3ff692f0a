"""The execution role: who may take it on, and what it may do."""

import json

import pytest

ROLE = "scheduler"
"""The execution role's name."""


def trusting(deployed, **statement):
    whole = {"Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [whole | statement]}
    deployed["iam"].update_assume_role_policy(RoleName=ROLE, PolicyDocument=json.dumps(document))


def test_a_role_that_the_scheduler_may_not_assume_is_bad(look, deployed):
    trusting(deployed, Principal={"Service": "lambda.amazonaws.com"})
    assert look("Role's trust").status == "bad"


def test_a_role_that_trusts_another_group_is_bad(look, deployed):
    other = "arn:aws:scheduler:us-east-1:123456789012:schedule-group/others"
    trusting(deployed, Condition={"StringEquals": {"aws:SourceArn": other}})
    assert look("Role's trust").status == "bad"
    assert other in look("Role's trust").message


def test_a_role_that_trusts_a_schedule_instead_of_its_group_is_bad(look, deployed):
    schedule = "arn:aws:scheduler:us-east-1:123456789012:schedule/posts/*"
    trusting(deployed, Condition={"ArnLike": {"AWS:SourceArn": [schedule]}})
    assert look("Role's trust").status == "bad"


def test_a_role_that_trusts_every_schedule_is_told(look, deployed):
    trusting(deployed)
    assert look("Role's trust").status == "warning"


OURS = "arn:aws:scheduler:us-east-1:123456789012:schedule-group/posts"


@pytest.mark.parametrize(
    "pattern", ["arn:aws:scheduler:*:123456789012:schedule-group/*", OURS.replace("posts", "p?sts")]
)
@pytest.mark.parametrize("operator", ["ArnLike", "ArnEquals", "StringLike", "StringLikeIfExists"])
def test_a_role_that_trusts_our_group_by_a_pattern_is_good(look, deployed, operator, pattern):
    trusting(deployed, Condition={operator: {"aws:SourceArn": pattern}})
    assert look("Role's trust").status == "good"


def test_a_pattern_in_a_condition_that_takes_it_by_the_letter_is_bad(look, deployed):
    trusting(deployed, Condition={"StringEquals": {"aws:SourceArn": f"{OURS[:-5]}*"}})
    assert look("Role's trust").status == "bad"


def test_a_role_that_trusts_another_account_is_bad(look, deployed):
    trusting(deployed, Condition={"StringEquals": {"aws:SourceArn": OURS, "aws:SourceAccount": "210987654321"}})
    check = look("Role's trust")
    assert check.status == "bad"
    assert "210987654321" in check.message


def test_a_role_that_one_of_two_statements_opens_to_every_schedule_is_told(look, deployed):
    statement = {"Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole"}
    bound = statement | {"Condition": {"StringEquals": {"aws:SourceArn": OURS}}}
    document = {"Version": "2012-10-17", "Statement": [bound, statement]}
    deployed["iam"].update_assume_role_policy(RoleName=ROLE, PolicyDocument=json.dumps(document))
    assert look("Role's trust").status == "warning"


def test_a_role_that_may_not_invoke_the_relay_is_bad(look, told):
    told["simulation"]("implicitDeny")
    assert look("Role's permissions").status == "bad"
    assert "lambda:InvokeFunction" in look("Role's permissions").message


def test_where_the_role_may_not_be_simulated_it_is_explained(look, interfere):
    interfere("SimulatePrincipalPolicy", "AccessDenied")
    check = look("Role's permissions")
    assert check.status == "unknown"
    assert "lambda:InvokeFunction and sqs:SendMessage" in check.remedy


def test_a_role_that_may_not_keep_what_it_cannot_hand_over_lets_posts_go_out_all_the_same(
    look, application, monkeypatch
):
    monkeypatch.setattr("core.health.aws.execution_role._allows", lambda aws, action, resource: action != "sqs:SendMessage")
    check = look("Role's permissions")
    assert check.status == "bad"
    assert check.message == "It may not sqs:SendMessage: what cannot be handed over would be lost."
