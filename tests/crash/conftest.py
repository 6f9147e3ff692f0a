"""A home, processes that share it, webhooks, and an observer that reads what the pages show meanwhile."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from core.application import Application
from core.ledger.history import Run, runs
from core.posts.models import Post, new_post_id
from core.publishing.composing import compose
from core.settings import Settings
from core.worker.lock import worker_runs
from core.worker.record import WorkerFiles, WorkerRecord
from tests.crash.observer import Observer
from tests.crash.processes import ENGINE, Dashboard, start
from tests.crash.serving import start_serving
from tests.crash.webhooks import Respond, Webhook, accept, wait, webhook


@pytest.fixture
def eventually() -> Callable[[Callable[[], object]], object]:
    """Wait until a condition is truthy, at most a minute, because the machine may be busy; return its value."""

    def wait_until(holds: Callable[[], object]) -> object:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if found := holds():
                return found
            time.sleep(0.02)
        raise AssertionError("not within a minute")

    return wait_until


@pytest.fixture
def home_path(tmp_path) -> Path:
    """Return the folder of the home."""
    return tmp_path / "home"


@pytest.fixture
def home(home_path) -> Iterator[Application]:
    """Open the home in this process, without a runner."""
    application = Application(Settings(home=home_path))
    yield application
    application.close()


@pytest.fixture
def observer(home) -> Iterator[Observer]:
    """Look at the posts of `schedule` until the end of the test, and check what was seen."""
    with Observer(home) as observing:
        yield observing
    observing.check()


def new_post(home: Application, *destinations: str, ahead: float) -> Post:
    """Return a post to the outbox, or to the given destinations, that is due in `ahead` seconds."""
    due = (home.clock() + timedelta(seconds=ahead)).replace(microsecond=0)
    return compose(
        post_id=new_post_id(),
        text="Through a fault",
        destinations=destinations or ("outbox",),
        wall=due.replace(tzinfo=None),
        zone="UTC",
        which=None,
        late_after_minutes=60,
        accounts=home.accounts,
        networks=home.networks,
    )


@pytest.fixture
def schedule(home, observer) -> Callable[..., str]:
    """Schedule a post that is due in `ahead` seconds, and observe it; return its id."""

    def schedule_post(*destinations: str, ahead: float = 3.1) -> str:
        post_id = home.schedules.schedule(new_post(home, *destinations, ahead=ahead)).post.post_id
        observer.follow(post_id)
        return post_id

    return schedule_post


@pytest.fixture
def post_now(home, observer) -> Callable[..., str]:
    """Publish a post now, and observe it; return its id. It waits for a process that publishes."""

    def post(*destinations: str) -> str:
        post_id = home.schedules.post_now(new_post(home, *destinations, ahead=86400)).post.post_id
        observer.follow(post_id)
        return post_id

    return post


@pytest.fixture
def due(home, eventually) -> Callable[[str], object]:
    """Wait until a post is due in some seconds."""

    def wait_for(post_id: str, seconds: float = 0.05) -> object:
        instant = home.ledger.get(post_id).post.due_at - timedelta(seconds=seconds)
        return eventually(lambda: home.clock() >= instant)

    return wait_for


@pytest.fixture
def run_of(home) -> Callable[[str], Run | None]:
    """Return the run of a post in History, or None."""
    return lambda post_id: next((run for run in runs(home.ledger, limit=1000) if run.post_id == post_id), None)


@pytest.fixture
def ends_as(run_of, eventually) -> Callable[..., Run]:
    """Wait until a post has a state in History; return its run."""

    def wait_for(post_id: str, state: str) -> Run:
        return eventually(lambda: (run := run_of(post_id)) and run.state == state and run)

    return wait_for


@pytest.fixture
def published(ends_as) -> Callable[[str], float]:
    """Wait until a post is published; return its lag in seconds."""
    return lambda post_id: ends_as(post_id, "published").lag_ms / 1000


@pytest.fixture
def connect(home) -> Callable[..., None]:
    """Connect a webhook, which recognises repeats or does not."""

    def connect_webhook(address: str, *, name: str = "shop", deduplicates: str = "no") -> None:
        form = {"name": name, "address": address, "deduplicates": deduplicates}
        home.accounts.connect(home.networks["webhook"].connect(form))

    return connect_webhook


@pytest.fixture
def start_webhook() -> Iterator[Callable[..., Webhook]]:
    """Start webhooks that respond as a function of tests/crash/webhooks.py does."""
    with ExitStack() as running:
        yield lambda respond=accept: running.enter_context(webhook(respond))


@pytest.fixture
def accepting(start_webhook: Callable[[Respond], Webhook]) -> Webhook:
    """Return a webhook that accepts every post."""
    return start_webhook(accept)


@pytest.fixture
def waiting(start_webhook: Callable[[Respond], Webhook]) -> Webhook:
    """Return a webhook that responds after its release."""
    return start_webhook(wait)


@pytest.fixture
def serve(home_path) -> Iterator[Callable[..., BaseProcess]]:
    """Start a process that fires and publishes, and ends or stops itself at a point of serving.py."""
    started = []

    def serve_until(point: str = "never", *options: str, **variables: str) -> BaseProcess:
        variables = {"PUNCTUAL_RETRY_DELAYS": "0.2,0.2"} | variables
        started.append(start_serving(home_path, point, options, variables))
        return started[-1]

    yield serve_until
    for process in started:
        process.kill()
        process.join()


@pytest.fixture
def engine_log(tmp_path) -> Path:
    """Return the file of the engines' standard error."""
    return tmp_path / "engine.log"


@pytest.fixture
def engine(home_path, engine_log) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start `python -m core engine` on the home. It tries again after 0.3 s, again and again."""
    started = []

    def start_engine(command: tuple[str, ...] | list[str] = ENGINE, **variables: str) -> subprocess.Popen[str]:
        variables = {"PUNCTUAL_RETRY_DELAYS": ",".join(["0.3"] * 100)} | variables
        with engine_log.open("a") as log:
            process = start(command, home_path, variables, stdout=subprocess.PIPE, stderr=log)
        started.append(process)
        assert "fires the posts" in process.stdout.readline()
        return process

    yield start_engine
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def files(home) -> WorkerFiles:
    """Return the files of the worker of the home."""
    return WorkerFiles(home.home.path)


@pytest.fixture
def pid(files, home, eventually) -> Callable[..., int]:
    """Wait for a worker that fires, another one than `other`; return its process id."""

    def running(other: int | None = None) -> int:
        def found() -> int | None:
            record = WorkerRecord.read(files) if worker_runs(files) else None
            return record and record.pid != other and home.one_machine.has_live_runner() and record.pid

        return eventually(found)

    return running


@pytest.fixture
def dashboard(home, files, eventually) -> Iterator[Callable[..., Dashboard]]:
    """Start a dashboard, and wait until it responds."""
    started = []

    def start_dashboard(**options) -> Dashboard:
        started.append(Dashboard(home.home.path, **options))
        eventually(started[-1].answers)
        return started[-1]

    yield start_dashboard
    for each in started:
        each.process.kill()
        each.process.wait()
    if worker_runs(files) and (record := WorkerRecord.read(files)):
        os.kill(record.pid, signal.SIGKILL)
