"""The connected accounts, as the last checks found them; nobody is asked here."""

from core.accounts.port import OUTBOX
from core.health.findings import Finding, Visit, bad, good
from core.time.phrases import counted


def working(visit: Visit) -> Finding:
    """Whether every account can be published to."""
    accounts = [each for each in visit.application.accounts.all() if each != OUTBOX]
    if not accounts:
        return good("Only the built-in outbox is connected.")
    troubles = visit.application.account_watch.troubles()
    if troubles:
        said = (
            f"{each.label}: {troubles[each.destination].trouble}" for each in accounts if each.destination in troubles
        )
        return bad(
            f"Cannot be published to: {' '.join(said)}", "See to it under Accounts: check it, or connect it again."
        )
    disabled = sum(not each.enabled for each in accounts)
    found = f"No trouble is known with {counted(len(accounts) - disabled, 'account')}"
    return good(f"{found}; {disabled} disabled." if disabled else f"{found}.")


LOOKS = {"Accounts": working}
