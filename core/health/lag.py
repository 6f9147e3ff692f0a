"""Health check of the lag of publications, from the receipts of the last day."""

from datetime import timedelta
from itertools import islice, takewhile

from core.health.findings import Finding, HealthContext, good, warning
from core.ledger.history import all_runs
from core.time.phrases import plural

PERIOD = timedelta(days=1)
MAX_RUNS = 200
"""The most runs that the check reads. On AWS each one is a request."""
LATE = timedelta(minutes=1)
"""The median lag from which the check warns. On AWS, a repeating post without a lead may be a minute late."""


def check_lag(context: HealthContext) -> Finding:
    """Report the median and the 99th percentile of the time from the due instant to the publication."""
    newest = takewhile(
        lambda run: run.due_at > context.now - PERIOD, all_runs(context.application.ledger, page=MAX_RUNS // 2)
    )
    lags = sorted(
        each.at - run.due_at
        for run in islice(newest, MAX_RUNS)
        for each in run.outcome.destinations
        if each.state == "published" and each.at is not None
    )
    if not lags:
        return good("Nothing was published in the last day.")
    median, highest = lags[len(lags) // 2], lags[min(len(lags) - 1, len(lags) * 99 // 100)]
    message = (
        f"Median {_seconds(median)}, 99th percentile {_seconds(highest)} after the due time, of the last"
        f" {plural(len(lags), 'publication')} within a day."
    )
    if median < LATE:
        return good(message)
    return warning(message, "See in History which networks were late, and check this machine's load and connection.")


def _seconds(lag: timedelta) -> str:
    """Return `80 ms` below a second, else `1.2 s`."""
    seconds = lag.total_seconds()
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:,.1f} s"


CHECKS = {"Lateness": check_lag}
