"""The role that schedules run as: who may assume it, and what it may do."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

from core.aws_errors import AccessDenied, PartGone, translated
from core.backends.aws import Aws
from core.health.findings import Finding, Visit, bad, good, unknown, warning

DEPLOY = "Deploy the stack again, with --revert-drift (cdk_min/README.md)."
"""A plain deployment compares templates, and leaves what was changed or deleted by hand as it is."""

INVOKE = "lambda:InvokeFunction"


def trust(aws: Aws, visit: Visit) -> Finding:
    """Whether the scheduler, for this group alone, may assume the role."""
    try:
        with translated():
            role = aws.brief_client("iam").get_role(RoleName=_name(aws))["Role"]
    except PartGone:
        return bad(f"There is no role {_name(aws)}.", DEPLOY)
    granted = [each for each in _listed(role["AssumeRolePolicyDocument"].get("Statement", [])) if _trusts(each)]
    if not granted:
        return bad("It does not let scheduler.amazonaws.com assume it: no schedule can be made.", DEPLOY)
    group = _group_arn(aws)
    ours = {"aws:SourceArn": group, "aws:SourceAccount": aws.deployment.account}
    admitting = [each for each in granted if _admits(each, ours)]
    if not admitting:
        others = ", ".join(wanted for each in granted for key in ours for _, wanted in _wanted(each, key))
        return bad(f"It trusts {others}, which is not the group {group}: no schedule can be made.", DEPLOY)
    sources = [[wanted for _, wanted in _wanted(each, "aws:SourceArn")] for each in admitting]
    if not all(sources):
        return warning("It trusts the scheduler whatever group a schedule is in.", DEPLOY)
    alone = all(wanted == group for some in sources for wanted in some)
    return good(f"The schedules of this group{', and no others,' if alone else ''} may assume it.")


def permissions(aws: Aws, visit: Visit) -> Finding:
    """Whether the role may invoke the relay and keep what it cannot hand over, as IAM simulates it."""
    wanted = {INVOKE: aws.target.function_arn}
    if aws.target.dead_letter_arn:
        wanted["sqs:SendMessage"] = aws.target.dead_letter_arn
    try:
        denied = [action for action, resource in wanted.items() if not _allows(aws, action, resource)]
    except AccessDenied:
        return unknown(
            "IAM does not let this identity simulate the role's permissions.",
            f"In the IAM console, see that {_name(aws)} may {' and '.join(wanted)}; or attach the dashboard's policy.",
        )
    if denied:
        lost = "posts" if INVOKE in denied else "what cannot be handed over"
        return bad(f"It may not {' nor '.join(denied)}: {lost} would be lost.", DEPLOY)
    return good(f"It may {' and '.join(wanted)}.")


def _allows(aws: Aws, action: str, resource: str) -> bool:
    with translated():
        answer = aws.brief_client("iam").simulate_principal_policy(
            PolicySourceArn=aws.target.role_arn, ActionNames=[action], ResourceArns=[resource]
        )
    return all(each["EvalDecision"] == "allowed" for each in answer["EvaluationResults"])


def _name(aws: Aws) -> str:
    return aws.target.role_arn.rsplit("/", 1)[-1]


def _group_arn(aws: Aws) -> str:
    partition = aws.target.function_arn.split(":")[1]
    place = f"{aws.deployment.region}:{aws.deployment.account}"
    return f"arn:{partition}:scheduler:{place}:schedule-group/{aws.target.group}"


def _trusts(statement: dict[str, Any]) -> bool:
    principal = statement.get("Principal", {})
    services = _listed(principal.get("Service", [])) if isinstance(principal, dict) else []
    return statement.get("Effect") == "Allow" and "scheduler.amazonaws.com" in services


def _admits(statement: dict[str, Any], ours: dict[str, str]) -> bool:
    """Tell whether a statement's conditions let these values of condition keys pass."""
    for key, value in ours.items():
        wanted = list(_wanted(statement, key))
        if wanted and not any(_matches(operator, pattern, value) for operator, pattern in wanted):
            return False
    return True


def _wanted(statement: dict[str, Any], key: str) -> Iterable[tuple[str, str]]:
    """Yield what a statement's conditions want a key to be, each behind its operator; keys are spelt in any case."""
    for operator, conditions in statement.get("Condition", {}).items():
        if "Not" in operator or "Null" in operator:
            continue
        for name, values in conditions.items():
            if name.lower() == key.lower():
                yield from ((operator, str(value)) for value in _listed(values))


def _matches(operator: str, pattern: str, value: str) -> bool:
    """Compare as IAM does: the operators for ARNs, ArnEquals too, and those named Like know `*` and `?`."""
    return fnmatchcase(value, pattern) if "Arn" in operator or "Like" in operator else value == pattern


def _listed(value: Any) -> list[Any]:
    """IAM's documents hold a single element bare."""
    return value if isinstance(value, list) else [value]


LOOKS = {"Role's trust": trust, "Role's permissions": permissions}
