"""The Queue page with a simulated AWS latency, and bulk scheduling with a simulated AWS request rate."""

import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.awsrequest import AWSResponse

from benchmarks.measuring import RawResponse
from core.application import Application
from core.backends.aws import ADAPTIVE_CONFIG
from core.engine.api import Api
from core.posts.models import Post, new_post_id
from core.posts.payload import write_schedule
from core.scheduling.listing import ScheduleListing
from core.scheduling.schedules import Schedules
from core.scheduling.upcoming import upcoming
from core.settings import Settings
from core.time.instants import utc_text

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
POSTS = 100_000
A_YEAR, A_WEEK = timedelta(days=365), timedelta(days=7)
LATENCY = 0.05
"""Seconds of each request."""
ALLOWED = 100
"""Requests per second that the rate limiter passes; some Regions have this quota by default."""
BULK = 1000


@contextmanager
def open_machine() -> Iterator[Application]:
    """Open an application of one machine in a new home, with a fixed clock."""
    with tempfile.TemporaryDirectory() as home:
        application = Application(Settings.read({"PUNCTUAL_HOME": home}), lambda: NOW)
        yield application
        application.close()


def add_latency(client: Any) -> None:
    """Delay each request of a client by LATENCY."""
    client.meta.events.register_first("before-send.scheduler", lambda **_: time.sleep(LATENCY))


def new_post(due_at: datetime) -> Post:
    """Return a new post."""
    return Post(
        post_id=new_post_id(),
        text="Two hundred and eighty characters of good news. " * 6,
        destinations=("outbox",),
        zone="Europe/Berlin",
        wall="2026-11-24T09:00:00",
        due_at=due_at,
    )


def fill(application: Application) -> None:
    """Fill the engine with POSTS schedules over a year: create one, and write copies of its row."""
    backend, template = application.one_machine, new_post(NOW + A_YEAR)
    assert backend is not None
    request = write_schedule(template, backend.target, enabled=True)
    backend.scheduler_client.create_schedule(**request)
    columns = "group_name, state, target_arn, created, modified, anchor"
    [row] = backend.engine_store.database.read("SELECT * FROM schedule")

    def rows() -> Iterator[tuple[Any, ...]]:
        for number in range(POSTS - 1):
            due_at, post_id = (NOW + A_YEAR * number / POSTS).replace(microsecond=0), new_post_id()
            name = f"post-{due_at:%Y%m%dT%H%M%SZ}-{post_id}"
            definition = row["definition"].replace(request["Name"], name).replace(template.post_id, post_id)
            definition = definition.replace(utc_text(NOW + A_YEAR), utc_text(due_at))
            instant = int(due_at.timestamp() * 1000)
            yield name, definition, instant, instant

    backend.engine_store.write(
        lambda connection: connection.executemany(
            f"INSERT INTO schedule (name, definition, occurrence, due, {columns})"
            f" SELECT ?, ?, ?, ?, {columns} FROM schedule WHERE id = {row['id']}",
            rows(),
        )
    )


def best_time(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the best of three durations in seconds, and the result."""
    best, result = 1e9, None
    for _ in range(3):
        start = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - start)
    return best, result


def print_duration(label: str, seconds: float, aim: float) -> None:
    """Print a duration and whether it meets its aim."""
    print(f"  {label:<58} {seconds:8.2f} s  aim: {aim} s  {'ok' if seconds < aim else 'MISSED'}")


def queue_page() -> None:
    """Measure the requests of the Queue page with LATENCY."""
    with open_machine() as application:
        fill(application)
        add_latency(application.backend.scheduler_client)
        group = application.backend.target.group
        ledger, queue = application.ledger, ScheduleListing(application.backend.scheduler_client, group)
        seconds, listed = best_time(lambda: queue.window(NOW, NOW + A_WEEK, limit=5000))
        print_duration(f"7 days of {POSTS:,} posts over a year: {len(listed):,} listed", seconds, 1.0)
        seconds, window = best_time(
            lambda: upcoming(
                ScheduleListing(application.backend.scheduler_client, group), ledger, NOW, NOW + A_WEEK, limit=50
            )
        )
        assert len(window.entries) == 50
        assert all(entry.post for entry in window.entries)
        print_duration("its first 50 posts, with details", seconds, 1.5)
        whole = NOW + timedelta(days=3 * 365)
        seconds, _ = best_time(
            lambda: upcoming(ScheduleListing(application.backend.scheduler_client, group), ledger, NOW, whole, limit=50)
        )
        print_duration("the first 50 of all posts, with details", seconds, 1.5)


class RateLimiter:
    """Passes a number of requests per second to an engine, and throttles the others as AWS does."""

    def __init__(self, api: Api, per_second: int) -> None:
        self._api = api
        self._per_second = per_second
        self._left, self._at = float(per_second), time.monotonic()
        self._lock = threading.Lock()
        self.throttled_count = 0

    def __call__(self, request: Any, **_: Any) -> AWSResponse:
        """Answer a request of botocore."""
        if not self._passes():
            throttled = {"x-amzn-ErrorType": "ThrottlingException"}
            return AWSResponse(request.url, 429, throttled, RawResponse(b'{"Message": "Rate exceeded"}'))
        url = urlsplit(request.url)
        status, headers, content = self._api.handle(request.method, url.path, url.query, {}, request.body or b"")
        return AWSResponse(request.url, status, headers, RawResponse(content))

    def _passes(self) -> bool:
        with self._lock:
            now = time.monotonic()
            self._left = min(self._per_second, self._left + (now - self._at) * self._per_second)
            self._at = now
            passes = self._left >= 1
            self._left -= passes
            self.throttled_count += not passes
            return passes


def bulk() -> None:
    """Measure bulk scheduling through a rate limiter; each post is created and read back."""
    with open_machine() as application:
        assert application.one_machine is not None
        limiter = RateLimiter(application.one_machine.engine_api, ALLOWED)
        session = boto3.Session(region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        client = session.client("scheduler", config=ADAPTIVE_CONFIG, endpoint_url="http://engine.invalid")
        client.meta.events.register("before-send.scheduler", limiter)
        schedules = Schedules(
            scheduler=client,
            lambda_client=application.backend.lambda_client,
            ledger=application.ledger,
            target=application.backend.target,
            notice=application.backend.minimum_notice,
            clock=application.clock,
        )
        start = time.perf_counter()
        with ThreadPoolExecutor(max_workers=8) as pool:
            posts = [new_post(NOW + timedelta(minutes=number + 10)) for number in range(BULK)]
            plans = list(pool.map(schedules.schedule, posts))
        seconds = time.perf_counter() - start
        held = application.listing.window(NOW, NOW + A_WEEK, limit=2 * BULK)
    assert all(plan.settled for plan in plans)
    assert len(held) == BULK
    least = 2 * BULK / ALLOWED
    print(f"  {BULK:,} posts created and read back at {ALLOWED} requests a second: {seconds:.1f} s,")
    print(f"  {seconds / least:.2f} x the minimum; {limiter.throttled_count} requests were throttled, 0 lost")


if __name__ == "__main__":
    print(f"\nAWS, simulated (load {os.getloadavg()[0]:.1f})")
    queue_page()
    bulk()
