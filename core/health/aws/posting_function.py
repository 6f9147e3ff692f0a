"""Health check of the posting function: the posting server as a Lambda function of the stack."""

from typing import Any

from core.aws_errors import AwsResourceNotFound
from core.backends.aws import AwsBackend
from core.backends.deployed_functions import members_unread_by, variables_of
from core.backends.deployment import Deployment
from core.health.aws.lambda_functions import configuration, runtime_problem
from core.health.aws.remedies import DEPLOY
from core.health.findings import Finding, HealthContext, bad, good
from core.publishing.transfer_time import LEASE
from core.scheduling.payload_support import unread_problem
from core.time.phrases import join_names

VARIABLES = {
    "TABLE_NAME": "table",
    "MEDIA_BUCKET": "media_bucket",
    "ACCOUNTS_PATH": "accounts_path",
    "SIGNING_SECRET_PARAMETER": "signing_secret_parameter",
}
"""The function's environment variables, each with the member of Deployment that must equal it."""


def check_posting_function(aws: AwsBackend, context: HealthContext) -> Finding:
    """Check that the function is ready, shares this dashboard's stores and may run."""
    arn = aws.deployment.posting_function_arn
    if arn is None:
        return good("None in this stack: the relay posts to another server.")
    try:
        found = configuration(aws, arn)
    except AwsResourceNotFound:
        return bad(f"There is no function {arn}: nothing is published.", DEPLOY)
    return (
        runtime_problem(found, LEASE.total_seconds(), "publishing a post")
        or _mismatch(found, aws.deployment)
        or _older_release(found)
        or _readiness(aws, found)
    )


def _mismatch(found: dict[str, Any], deployment: Deployment) -> Finding | None:
    """Return a finding if the function uses other stores than this dashboard, else None."""
    variables = variables_of(found)
    differing = [
        name
        for name, member in VARIABLES.items()
        if not variables.get(name) or variables[name] != getattr(deployment, member)
    ]
    if not differing:
        return None
    return bad(
        f"Its {join_names(differing)} differ from this dashboard's: it does not read the same data.",
        f"Configure the dashboard by PUNCTUAL_STACK alone. {DEPLOY}",
    )


def _older_release(found: dict[str, Any]) -> Finding | None:
    """Return a finding if the function does not read every member of the payloads of this program, else None."""
    problem = unread_problem(members_unread_by(found))
    return bad(problem, DEPLOY) if problem else None


def _readiness(aws: AwsBackend, found: dict[str, Any]) -> Finding:
    reserved = aws.functions.posting_concurrency()
    if reserved == 0:
        return bad("Its reserved concurrency is 0: nothing is published.", DEPLOY)
    shared = "with the concurrency that the account's functions share"
    limit = shared if reserved is None else f"for {reserved:,} posts at once"
    return good(f"{found['FunctionName']} is ready ({found['MemorySize']} MB), {limit}.")


CHECKS = {"Posting function": check_posting_function}
