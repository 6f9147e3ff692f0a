"""Parts that the benchmarks share: an engine, the processes of a home, posts, peers, timing and printed figures."""

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from core.application import Application
from core.engine.api import Api
from core.engine.clients import local_clients
from core.engine.store import Store
from core.posts.models import Post, new_post_id
from core.publishing.composing import compose
from core.settings import Settings
from core.time.instants import real_clock, wall_time

ROOT = Path(__file__).parents[1]
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:relay"
ROLE = "arn:aws:iam::000000000000:role/scheduler"
PAYLOAD = json.dumps(
    {"version": 1, "post_id": "k3v9q2m4cx7a", "occurrence": "<aws.scheduler.scheduled-time>", "text": "x" * 280}
)


def schedule(name: str, due: str = "2099-01-01T00:00:00") -> dict[str, Any]:
    """Return the parameters of CreateSchedule for one post, as Punctual sends them."""
    return {
        "Name": name,
        "ScheduleExpression": f"at({due})",
        "ScheduleExpressionTimezone": "UTC",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "ActionAfterCompletion": "DELETE",
        "Description": "A post of two hundred and eighty characters",
        "Target": {
            "Arn": FUNCTION,
            "RoleArn": ROLE,
            "Input": PAYLOAD,
            "RetryPolicy": {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 900},
        },
    }


@contextmanager
def engine(folder: Path | None = None) -> Iterator[tuple[Store, Any]]:
    """Open an engine, by default in a new folder; yield its store and its boto3 scheduler client."""
    with tempfile.TemporaryDirectory(dir=scratch()) as fresh:
        store = Store((folder or Path(fresh)) / "engine.db", now=real_clock())
        yield store, local_clients(Api(store, real_clock)).scheduler
        store.close()


def scratch() -> str | None:
    """Return SCRATCH, the folder for temporary files on the disk to measure; None for the system's folder."""
    return os.environ.get("SCRATCH")


def fsync_latency() -> tuple[float, float]:
    """Return the median and the 99th percentile, in microseconds, of a durable append of 4 KB."""
    durations = []
    with tempfile.NamedTemporaryFile(dir=scratch()) as file:
        for _ in range(500):
            os.write(file.fileno(), b"x" * 4096)
            start = time.perf_counter()
            os.fdatasync(file.fileno())
            durations.append((time.perf_counter() - start) * 1e6)
    return statistics.median(durations), percentile(durations, 99)


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value that `percent` of the values do not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * percent / 100))]


def rate(work: Callable[[str], object], *, count: int, threads: int = 1, prefix: str = "n") -> float:
    """Return the number of calls of `work(name)` per second."""

    def call_from(thread: int) -> None:
        for number in range(count // threads):
            work(f"{prefix}-{thread}-{number}")

    workers = [threading.Thread(target=call_from, args=(thread,)) for thread in range(threads)]
    start = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return count / (time.perf_counter() - start)


def median_ms(work: Callable[[], object], count: int = 50) -> float:
    """Return the median duration of a call in milliseconds, without the first call."""
    work()
    durations = []
    for _ in range(count):
        start = time.perf_counter()
        work()
        durations.append((time.perf_counter() - start) * 1e3)
    return statistics.median(durations)


def http_client(url: str, access_key_id: str = "test", secret_access_key: str = "test") -> Any:
    """Return boto3's scheduler client for a server on this machine."""
    return boto3.client(
        "scheduler",
        "us-east-1",
        endpoint_url=url,
        aws_access_key_id=access_key_id,
        aws_secret_access_key=secret_access_key,
        config=Config(retries={"total_max_attempts": 1}, max_pool_connections=16),
    )


def free_port() -> int:
    """Return a free port on 127.0.0.1."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def running(command: Sequence[str], **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process in the root of the repository; kill it at the end of the block."""
    started = subprocess.Popen(
        command, env={**os.environ, **environment}, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield started
    finally:
        started.kill()
        started.wait()


@contextmanager
def process(command: Sequence[str], port: int, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server that accepts connections on the port; kill it at the end of the block."""
    with running(command, **environment) as started:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if time.monotonic() > deadline or started.poll() is not None:
                    raise
                time.sleep(0.02)
        yield started


@contextmanager
def temporary_home(**settings: Any) -> Iterator[Application]:
    """Open an application on a new home, which is deleted after the block. Kill its worker before."""
    with (
        tempfile.TemporaryDirectory(dir=scratch(), ignore_cleanup_errors=True) as folder,
        closing(Application(Settings(home=Path(folder), **settings))) as application,
    ):
        yield application


def connect_webhook(application: Application, name: str, address: str, *, deduplicates: str = "no") -> None:
    """Connect a webhook as `webhook:<name>`. `deduplicates` is `yes` if its server ignores repeats."""
    form = {"name": name, "address": address, "deduplicates": deduplicates}
    application.accounts.connect(application.networks["webhook"].connect(form))


@contextmanager
def dashboard(home: Path) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Run the dashboard of a home; yield its port and its process, and end both it and its worker after the block."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "dashboard.py", "--server.headless", "true"]
    with process([*command, "--server.port", str(port)], port, PUNCTUAL_HOME=str(home)) as started:
        try:
            yield port, started
        finally:
            started.terminate()
            started.wait()


@contextmanager
def worker(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker on a home, and kill it at the end of the block."""
    port = free_port()
    command = [sys.executable, "-m", "core", "engine", "--port", str(port), "--home", str(home)]
    with process(command, port) as started:
        yield started


def compose_post(
    application: Application, due: datetime, *destinations: str, zone: str = "UTC", late_after_minutes: int = 60
) -> Post:
    """Return a post of 280 characters to the outbox, or to the given destinations, that is due at an instant."""
    return compose(
        post_id=new_post_id(),
        text="x" * 280,
        destinations=destinations or ("outbox",),
        wall=wall_time(due, zone).replace(tzinfo=None),
        zone=zone,
        which=None,
        late_after_minutes=late_after_minutes,
        accounts=application.accounts,
        networks=application.networks,
    )


def peer(name: str) -> str | None:
    """Return the path of a peer's command in the folder PEERS (README.md), or None if it is not installed."""
    path = Path(os.environ.get("PEERS", "/nowhere"), name)
    return str(path) if path.exists() else None


class RawResponse:
    """The part of urllib3's response that botocore reads."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        """Yield the content."""
        yield self._content


def heading(title: str) -> None:
    """Print a title with the time, the load and the latency of the disk."""
    median, worst = fsync_latency()
    print(f"\n{title} ({datetime.now():%Y-%m-%d %H:%M}, load {os.getloadavg()[0]:.1f})")  # noqa: DTZ005
    print(f"  fsync of 4 KB: median {median:.0f} us, 99th percentile {worst:.0f} us")


def row(label: str, figure: str, verdict: str = "") -> None:
    """Print one figure."""
    print(f"  {label:<58} {figure:>16}  {verdict}")


def within(figure: float, most: float, unit: str = "") -> str:
    """Return the aim of a figure, which must be less than `most`, and whether it meets the aim."""
    return f"(aim: under {most:g}{unit and f' {unit}'}) {'ok' if figure < most else 'MISSED'}"


def verdict(ratio: float, *, at_least: float = 0, at_most: float = 1e9) -> str:
    """Return a ratio with its aim, and whether the ratio meets it."""
    aim = f"at least {at_least:g}" if at_least else f"at most {at_most:g}"
    return f"{ratio:.2f} x (aim: {aim} x) {'ok' if at_least <= ratio <= at_most else 'MISSED'}"
