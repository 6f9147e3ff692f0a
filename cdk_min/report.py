"""What a person reads at the end of a deployment: what was made, what it costs, what it carries, what to do next."""

import shlex
from collections import Counter
from collections.abc import Iterable, Mapping

from bill import PRICES_OF, Size, list_dollars, monthly_dollars

POSTS_IN_BILL = 1000
NEW_ACCOUNT_CONCURRENCY = 10
"""How many functions a new account runs at once."""
QUOTA = "aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384"
"""The quota "Concurrent executions" of AWS Lambda."""
RECEIVE = ".venv/bin/python -m core receive --host 127.0.0.1 --port 8600"
"""The posting server, behind the proxy that has the public address."""


def report(
    *, kinds: Iterable[str], concurrency: int | None, outputs: Mapping[str, str], variables: Mapping[str, str]
) -> str:
    """Return the report. `kinds` are the types of the stack's resources; `variables` start the dashboard.

    `concurrency` is how many functions the account runs at once, None if that is unknown.
    """
    start = " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items())
    attach = f"aws iam attach-user-policy --user-name NAME --policy-arn {outputs['DashboardPolicyArn']}"
    parts = {
        "Made": [_made(kinds)],
        "Cost": _cost("full" if "TableName" in outputs else "small"),
        "Capacity": _capacity(concurrency),
        "Permission: attach this policy to the user or role of the dashboard, unless it is an administrator": [attach],
    }
    if "PostingUrl" in outputs and "PostingFunctionArn" not in outputs:
        parts[f"Publish what arrives at {outputs['PostingUrl']}"] = [f"{start} {RECEIVE}"]
    parts["Start the dashboard"] = [f"{start} make run"]
    return "\n\n".join("\n  ".join([title, *lines]) for title, lines in parts.items())


def count_of(number: int, noun: str) -> str:
    """Return `1 post` or `1,204 posts`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _made(kinds: Iterable[str]) -> str:
    counted = Counter(kind.removeprefix("AWS::") for kind in kinds)
    names = ", ".join(f"{count} {kind}" if count > 1 else kind for kind, count in counted.items())
    return f"{count_of(counted.total(), 'resource')}: {names}"


def _cost(size: Size) -> list[str]:
    free, full_price = monthly_dollars(POSTS_IN_BILL, size), list_dollars(POSTS_IN_BILL, size)
    return [
        f"{count_of(POSTS_IN_BILL, 'post')} a month: {free} US dollars within an account's free allowances,",
        f"{full_price} without them (list prices of {PRICES_OF}, us-east-1). Without posts, the functions do not run.",
    ]


def _capacity(concurrency: int | None) -> list[str]:
    if concurrency is None:
        return ["These credentials may not read how many functions the account runs at once. Health shows it."]
    lines = [f"The account runs {count_of(concurrency, 'function')} at once: as many posts of one minute are on time."]
    if concurrency <= NEW_ACCOUNT_CONCURRENCY:
        lines += ["Further ones are late. Ask AWS for more, which costs nothing:", f"{QUOTA} --desired-value 1000"]
    return lines
