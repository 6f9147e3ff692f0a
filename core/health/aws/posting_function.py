"""The posting server where it is a function of the stack's: whether it is there, and lets through what is due."""

from typing import Any

from core.aws_errors import PartGone, translated
from core.backends.aws import Aws
from core.backends.deployment import Deployment
from core.health.aws.role import DEPLOY
from core.health.findings import Finding, Visit, bad, good, warning
from core.publishing.fence import LEASE
from core.time.phrases import listed

VARIABLES = {
    "TABLE_NAME": "table",
    "MEDIA_BUCKET": "media_bucket",
    "ACCOUNTS_PATH": "accounts_path",
    "SIGNING_SECRET_ARN": "signing_secret_arn",
}
"""What its environment names, and the member of a Deployment that is the same."""


def function(aws: Aws, visit: Visit) -> Finding:
    """Whether it is there, ready, given enough time, and told of the same ledger, pictures, accounts and secret."""
    arn = aws.deployment.posting_function_arn
    if arn is None:
        return good("None in this stack: the relay posts to another server.")
    try:
        with translated():
            found = aws.brief_client("lambda").get_function_configuration(FunctionName=arn)
    except PartGone:
        return bad(f"There is no function {arn}: nothing is published.", DEPLOY)
    return _wrong(found, aws.deployment) or _share(aws, found)


def _wrong(found: dict[str, Any], deployment: Deployment) -> Finding | None:
    if found.get("State", "Active") not in ("Active", "Inactive"):
        return bad(f"The function is in state {found['State']}: {found.get('StateReason', 'no reason given')}.", DEPLOY)
    if found["Timeout"] < LEASE.total_seconds():
        return bad(
            f"It may run {found['Timeout']} s; to publish a post takes up to {LEASE.total_seconds():.0f} s.", DEPLOY
        )
    told = found.get("Environment", {}).get("Variables", {})
    other = [
        name for name, member in VARIABLES.items() if not told.get(name) or told[name] != getattr(deployment, member)
    ]
    if other:
        return bad(
            f"It was told of another {listed(other)} than this dashboard: it does not see what is kept here.",
            f"Name all parts by PUNCTUAL_STACK alone. {DEPLOY}",
        )
    return None


def _share(aws: Aws, found: dict[str, Any]) -> Finding:
    """Judge the part of the account's concurrency that is kept free for it."""
    at_once = aws.published_at_once()
    if at_once is None:
        return warning(
            "No concurrency is reserved for it: whatever else runs in the account, and strangers who call its URL, "
            "may keep posts waiting.",
            DEPLOY,
        )
    if at_once == 0:
        return bad("Its reserved concurrency is 0: nothing is published.", DEPLOY)
    return good(f"{found['FunctionName']} is ready ({found['MemorySize']} MB), for {at_once:,} posts side by side.")


LOOKS = {"Posting function": function}
