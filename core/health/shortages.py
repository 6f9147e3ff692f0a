"""Health check of shortages of the machine, from the receipts of the last hour."""

from collections import Counter
from datetime import timedelta

from core.errors import lacking_in
from core.health.findings import Finding, HealthContext, good, warning
from core.time.phrases import plural

PERIOD = timedelta(hours=1)
MAX_OCCURRENCES = 50
"""The newest occurrences whose receipts the check reads. On AWS each one is a request."""


def check_shortages(context: HealthContext) -> Finding:
    """Report what the machine was short of while it published, and how often."""
    occurrences = context.application.ledger.history(after=None, limit=MAX_OCCURRENCES)
    receipts = [receipt for each in occurrences for receipt in each.receipts if receipt.at > context.now - PERIOD]
    reasons = [str(receipt.detail.get("reason")) for receipt in receipts]
    counts = Counter(lacking for reason in reasons if (lacking := lacking_in(reason)) is not None)
    if not counts:
        return good(f"None in the last hour, by the receipts of the {MAX_OCCURRENCES} newest posts.")
    found = ", ".join(f"{lacking} ({plural(count, 'attempt')})" for lacking, count in counts.most_common())
    return warning(
        f"In the last hour this machine was short of: {found}. Punctual tries such posts again by itself.",
        "Close other programs, free memory or disk space, or raise the limit of open files (ulimit -n).",
    )


CHECKS = {"Shortages": check_shortages}
