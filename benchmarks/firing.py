"""How late posts are: spread over a minute, all in one second, and all in one second through the posting server.

Lag is the time from the due instant to the relay's POST. The relay is the real one.
"""

import json
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.measuring import FUNCTION, engine, free_port, heading, percentile, process, row, schedule, scratch
from core.application import Application
from core.engine.invocations import Invocation
from core.engine.runner import Runner
from core.ledger.history import everything
from core.posts.models import Post, new_post_id
from core.posts.payload import ScheduleName, write_payload
from core.publishing.composing import compose
from core.settings import Settings
from core.storage.processes import Presence
from core.time.instants import from_utc_text, real_clock
from lambda_pkg import relay
from lambda_pkg.http_client import Line

SECRET = "whsec_" + "A" * 43 + "="
POSTS_SPREAD, POSTS_AT_ONCE = 200, 1000


def post_due(due: datetime) -> Post:
    return Post(
        post_id=new_post_id(),
        text="x" * 280,
        destinations=("outbox",),
        zone="UTC",
        wall=due.replace(tzinfo=None).isoformat(timespec="seconds"),
        due_at=due,
        late_after_minutes=60,
    )


class ThreadsOwn(threading.local):
    """What each thread has for itself, as where the engine hosts the relay."""

    def __init__(self) -> None:
        self.line = Line()


class Relayed:
    """The function that the engine invokes: the relay, and the lags that it had, in milliseconds."""

    def __init__(self, url: str, count: int) -> None:
        self._environment = relay.Environment(posting_url=url, secrets=(SECRET,))
        self._threads_own = ThreadsOwn()
        self._left = count
        self._lock = threading.Lock()
        self.all_done = threading.Event()
        self.lags: list[float] = []
        self.done: list[float] = []

    def __call__(self, invocation: Invocation) -> None:
        event = json.loads(invocation.payload)
        line = self._threads_own.line
        receipt = relay.deliver(event, self._environment, line, attempt=1, clock=real_clock, sleep=time.sleep)
        due = invocation.scheduled_at
        self.lags.append((from_utc_text(receipt["posted_at"]) - due).total_seconds() * 1e3)
        self.done.append((from_utc_text(receipt["finished_at"]) - due).total_seconds() * 1e3)
        with self._lock:
            self._left -= 1
        if not self._left:
            self.all_done.set()

    def hang_up(self) -> None:
        """Do what the engine's host of the relay does when nothing more is ready."""
        self._threads_own.line.close()


def fired(dues: Sequence[datetime], *manner: str) -> Relayed:
    """Schedule a post for each instant, fire them all into a plain receiver, and return what the relay saw.

    `manner` is what the receiver is told besides its port.
    """
    port = free_port()
    receiver = [sys.executable, "-m", "benchmarks.receiver", str(port), *manner]
    with engine() as (store, client), process(receiver, port):
        relayed = Relayed(f"http://127.0.0.1:{port}/", len(dues))
        with tempfile.TemporaryDirectory() as folder:
            presence = Presence(Path(folder))
            runner = Runner(store, presence, {FUNCTION: relayed}, real_clock, on_rest=relayed.hang_up)
            runner.start()
            for due in dues:
                client.create_schedule(**_armed(post_due(due)))
            assert relayed.all_done.wait(180), "not all were fired"
            runner.stop()
            presence.leave()
    return relayed


def _armed(post: Post) -> dict[str, Any]:
    assert post.due_at is not None
    armed = schedule(str(ScheduleName.of(post)), f"{post.due_at:%Y-%m-%dT%H:%M:%S}")
    armed["Target"] = {**armed["Target"], "Input": write_payload(post)}
    return armed


def spread() -> None:
    begin = real_clock().replace(microsecond=0) + timedelta(seconds=3)
    relayed = fired([begin + timedelta(seconds=number * 60 // POSTS_SPREAD) for number in range(POSTS_SPREAD)])
    for percent, most in ((50, 3), (99, 30)):
        lag = percentile(relayed.lags, percent)
        row(f"{POSTS_SPREAD} posts in 60 s, lag, percentile {percent}", f"{lag:.1f} ms", _within(lag, most))


def burst() -> None:
    for manner, which in (([], ""), (["close"], " a connection each,")):
        due = real_clock().replace(microsecond=0) + timedelta(seconds=6)
        last = max(fired([due] * POSTS_AT_ONCE, *manner).done)
        row(f"{POSTS_AT_ONCE:,} in one second,{which} last one received", f"{last:.0f} ms", _within(last, 500))


def burst_published() -> None:
    """Engine, relay and posting server share a process of their own, as `python -m core.engine` runs them."""
    port = free_port()
    with tempfile.TemporaryDirectory(dir=scratch()) as folder:
        application = Application(Settings(home=Path(folder)))
        command = [sys.executable, "-m", "core.engine", "--port", str(port), "--home", folder]
        with process(command, port):
            due = real_clock().replace(microsecond=0) + timedelta(seconds=30)
            for _ in range(POSTS_AT_ONCE):
                application.schedules.schedule(_composed(application, due))
            lead = (due - real_clock()).total_seconds()
            assert lead > 0, "scheduling took longer than the lead"
            time.sleep(lead + 3)
            deadline = time.monotonic() + 60
            while len(runs := [run for run in everything(application.ledger) if run.published_at]) < POSTS_AT_ONCE:
                assert time.monotonic() < deadline, f"{len(runs)} of {POSTS_AT_ONCE} published"
                time.sleep(0.5)
        last = max(run.lag_ms for run in runs if run.lag_ms is not None)
        row(f"{POSTS_AT_ONCE:,} in one second, last one in the outbox", f"{last:,} ms", _within(last, 3000))
        application.close()


def _composed(application: Application, due: datetime) -> Post:
    return compose(
        post_id=new_post_id(),
        text="x" * 280,
        destinations=["outbox"],
        wall=due.replace(tzinfo=None),
        zone="UTC",
        which=None,
        late_after_minutes=60,
        accounts=application.accounts,
        networks=application.networks,
    )


def _within(milliseconds: float, most: float) -> str:
    return f"(aim: under {most:g} ms) {'ok' if milliseconds < most else 'MISSED'}"


if __name__ == "__main__":
    heading("Firing")
    burst()
    burst_published()
    spread()
