"""Health check of the connected accounts, from their last account checks. It sends no request."""

from core.accounts.port import OUTBOX, Account
from core.health.findings import Finding, HealthContext, bad, good, warning
from core.publishing.networks.linkedin.version import WARNED_MONTHS, months_left
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
    unverified = _unverified(context, accounts)
    disabled = sum(not each.enabled for each in accounts)
    message = f"No known problem with {plural(len(accounts) - disabled, 'account')}"
    message = f"{message}; {disabled} disabled." if disabled else f"{message}."
    return good(" ".join([message, *unverified]))


def _unverified(context: HealthContext, accounts: list[Account]) -> list[str]:
    """Return a sentence for each enabled account whose last check left something open."""
    results = context.application.account_checks.results()
    checks = [(each, results.get(each.destination)) for each in accounts if each.enabled]
    return [f"{each.label}: {check.unchecked}" for each, check in checks if check and check.unchecked]


def check_api_versions(context: HealthContext) -> Finding:
    """Check that no connected account uses an API whose tested version ends soon."""
    left = months_left(context.now)
    if not any(each.network == "linkedin" for each in context.application.accounts.all()):
        return good("No connected network has versions that end.")
    if left > WARNED_MONTHS:
        return good(f"LinkedIn supports the tested version of its API for {plural(left, 'more month')}.")
    end = f"ends in {plural(left, 'month')}" if left > 0 else "has ended"
    return warning(
        f"The tested version of LinkedIn's API {end}. A newer one is then used untested.", "Update Punctual."
    )


CHECKS = {"Accounts": check_accounts, "API versions": check_api_versions}
