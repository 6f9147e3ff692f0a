"""The lag of posts: at once, spread over a minute, all in one second, and all in one second through the posting server.

Lag is the time from the due instant to the relay's POST, by the real relay.
"""

import json
import random
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.measuring import (
    FUNCTION,
    compose_post,
    engine,
    free_port,
    heading,
    percentile,
    process,
    row,
    schedule,
    temporary_home,
    within,
    worker,
)
from core.application import Application
from core.engine.invocations import Invocation
from core.engine.runner import Record, Runner
from core.ledger.history import all_runs
from core.posts.models import Post, new_post_id
from core.posts.payload import ScheduleName, write_payload
from core.storage.processes import Presence
from core.time.instants import from_utc_text, real_clock
from lambda_pkg import relay
from lambda_pkg.http_client import Connection

SECRET = "whsec_" + "A" * 43 + "="
POSTS_SPREAD, POSTS_AT_ONCE, POSTS_NOW = 200, 1000, 50


def new_post(due: datetime) -> Post:
    """Return a new post."""
    return Post(
        post_id=new_post_id(),
        text="x" * 280,
        destinations=("outbox",),
        zone="UTC",
        wall=due.replace(tzinfo=None).isoformat(timespec="seconds"),
        due_at=due,
        late_after_minutes=60,
    )


class ThreadConnection(threading.local):
    """The connection of each thread, as in the engine's relay host."""

    def __init__(self) -> None:
        self.connection = Connection()


class RecordingRelay:
    """The relay as an engine function. In milliseconds, it records lags of the POST and of its completion."""

    def __init__(self, url: str, count: int) -> None:
        self._config = relay.RelayConfig(posting_url=url, secrets=(SECRET,))
        self._thread = ThreadConnection()
        self._left = count
        self._lock = threading.Lock()
        self.finished = threading.Event()
        self.lags: list[float] = []
        self.completion_lags: list[float] = []

    def __call__(self, invocation: Invocation, record: Record) -> None:
        """Deliver an invocation and record its lags."""
        event = json.loads(invocation.payload)
        connection = self._thread.connection
        receipt = relay.deliver(event, self._config, connection, attempt=1, clock=real_clock, sleep=time.sleep)
        due = invocation.scheduled_at
        self.lags.append((from_utc_text(receipt["posted_at"]) - due).total_seconds() * 1e3)
        self.completion_lags.append((from_utc_text(receipt["finished_at"]) - due).total_seconds() * 1e3)
        with self._lock:
            self._left -= 1
        if not self._left:
            self.finished.set()

    def close_connection(self) -> None:
        """Close the connection, as the relay host does when no post is ready."""
        self._thread.connection.close()


def fire(dues: Sequence[datetime], *options: str) -> RecordingRelay:
    """Schedule a post for each instant, fire them at a minimal receiver, and return the relay with its lags.

    `options` are arguments of `benchmarks.receiver` after the port.
    """
    port = free_port()
    receiver = [sys.executable, "-m", "benchmarks.receiver", str(port), *options]
    with engine() as (store, client), process(receiver, port):
        recorder = RecordingRelay(f"http://127.0.0.1:{port}/", len(dues))
        with tempfile.TemporaryDirectory() as folder:
            presence = Presence(Path(folder))
            runner = Runner(store, presence, {FUNCTION: recorder}, real_clock, on_idle=recorder.close_connection)
            runner.start()
            for due in dues:
                client.create_schedule(**_request(new_post(due)))
            assert recorder.finished.wait(180), "some posts did not fire"
            runner.stop()
            presence.leave()
    return recorder


def _request(post: Post) -> dict[str, Any]:
    assert post.due_at is not None
    request = schedule(str(ScheduleName.of(post)), f"{post.due_at:%Y-%m-%dT%H:%M:%S}")
    request["Target"] = {**request["Target"], "Input": write_payload(post)}
    return request


def spread() -> None:
    """Measure posts spread over a minute."""
    begin = real_clock().replace(microsecond=0) + timedelta(seconds=3)
    recorder = fire([begin + timedelta(seconds=number * 60 // POSTS_SPREAD) for number in range(POSTS_SPREAD)])
    for percent, most in ((50, 3), (99, 30)):
        lag = percentile(recorder.lags, percent)
        row(f"{POSTS_SPREAD} posts in 60 s, lag, percentile {percent}", f"{lag:.1f} ms", within(lag, most, "ms"))


def burst() -> None:
    """Measure posts of one second to a receiver that keeps connections, and to one that closes them."""
    for options, which in (([], ""), (["close"], " a connection each,")):
        due = real_clock().replace(microsecond=0) + timedelta(seconds=6)
        last = max(fire([due] * POSTS_AT_ONCE, *options).completion_lags)
        row(f"{POSTS_AT_ONCE:,} in one second,{which} last one received", f"{last:.0f} ms", within(last, 500, "ms"))


def burst_published() -> None:
    """Measure engine, relay and posting server in one process, as `python -m core engine` runs them."""
    with temporary_home() as application:
        with worker(application.home.path):
            due = real_clock().replace(microsecond=0) + timedelta(seconds=30)
            for _ in range(POSTS_AT_ONCE):
                application.schedules.schedule(compose_post(application, due))
            lead = (due - real_clock()).total_seconds()
            assert lead > 0, "scheduling took longer than the lead"
            time.sleep(lead + 3)
            deadline = time.monotonic() + 60
            while len(runs := [run for run in all_runs(application.ledger) if run.published_at]) < POSTS_AT_ONCE:
                assert time.monotonic() < deadline, f"{len(runs)} of {POSTS_AT_ONCE} published"
                time.sleep(0.5)
        last = max(run.lag_ms for run in runs if run.lag_ms is not None)
        row(f"{POSTS_AT_ONCE:,} in one second, last one in the outbox", f"{last:,} ms", within(last, 3000, "ms"))


def post_now() -> None:
    """Measure the time from Post now, in a process without an engine, to the POST of the worker's relay."""
    with temporary_home() as application, worker(application.home.path):
        while application.one_machine is None or not application.one_machine.has_live_runner():
            time.sleep(0.05)
        durations = [_post_one_now(application) for _ in range(POSTS_NOW)]
    for percent, most in ((50, 25), (95, 50)):
        duration = percentile(durations, percent)
        row(
            f"{POSTS_NOW} times Post now, to the relay, percentile {percent}",
            f"{duration:.1f} ms",
            within(duration, most, "ms"),
        )


def _post_one_now(application: Application) -> float:
    """Post now at a random moment of the worker's pause; return the milliseconds from the click to the POST."""
    post = compose_post(application, real_clock().replace(microsecond=0) + timedelta(days=1))
    time.sleep(random.uniform(0, 0.25))
    clicked = real_clock()
    application.schedules.post_now(post)
    while True:
        occurrence = application.ledger.occurrence(post.post_id)
        for receipt in occurrence.receipts if occurrence else ():
            if "posted_at" in receipt.detail:
                return (from_utc_text(str(receipt.detail["posted_at"])) - clicked).total_seconds() * 1e3
        time.sleep(0.005)


if __name__ == "__main__":
    heading("Firing")
    post_now()
    burst()
    burst_published()
    spread()
