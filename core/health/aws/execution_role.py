"""Health checks of the schedules' execution role: its trust policy and its permissions."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

from core.aws_errors import AccessDenied, AwsResourceNotFound, translate_aws_errors
from core.backends.aws import AwsBackend
from core.health.aws.remedies import DEPLOY
from core.health.findings import Finding, HealthContext, bad, good, unknown, warning

INVOKE = "lambda:InvokeFunction"


def check_role_trust(aws: AwsBackend, context: HealthContext) -> Finding:
    """Check that EventBridge Scheduler may assume the role, for this schedule group only."""
    try:
        with translate_aws_errors():
            role = aws.quick_client("iam").get_role(RoleName=_role_name(aws))["Role"]
    except AwsResourceNotFound:
        return bad(f"There is no role {_role_name(aws)}.", DEPLOY)
    statements = _as_list(role["AssumeRolePolicyDocument"].get("Statement", []))
    trusting = [each for each in statements if _trusts_scheduler(each)]
    if not trusting:
        return bad("scheduler.amazonaws.com may not assume it: no schedule can be created.", DEPLOY)
    group = _group_arn(aws)
    ours = {"aws:SourceArn": group, "aws:SourceAccount": aws.deployment.account}
    matching = [each for each in trusting if _matches_values(each, ours)]
    if not matching:
        others = ", ".join(pattern for each in trusting for key in ours for _, pattern in _conditions(each, key))
        return bad(f"It trusts {others}, not the group {group}: no schedule can be created.", DEPLOY)
    sources = [[pattern for _, pattern in _conditions(each, "aws:SourceArn")] for each in matching]
    if not all(sources):
        return warning("It trusts schedules of every group.", DEPLOY)
    only_ours = all(pattern == group for patterns in sources for pattern in patterns)
    return good(f"{'Only s' if only_ours else 'S'}chedules of this group may assume it.")


def check_role_permissions(aws: AwsBackend, context: HealthContext) -> Finding:
    """Check, by IAM's policy simulation, that the role may invoke the relay and write to the dead-letter queue."""
    needed = {INVOKE: aws.target.function_arn}
    if aws.target.dead_letter_arn:
        needed["sqs:SendMessage"] = aws.target.dead_letter_arn
    try:
        denied = [action for action, resource in needed.items() if not _is_allowed(aws, action, resource)]
    except AccessDenied:
        return unknown(
            "IAM does not let this identity simulate the role's permissions.",
            f"In the IAM console, check that {_role_name(aws)} may {' and '.join(needed)}; "
            "or attach the dashboard's policy.",
        )
    if denied:
        lost = "posts" if INVOKE in denied else "events that cannot be delivered"
        return bad(f"It may not {' nor '.join(denied)}: {lost} would be lost.", DEPLOY)
    return good(f"It may {' and '.join(needed)}.")


def _is_allowed(aws: AwsBackend, action: str, resource: str) -> bool:
    with translate_aws_errors():
        response = aws.quick_client("iam").simulate_principal_policy(
            PolicySourceArn=aws.target.role_arn, ActionNames=[action], ResourceArns=[resource]
        )
    return all(each["EvalDecision"] == "allowed" for each in response["EvaluationResults"])


def _role_name(aws: AwsBackend) -> str:
    return aws.target.role_arn.rsplit("/", 1)[-1]


def _group_arn(aws: AwsBackend) -> str:
    partition = aws.target.function_arn.split(":")[1]
    owner = f"{aws.deployment.region}:{aws.deployment.account}"
    return f"arn:{partition}:scheduler:{owner}:schedule-group/{aws.target.group}"


def _trusts_scheduler(statement: dict[str, Any]) -> bool:
    principal = statement.get("Principal", {})
    services = _as_list(principal.get("Service", [])) if isinstance(principal, dict) else []
    return statement.get("Effect") == "Allow" and "scheduler.amazonaws.com" in services


def _matches_values(statement: dict[str, Any], values: dict[str, str]) -> bool:
    """Return whether a statement's conditions allow these values of condition keys."""
    for key, value in values.items():
        conditions = list(_conditions(statement, key))
        if conditions and not any(_matches(operator, pattern, value) for operator, pattern in conditions):
            return False
    return True


def _conditions(statement: dict[str, Any], key: str) -> Iterable[tuple[str, str]]:
    """Yield operator and pattern of each condition on a key. Keys are case-insensitive; Not and Null are skipped."""
    for operator, conditions in statement.get("Condition", {}).items():
        if "Not" in operator or "Null" in operator:
            continue
        for name, patterns in conditions.items():
            if name.lower() == key.lower():
                yield from ((operator, str(pattern)) for pattern in _as_list(patterns))


def _matches(operator: str, pattern: str, value: str) -> bool:
    """Compare as IAM does: Arn operators, ArnEquals too, and Like operators match `*` and `?`; others compare text."""
    return fnmatchcase(value, pattern) if "Arn" in operator or "Like" in operator else value == pattern


def _as_list(value: Any) -> list[Any]:
    """Return a list; IAM documents hold a single element without one."""
    return value if isinstance(value, list) else [value]


CHECKS = {"Role trust policy": check_role_trust, "Role permissions": check_role_permissions}
