"""The lag of posts of one second to a plain receiver, by the worker's relay host, which stores each receipt."""

import sys
import time
from datetime import timedelta

from benchmarks.firing import POSTS_AT_ONCE, new_post
from benchmarks.measuring import free_port, heading, process, row, temporary_home, within
from core.ledger.history import all_runs
from core.time.instants import real_clock

MOST_MILLISECONDS = 500


def burst_with_receipts() -> None:
    """Measure until the receiver has answered the last post; every receipt is in the ledger."""
    port = free_port()
    receiver = [sys.executable, "-m", "benchmarks.receiver", str(port)]
    url = f"http://127.0.0.1:{port}/"
    with temporary_home(posting_url=url) as application, process(receiver, port):
        application.start(lambda: url)
        due = real_clock().replace(microsecond=0) + timedelta(seconds=30)
        for _ in range(POSTS_AT_ONCE):
            application.schedules.schedule(new_post(due))
        lead, before = (due - real_clock()).total_seconds(), 0.2
        assert lead > before, "scheduling took longer than the lead"
        time.sleep(lead - before)
        spent = time.process_time()
        time.sleep(before + 3)
        spent = time.process_time() - spent
        while len(runs := [run for run in all_runs(application.ledger) if run.attempts]) < POSTS_AT_ONCE:
            time.sleep(0.5)
        occurrences = [application.ledger.occurrence(run.key) for run in runs]
        receipts = [receipt for occurrence in occurrences if occurrence for receipt in occurrence.receipts]
        assert {receipt.kind for receipt in receipts} == {"handed_over"}
        last = max(receipt.at - due for receipt in receipts) / timedelta(milliseconds=1)
        row(
            f"{POSTS_AT_ONCE:,} in one second, with receipts, last one received",
            f"{last:,.0f} ms",
            f"{within(last, MOST_MILLISECONDS, 'ms')}; processor time {spent:.2f} s",
        )
        application.finish(within_seconds=5)


if __name__ == "__main__":
    heading("Receipts")
    burst_with_receipts()
