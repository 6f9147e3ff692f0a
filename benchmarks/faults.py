"""The faults of tests/crash at full length, with real processes: a stop for 80 s, and a response that never ends.

`python -m benchmarks.faults`: all of them at once, each on a home of its own; about two minutes. While they last, an
observer asks the readers of the pages where each post is. It raises an error if a post is in no list or in two, goes
back to an earlier state, or is in the outbox twice.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from benchmarks.measuring import compose_post, connect_webhook, heading, row, temporary_home, within
from core.application import Application
from core.ledger.history import Run, runs
from core.time.instants import real_clock
from core.worker.record import WorkerFiles, WorkerRecord
from core.worker.supervisor import Supervisor
from tests.crash.observer import Observer
from tests.crash.processes import ENGINE, start
from tests.crash.webhooks import Respond, Webhook, accept, drip, wait, webhook

STOPPED_SECONDS = 80
LEAD_SECONDS = 6
DEADLINE_SECONDS = 25
PATIENCE_SECONDS = 180
RETRIES = {"PUNCTUAL_RETRY_DELAYS": "1,1", "PUNCTUAL_REDELIVERY_SECONDS": "2"}
SERVING = Path(__file__).parents[1] / "tests" / "crash" / "serving.py"


@dataclass
class Scene:
    """A home with a webhook that does not recognise repeats, and an observer of its posts."""

    home: Application
    webhook: Webhook
    observer: Observer

    def schedule(self, *destinations: str, ahead: float = LEAD_SECONDS) -> str:
        """Schedule a post that is due in `ahead` seconds; return its id."""
        due = (self.home.clock() + timedelta(seconds=ahead)).replace(microsecond=0)
        post_id = self.home.schedules.schedule(compose_post(self.home, due, *destinations)).post.post_id
        self.observer.follow(post_id)
        return post_id

    def run(self, post_id: str, state: str) -> Run:
        """Wait until a post has a state in History; return its run."""

        def found() -> Run | None:
            return next((run for run in runs(self.home.ledger, limit=9) if run.post_id == post_id), None)

        until(lambda: (run := found()) is not None and run.state == state)
        run = found()
        assert run is not None
        return run

    def has_worker(self, other_than: int = 0) -> bool:
        """Return whether a worker fires, another one than a process id."""
        record = WorkerRecord.read(WorkerFiles(self.home.home.path))
        one_machine = self.home.one_machine
        assert one_machine is not None
        return record is not None and record.pid != other_than and one_machine.has_live_runner()


@contextmanager
def scene(respond: Respond) -> Iterator[Scene]:
    """Open a new home with a webhook; check what its observer saw at the end."""
    with temporary_home() as home, webhook(respond) as destination:
        connect_webhook(home, "shop", destination.address)
        with Observer(home) as observer:
            yield Scene(home, destination, observer)
        observer.check()


@contextmanager
def running(command: list[str], home: Application) -> Iterator[subprocess.Popen[str]]:
    """Run a process on a home, and kill it at the end."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = start(command, home.home.path, RETRIES, **quiet)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def until(holds: Callable[[], object]) -> None:
    """Wait until a condition is truthy."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"not within {PATIENCE_SECONDS} s"
        time.sleep(0.05)


def stop_a_supervised_worker() -> list[tuple[str, str, str]]:
    """Stop the worker of a dashboard just before a due instant. It is replaced."""
    with scene(wait) as scene_:
        home = scene_.home
        supervisor = Supervisor(home.home.path, real_clock, check_home=home.check_home)
        supervisor.start()
        until(scene_.has_worker)
        record = WorkerRecord.read(WorkerFiles(home.home.path))
        assert record is not None
        in_flight, post_id = scene_.schedule("webhook:shop", ahead=4), scene_.schedule("outbox", ahead=8)
        until(lambda: scene_.webhook.ids)
        _sleep_until_due(scene_, post_id)
        stopped_at = time.monotonic()
        os.kill(record.pid, signal.SIGSTOP)
        until(lambda: "does not respond" in (supervisor.problem() or ""))
        reported = time.monotonic() - stopped_at
        meanwhile = scene_.observer.now(post_id)
        until(lambda: scene_.has_worker(record.pid))
        lag = (scene_.run(post_id, "published").lag_ms or 0) / 1e3
        scene_.run(in_flight, "unconfirmed")
        scene_.webhook.release.set()
        supervisor.stop()
        assert scene_.webhook.ids == [in_flight]
    return [
        ("a supervised worker stopped: reported after", f"{reported:.1f} s", f"meanwhile {meanwhile}"),
        ("a supervised worker stopped: the post due then, lag", f"{lag:.1f} s", within(lag, STOPPED_SECONDS)),
        ("a supervised worker stopped: the post that was under way", "unconfirmed", "1 request"),
    ]


def stop_a_worker_of_a_person() -> list[tuple[str, str, str]]:
    """Stop a worker that no dashboard started for 80 s around a due instant. It goes on."""
    with scene(wait) as scene_, running(list(ENGINE), scene_.home) as worker:
        until(scene_.has_worker)
        in_flight, post_id = scene_.schedule("webhook:shop", ahead=4), scene_.schedule("outbox", ahead=8)
        until(lambda: scene_.webhook.ids)
        _sleep_until_due(scene_, post_id)
        worker.send_signal(signal.SIGSTOP)
        scene_.webhook.release.set()
        time.sleep(STOPPED_SECONDS)
        meanwhile = scene_.observer.now(post_id)
        worker.send_signal(signal.SIGCONT)
        lag = (scene_.run(post_id, "published").lag_ms or 0) / 1e3
        until(lambda: _ended(scene_.observer.now(in_flight)))
        under_way = scene_.observer.now(in_flight)
        assert scene_.webhook.ids == [in_flight]
    return [
        ("a worker stopped for 80 s: the post due then, lag", f"{lag:.1f} s", f"meanwhile {meanwhile}"),
        ("a worker stopped for 80 s: the post that was under way", under_way, "1 request"),
    ]


def stop_between_claim_and_request() -> list[tuple[str, str, str]]:
    """Stop a process for 80 s after its claim, while a second one takes over and a person retries the post."""
    with scene(accept) as scene_, ExitStack() as processes:
        command = [sys.executable, str(SERVING)]
        stopped = processes.enter_context(running([*command, "after claiming", "stop"], scene_.home))
        post_id = scene_.schedule("webhook:shop")
        until(lambda: scene_.observer.now(post_id) == "History: going out")
        claimed_at = time.monotonic()
        processes.enter_context(running([*command, "never"], scene_.home))
        run = scene_.run(post_id, "unconfirmed")
        unclear_after = time.monotonic() - claimed_at
        scene_.observer.follow(post_id)
        scene_.home.schedules.retry(run.payload, run.retriable)
        scene_.run(post_id, "published")
        time.sleep(max(0.0, STOPPED_SECONDS - (time.monotonic() - claimed_at)))
        stopped.send_signal(signal.SIGCONT)
        time.sleep(10)
        received = len(scene_.webhook.ids)
    return [
        ("stopped after the claim: left to a person after", f"{unclear_after:.1f} s", ""),
        ("stopped after the claim, retried by a person: requests", f"{received}", within(received, 2)),
    ]


def drip_without_end() -> list[tuple[str, str, str]]:
    """Let a response drip past the deadline of the request, with a sound post beside it."""
    with scene(drip) as scene_, running(list(ENGINE), scene_.home):
        until(scene_.has_worker)
        dripping, sound = scene_.schedule("webhook:shop"), scene_.schedule("outbox")
        lag = (scene_.run(sound, "published").lag_ms or 0) / 1e3
        meanwhile = scene_.observer.now(dripping)
        run = scene_.run(dripping, "unconfirmed")
        given_up = (real_clock() - run.due_at).total_seconds()
        assert scene_.webhook.ids == [dripping]
    return [
        ("a response drips: the sound post beside it, lag", f"{lag * 1e3:.0f} ms", f"meanwhile {meanwhile}"),
        ("a response drips: unconfirmed after", f"{given_up:.1f} s", within(given_up, DEADLINE_SECONDS + 5)),
    ]


def _sleep_until_due(scene_: Scene, post_id: str) -> None:
    plan = scene_.home.ledger.get(post_id)
    assert plan is not None
    assert plan.post.due_at is not None
    time.sleep(max(0.0, (plan.post.due_at - real_clock()).total_seconds() - 0.05))


def _ended(state: str) -> bool:
    return state in ("History: published", "History: unconfirmed")


if __name__ == "__main__":
    heading("Faults at full length")
    scenarios = [
        stop_a_supervised_worker,
        stop_a_worker_of_a_person,
        stop_between_claim_and_request,
        drip_without_end,
    ]
    with ThreadPoolExecutor(len(scenarios)) as pool:
        for figures in pool.map(lambda scenario: scenario(), scenarios):
            for figure in figures:
                row(*figure)
