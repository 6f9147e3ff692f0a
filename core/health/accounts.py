"""Health check of the connected accounts, from their last account checks. It sends no request."""

from core.accounts.port import OUTBOX
from core.health.findings import Finding, HealthContext, bad, good
from core.time.phrases import plural


def check_accounts(context: HealthContext) -> Finding:
    """Check that the last account checks found no problem."""
    accounts = [each for each in context.application.accounts.all() if each != OUTBOX]
    if not accounts:
        return good("Only the built-in outbox is connected.")
    failing = context.application.account_checks.failing()
    if failing:
        problems = (
            f"{each.label}: {failing[each.destination].problem}" for each in accounts if each.destination in failing
        )
        return bad(f"Cannot publish to {' '.join(problems)}", "Open Accounts, then check or reconnect each one.")
    disabled = sum(not each.enabled for each in accounts)
    message = f"No known problem with {plural(len(accounts) - disabled, 'account')}"
    return good(f"{message}; {disabled} disabled." if disabled else f"{message}.")


CHECKS = {"Accounts": check_accounts}
