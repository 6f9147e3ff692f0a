"""Random load and random kills; at the end no post is lost or published twice.

    python -m benchmarks.soak [SECONDS]            (default: 600)
    python -m benchmarks.soak SECONDS rules

Two workers share a home: one runs, the other waits for its end. Every few seconds one of them is killed and started
again. Every post goes to the outbox and to a webhook that takes 100 ms and accepts repeats.

With `rules`, there is one worker, which is killed or asked to end, and starts again with the installed release of the
zone data or an older one. By the older rules, half of the posts are due at another instant. Some posts go to a webhook
that hangs, too.
"""

import random
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from datetime import timedelta
from pathlib import Path

from benchmarks.measuring import compose_post, connect_webhook, heading, row, running, temporary_home
from core.application import Application
from core.errors import PunctualError
from core.ledger.history import all_runs
from tests.core.old_rules import install
from tests.crash.webhooks import Webhook, accept, webhook

WEBHOOK_SECONDS = 0.1
RETRIES = {"PUNCTUAL_RETRY_DELAYS": "0.5,0.5", "PUNCTUAL_REDELIVERY_SECONDS": "1"}
DESTINATIONS = ("outbox", "webhook:soak")
ZONES = ("UTC", "Europe/Berlin", "Africa/Casablanca", "America/Vancouver")
"""By the older rules, the last two are an hour off in December 2026."""
HANGING_SHARE, ASKED_SHARE = 0.03, 0.2
END_SECONDS = 20
"""How long a worker that was asked to end may take before it is killed."""
LATE_AFTER_MINUTES = 240
"""More than the hour by which other rules move a post."""
FINAL = {"published", "unconfirmed", "refused", "failed", "missed"}


def accept_slowly(server: Webhook, connection: socket.socket) -> None:
    """Respond after a while."""
    time.sleep(WEBHOOK_SECONDS)
    accept(server, connection)


def soak(application: Application, seconds: float, rng: random.Random) -> tuple[set[str], Counter[str]]:
    """Schedule posts and kill workers; return the ids of acknowledged posts, and how often each thing was done."""
    acknowledged: set[str] = set()
    done: Counter[str] = Counter()
    until = time.monotonic() + seconds
    with ExitStack() as first, ExitStack() as second:
        stacks = [first, second]
        for stack in stacks:
            start(stack, application)
        while time.monotonic() < until:
            for _ in range(rng.randint(1, 30)):
                acknowledged.update(schedule_post(application, rng))
            time.sleep(rng.uniform(0, 3))
            stack = rng.choice(stacks)
            stack.close()  # SIGKILL
            done["processes killed"] += 1
            start(stack, application)
        wait_for_results(application, acknowledged)
    return acknowledged, done


def soak_with_rules(application: Application, seconds: float, rng: random.Random) -> tuple[set[str], Counter[str]]:
    """Schedule posts, and start the worker again and again with other zone rules; return the same as `soak`."""
    older = str(install(Path(tempfile.gettempdir(), "punctual-older-pytz")))
    acknowledged: set[str] = set()
    done: Counter[str] = Counter()
    until, rules = time.monotonic() + seconds, ""
    with ExitStack() as stack, socket.create_server(("127.0.0.1", 0), backlog=4096) as hanging:
        connect_webhook(application, "hanging", f"http://127.0.0.1:{hanging.getsockname()[1]}/")
        worker = start(stack, application)
        while time.monotonic() < until:
            for _ in range(rng.randint(1, 30)):
                hangs = rng.random() < HANGING_SHARE
                destinations = [*DESTINATIONS, "webhook:hanging"] if hangs else DESTINATIONS
                acknowledged.update(schedule_post(application, rng, destinations, rng.choice(ZONES)))
                done["posts to the webhook that hangs"] += hangs
            time.sleep(rng.uniform(0, 6))
            if rng.random() < ASKED_SHARE:
                done["workers asked to end"] += 1
                worker.terminate()
                with suppress(subprocess.TimeoutExpired):
                    worker.wait(END_SECONDS)
            done["workers killed"] += worker.poll() is None
            stack.close()
            before, rules = rules, rng.choice(["", older])
            done["changes of the zone rules"] += before != rules
            worker = start(stack, application, PYTHONPATH=rules)
        stack.close()
        start(stack, application)
        wait_for_results(application, acknowledged)
    done["posts moved by other rules"] = sum(len(each.moved) for each in application.zone_changes.all())
    return acknowledged, done


def start(stack: ExitStack, application: Application, **environment: str) -> subprocess.Popen[bytes]:
    """Start a worker on the application's home; the stack kills it."""
    command = [sys.executable, "-m", "core", "engine", "--wait", "--home", str(application.home.path)]
    return stack.enter_context(running(command, **RETRIES, **environment))


def schedule_post(
    application: Application, rng: random.Random, destinations: Sequence[str] = DESTINATIONS, zone: str = "UTC"
) -> list[str]:
    """Schedule a post some seconds ahead; return its id, or nothing if it was refused."""
    due = (application.clock() + timedelta(seconds=rng.uniform(4, 9))).replace(microsecond=0)
    post = compose_post(application, due, *destinations, zone=zone, late_after_minutes=LATE_AFTER_MINUTES)
    try:
        return [application.schedules.schedule(post).post.post_id]
    except PunctualError as refusal:
        print(f"  refused: {refusal}")
        return []


def wait_for_results(application: Application, acknowledged: set[str]) -> None:
    """Wait until every post has a final state, at most three minutes."""
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        if acknowledged <= {run.post_id for run in all_runs(application.ledger) if run.state in FINAL}:
            return
        time.sleep(1)


def main(seconds: float, *, rules: bool) -> None:
    """Run the soak test and print its figures."""
    heading(
        f"Soak of {seconds:.0f} s" + (" with changes of the zone rules and a destination that hangs" if rules else "")
    )
    with temporary_home() as application, webhook(accept_slowly) as server:
        connect_webhook(application, "soak", server.address)
        acknowledged, done = (soak_with_rules if rules else soak)(application, seconds, random.Random(1))
        runs = {run.post_id: run for run in all_runs(application.ledger)}
        in_outbox = Counter(entry.post_id for entry in application.outbox.feed(limit=10**9))
    received = Counter(server.ids)
    unconfirmed = {
        run.post_id
        for run in runs.values()
        for each in run.outcome.destinations
        if each.destination == "webhook:soak" and each.state == "unconfirmed"
    }
    lost = {post_id for post_id in acknowledged if received[post_id] == 0 and post_id not in unconfirmed}
    repeated = sum(count > 1 for count in [*in_outbox.values(), *received.values()])
    row("posts acknowledged", f"{len(acknowledged):,}")
    for label, count in done.items():
        row(label, f"{count:,}")
    row("posts lost: not in the outbox", f"{len(acknowledged - set(in_outbox)):,}", "(aim: 0)")
    row("posts lost: not at the webhook, and not reported", f"{len(lost):,}", "(aim: 0)")
    row("posts lost: in no list", f"{len(acknowledged - set(runs)):,}", "(aim: 0)")
    row("posts published twice", f"{repeated:,}", "(aim: 0)")
    row("posts unconfirmed at the webhook", f"{len(unconfirmed):,}")
    row("states", ", ".join(f"{count} {state}" for state, count in Counter(run.state for run in runs.values()).items()))


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 600, rules="rules" in sys.argv[2:])
