"""The execution role: who may take it on, and what it may do."""

import json

ROLE = "scheduler"
"""The execution role's name."""


def trusting(deployed, **statement):
    whole = {"Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [whole | statement]}
    deployed["iam"].update_assume_role_policy(RoleName=ROLE, PolicyDocument=json.dumps(document))


def test_a_role_that_the_scheduler_may_not_assume_is_bad(look, deployed):
    trusting(deployed, Principal={"Service": "lambda.amazonaws.com"})
    assert look("Role's trust").verdict == "bad"


def test_a_role_that_trusts_another_group_is_bad(look, deployed):
    other = "arn:aws:scheduler:us-east-1:123456789012:schedule-group/others"
    trusting(deployed, Condition={"StringEquals": {"aws:SourceArn": other}})
    assert look("Role's trust").verdict == "bad"
    assert other in look("Role's trust").finding


def test_a_role_that_trusts_a_schedule_instead_of_its_group_is_bad(look, deployed):
    schedule = "arn:aws:scheduler:us-east-1:123456789012:schedule/posts/*"
    trusting(deployed, Condition={"ArnLike": {"AWS:SourceArn": [schedule]}})
    assert look("Role's trust").verdict == "bad"


def test_a_role_that_trusts_every_schedule_is_told(look, deployed):
    trusting(deployed)
    assert look("Role's trust").verdict == "warning"


def test_a_role_that_may_not_invoke_the_relay_is_bad(look, told):
    told["simulation"]("implicitDeny")
    assert look("Role's permissions").verdict == "bad"
    assert "lambda:InvokeFunction" in look("Role's permissions").finding


def test_where_the_role_may_not_be_simulated_it_is_explained(look, interfere):
    interfere("SimulatePrincipalPolicy", "AccessDenied")
    check = look("Role's permissions")
    assert check.verdict == "unknown"
    assert "lambda:InvokeFunction and sqs:SendMessage" in check.remedy
