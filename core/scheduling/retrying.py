"""Retries of all posts that failed for one account, such as after it was connected again."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from core.errors import PunctualError
from core.ledger.history import Run
from core.ledger.port import Ledger
from core.posts.destinations import Destination
from core.scheduling.outages import is_outage
from core.scheduling.schedules import Schedules
from core.scheduling.selection import THREADS, NotTried, RefusedPost, SelectionReport


def safe_retries(run: Run, account: Destination) -> tuple[Destination, ...]:
    """Return what a retry for an account may publish: its failed and refused destinations.

    Return nothing while one of them is unconfirmed, because a retry could publish it twice.
    """
    found = [each for each in run.outcome.destinations if each.destination.account == account]
    if any(each.state == "unconfirmed" for each in found):
        return ()
    return tuple(each.destination for each in found if each.state in ("failed", "refused") and not each.set_aside)


def retriable_accounts(runs: Sequence[Run]) -> dict[Destination, list[Run]]:
    """Return the accounts for which several runs can be retried, those with the most runs first."""
    found = {account for run in runs for account in run.payload.accounts}
    by_account = {account: [run for run in runs if safe_retries(run, account)] for account in sorted(found)}
    counts = Counter({account: len(each) for account, each in by_account.items()})
    return {account: by_account[account] for account, count in counts.most_common() if count > 1}


def retry_all(schedules: Schedules, ledger: Ledger, runs: Sequence[Run], account: Destination) -> SelectionReport:
    """Retry runs for one account. The report names those that were refused; the others are tried again."""
    outages: list[PunctualError] = []

    def retry(run: Run) -> PunctualError | None:
        if outages:
            return NotTried(outages[0])
        try:
            schedules.retry(run.payload, safe_retries(run, account))
        except PunctualError as error:
            if is_outage(error):
                outages.append(error)
            return error
        return None

    with ThreadPoolExecutor(THREADS, thread_name_prefix="retry") as pool:
        errors = list(pool.map(retry, runs))
    refused = {run.post_id: error for run, error in zip(runs, errors, strict=True) if error is not None}
    plans = ledger.get_all(list(refused)) if refused else {}
    found = [RefusedPost(post_id=each, plan=plans.get(each), reason=error) for each, error in refused.items()]
    return SelectionReport(action="send", refused=tuple(found))
