"""The lag of posts beside a destination that hangs, by engine, relay and posting server in one process.

`python -m benchmarks.bulkhead [POSTS]`: by default 170 posts, then 2,000. Of these, 1,600 go
only to the destination that hangs. They are measured three times, which tells what bounds the sound ones: scheduled
after the others, scheduled before them, and alone. With POSTS, a quarter goes to each of four lists of destinations.
"""

import socket
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta

from benchmarks.measuring import (
    compose_post,
    connect_webhook,
    free_port,
    heading,
    percentile,
    process,
    row,
    temporary_home,
    within,
    worker,
)
from core.application import Application
from core.ledger.history import all_runs
from core.time.instants import real_clock

FAST, HANGING = "webhook:fast", "webhook:hanging"
SECONDS = 20
"""How long to wait for posts that are late."""
MOST_MS = 2000


def measure(counts: Mapping[Sequence[str], int], title: str = "") -> None:
    """Schedule `counts` posts for each list of destinations, in order, at one instant; print the lags of sound ones."""
    total = sum(counts.values())
    receiver, receiver_port = [sys.executable, "-m", "benchmarks.receiver"], free_port()
    with (
        temporary_home() as application,
        socket.create_server(("127.0.0.1", 0), backlog=4096) as hanging,  # accepts connections, and never responds
        process([*receiver, str(receiver_port)], receiver_port),
    ):
        for destination, port in ((FAST, receiver_port), (HANGING, hanging.getsockname()[1])):
            name = destination.partition(":")[2]
            connect_webhook(application, name, f"http://127.0.0.1:{port}/", deduplicates="yes")
        with worker(application.home.path):
            due = real_clock().replace(microsecond=0) + timedelta(seconds=10 + total // 25)
            for destinations, count in counts.items():
                for _ in range(count):
                    application.schedules.schedule(compose_post(application, due, *destinations))
            lead = (due - real_clock()).total_seconds()
            assert lead > 0, "scheduling took longer than the lead"
            time.sleep(lead + SECONDS)
            _print_lags(application, counts, f"of {total:,} posts{title}")


def _print_lags(application: Application, counts: Mapping[Sequence[str], int], title: str) -> None:
    runs = list(all_runs(application.ledger))
    for destinations, count in counts.items():
        for sound in (each for each in destinations if each != HANGING):
            lags = [
                (found.at - run.due_at).total_seconds() * 1e3
                for run in runs
                if sorted(run.destinations) == sorted(destinations)
                for found in run.outcome.destinations
                if found.destination == sound and found.state == "published" and found.at
            ]
            beside = f" beside {HANGING}" if HANGING in destinations else ""
            label = f"{count} {title}, {sound}{beside}"
            if len(lags) < count:
                row(f"{label}, not published in {SECONDS} s", f"{count - len(lags)}", "MISSED")
                lags += [SECONDS * 1e3] * (count - len(lags))
            for percent in (50, 100):
                lag = percentile(lags, percent)
                aim = within(lag, MOST_MS, "ms") if percent == 50 else ""
                row(f"{label}, percentile {percent}", f"{lag:,.0f} ms", aim)


if __name__ == "__main__":
    heading("A destination that hangs")
    if len(sys.argv) > 1:
        share = int(sys.argv[1]) // 4
        measure({(HANGING,): share, (HANGING, "outbox"): share, ("outbox",): share, (FAST,): share})
    else:
        measure({(HANGING,): 150, ("outbox",): 10, (FAST,): 10})
        sound = {(HANGING, "outbox"): 200, ("outbox",): 100, (FAST,): 100}
        measure({(HANGING,): 1600} | sound)
        measure(sound | {(HANGING,): 1600}, ", scheduled first")
        measure({("outbox",): 300, (FAST,): 100}, ", nothing hangs")
