"""Random load and random kills; at the end no post is lost or published twice.

    python -m benchmarks.soak [SECONDS]        (default: 600)

Two workers share a home: one runs, the other waits for its end. Every few seconds one of them is killed and started
again. Every post goes to the outbox and to a webhook that takes 100 ms and accepts repeats.
"""

import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from benchmarks.measuring import ROOT, heading, row, scratch
from core.application import Application
from core.errors import PunctualError
from core.ledger.history import all_runs
from core.posts.models import new_post_id
from core.publishing.composing import compose
from core.settings import Settings

WEBHOOK_SECONDS = 0.1
RETRIES = {"PUNCTUAL_RETRY_DELAYS": "0.5,0.5", "PUNCTUAL_REDELIVERY_SECONDS": "1"}
FINAL = {"published", "unconfirmed", "refused", "failed", "missed"}


@contextmanager
def webhook() -> Iterator[tuple[str, Counter[str]]]:
    """Run a slow webhook server; yield its address and the number of posts for each webhook-id."""
    counts: Counter[str] = Counter()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            counts[self.headers["webhook-id"]] += 1
            time.sleep(WEBHOOK_SECONDS)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", counts
    server.shutdown()
    thread.join()
    server.server_close()


def soak(application: Application, seconds: float, rng: random.Random) -> tuple[set[str], int]:
    """Schedule posts and kill workers; return the ids of acknowledged posts and the number of kills."""
    acknowledged: set[str] = set()
    kills = 0
    until = time.monotonic() + seconds
    with ExitStack() as first, ExitStack() as second:
        running = [first, second]
        for stack in running:
            start(stack, application)
        while time.monotonic() < until:
            for _ in range(rng.randint(1, 30)):
                acknowledged.update(schedule_post(application, rng))
            time.sleep(rng.uniform(0, 3))
            stack = rng.choice(running)
            stack.close()  # SIGKILL
            kills += 1
            start(stack, application)
        wait_for_results(application, acknowledged)
    return acknowledged, kills


def start(stack: ExitStack, application: Application) -> None:
    """Start a worker on the application's home; the stack kills it."""
    command = [sys.executable, "-m", "core", "engine", "--wait", "--home", str(application.home.path)]
    worker = subprocess.Popen(
        command, env={**os.environ, **RETRIES}, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    stack.callback(worker.wait)
    stack.callback(worker.kill)


def schedule_post(application: Application, rng: random.Random) -> list[str]:
    """Schedule a post some seconds ahead; return its id, or nothing if it was refused."""
    due = (application.clock() + timedelta(seconds=rng.uniform(4, 9))).replace(microsecond=0)
    post = compose(
        post_id=new_post_id(),
        text="Soak",
        destinations=["outbox", "webhook:soak"],
        wall=due.replace(tzinfo=None),
        zone="UTC",
        which=None,
        late_after_minutes=60,
        accounts=application.accounts,
        networks=application.networks,
    )
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


def main(seconds: float) -> None:
    """Run the soak test and print its figures."""
    heading(f"Soak of {seconds:.0f} s")
    with tempfile.TemporaryDirectory(dir=scratch()) as folder, webhook() as (address, received):
        application = Application(Settings(home=Path(folder)))
        form = {"name": "soak", "address": address, "deduplicates": "no"}
        application.accounts.connect(application.networks["webhook"].connect(form))
        acknowledged, kills = soak(application, seconds, random.Random(1))
        runs = {run.post_id: run for run in all_runs(application.ledger)}
        in_outbox = Counter(entry.post_id for entry in application.outbox.feed(limit=10**9))
        application.close()
    unconfirmed = {post_id for post_id, run in runs.items() if run.state == "unconfirmed"}
    lost = {post_id for post_id in acknowledged if received[post_id] == 0 and post_id not in unconfirmed}
    repeated = sum(count > 1 for count in [*in_outbox.values(), *received.values()])
    row("posts acknowledged", f"{len(acknowledged):,}")
    row("processes killed", f"{kills:,}")
    row("posts lost: not in the outbox", f"{len(acknowledged - set(in_outbox)):,}", "(aim: 0)")
    row("posts lost: not at the webhook, and not reported", f"{len(lost):,}", "(aim: 0)")
    row("posts published twice", f"{repeated:,}", "(aim: 0)")
    row("posts unconfirmed at the webhook", f"{len(unconfirmed):,}")
    row("states", ", ".join(f"{count} {state}" for state, count in Counter(run.state for run in runs.values()).items()))


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 600)
