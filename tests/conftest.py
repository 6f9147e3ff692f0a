"""Fixtures of several folders, and the order and the temporary folder of all tests."""

import gc
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
import uvicorn
from botocore.config import Config
from hypothesis import settings as hypothesis_settings
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber

from core.engine.api import Api
from core.engine.clients import Clients, local_clients
from core.engine.server import HttpApi
from core.engine.signatures import Credentials
from core.engine.store import Store
from core.ledger.dynamodb_layout import table_definition
from core.ledger.dynamodb_transactions import Table
from core.time.instants import real_clock

hypothesis_settings.register_profile("untimed", deadline=None)
hypothesis_settings.load_profile("untimed")

pytest_plugins = ["tests.cheap_clients", "tests.core.cloud", "tests.core.old_rules", "tests.dynalite", "tests.loopback"]

SERVERS = Path(__file__).parent / "servers"
LONG_FOLDERS = (
    "ministack",
    "browser",
    "crash",
    "cdk_min",
    "core/cli",
    "core/media",
    "core/backends",
    "core/maintenance",
)
"""Their files take longest. They come first, so that no process works alone at the end.

They come in turn, because tests of some folders wait and those of others compute.
"""
MEMORY_FOLDER, MEMORY_BYTES = Path("/dev/shm"), 2**31
"""A folder in memory on Linux, and the free space that a run of all tests needs there with a wide margin."""


def pytest_configure() -> None:
    """Create the homes of tests in memory if there is room, because thousands of disk flushes take minutes.

    What a kill of a process leaves is the same there. Set TMPDIR to choose another folder.
    """
    if "TMPDIR" in os.environ or not MEMORY_FOLDER.is_dir():
        return
    found = os.statvfs(MEMORY_FOLDER)
    executable = not found.f_flag & getattr(os, "ST_NOEXEC", 0)  # tests import packages that they build
    if executable and found.f_bavail * found.f_frsize > MEMORY_BYTES and os.access(MEMORY_FOLDER, os.W_OK):
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY_FOLDER)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the files: first those of LONG_FOLDERS, one of each folder after the other."""
    turns: dict[Path, tuple[int, int]] = {}
    for number, folder in enumerate(LONG_FOLDERS):
        within = f"tests/{folder}/"
        files = dict.fromkeys(item.path for item in items if item.nodeid.startswith(within))
        turns |= {file: (turn, number) for turn, file in enumerate(files)}
    last = len(turns), 0
    items.sort(key=lambda item: turns.get(item.path, last))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Run three processes on two processors, because tests of processes and of browsers often wait."""
    return -(-3 * (os.cpu_count() or 1) // 2)


def pytest_collection_finish() -> None:
    """Keep Python's garbage collector from looking at thousands of tests and modules again and again."""
    gc.collect()
    gc.freeze()


class MovableClock:
    """A clock that only moves on demand."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> datetime:
        """Move by hours=, minutes=, seconds= ..., and return the new time."""
        self.now += timedelta(**by)
        return self.now


@pytest.fixture
def clock() -> MovableClock:
    """Return a clock at noon on 2 November 2026, UTC."""
    return MovableClock(datetime(2026, 11, 2, 12, tzinfo=UTC))


@pytest.fixture
def contrast() -> Callable[[Sequence[int], Sequence[int]], float]:
    """Return the contrast of two colours, each red, green and blue from 0 to 255, as WCAG 2 defines it."""

    def luminance(colour: Sequence[int]) -> float:
        parts = [part / 255 for part in colour]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    def ratio(one: Sequence[int], other: Sequence[int]) -> float:
        darker, lighter = sorted((luminance(one), luminance(other)))
        return (lighter + 0.05) / (darker + 0.05)

    return ratio


@pytest.fixture
def store(tmp_path, clock) -> Iterator[Store]:
    """Return an engine's store that holds only the default group."""
    store = Store(tmp_path / "engine.db", now=clock())
    yield store
    store.close()


@pytest.fixture
def api(store, clock) -> Api:
    """Return the engine's API on that store. Nothing fires its schedules."""
    return Api(store, clock)


@pytest.fixture
def clients(api) -> Clients:
    """Return boto3 clients of the engine, in this process."""
    return local_clients(api)


@pytest.fixture
def engine_client(clients):
    """Return boto3's scheduler client of the engine, in this process."""
    return clients.scheduler


@pytest.fixture(scope="session")
def aws_session() -> boto3.session.Session:
    """Return one boto3 session for all tests, because it takes long to read the service models."""
    return boto3.session.Session(region_name="us-east-1")


@pytest.fixture
def moto_client(cloud_clients):
    """Return boto3's scheduler client on moto."""
    with mock_aws():
        yield cloud_clients("scheduler")


@pytest.fixture
def serialized_moto(monkeypatch) -> None:
    """Serialize the requests of all clients to moto, as SerializedClient does for one client."""
    lock, respond = threading.Lock(), BotocoreStubber.__call__

    def serialized(*arguments: Any, **options: Any) -> Any:
        with lock:
            return respond(*arguments, **options)

    monkeypatch.setattr(BotocoreStubber, "__call__", serialized)


class SerializedClient:
    """A client that sends one request at a time. Requests are atomic in DynamoDB, but not in moto under threads."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._lock = threading.Lock()

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        request = getattr(self._client, operation)

        def serialized(**parameters: Any) -> Any:
            with self._lock:
                return request(**parameters)

        return serialized


@pytest.fixture
def dynamodb(cloud_clients) -> Iterator[SerializedClient]:
    """Return boto3's DynamoDB client on moto with an empty ledger table, `punctual`."""
    with mock_aws():
        client = cloud_clients("dynamodb")
        client.create_table(**table_definition("punctual"))
        yield SerializedClient(client)


@pytest.fixture
def table(dynamodb, clock) -> Table:
    """Return that table, without pauses between retries."""
    return Table(dynamodb, "punctual", clock, pause=lambda seconds: None)


class EngineServer:
    """A server on loopback that passes each request to the HttpApi of the current test."""

    def __init__(self) -> None:
        self.http_api: HttpApi | None = None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    async def __call__(self, scope, receive, send) -> None:
        await self.http_api(scope, receive, send)


@pytest.fixture(scope="session")
def engine_server() -> Iterator[EngineServer]:
    """Start one server for all tests, because one for each test would take most of the time."""
    server = EngineServer()
    uvicorn_server = uvicorn.Server(uvicorn.Config(server, lifespan="off", log_level="warning"))
    thread = threading.Thread(target=uvicorn_server.run, kwargs={"sockets": [server.listener]})
    thread.start()
    yield server
    uvicorn_server.should_exit = True
    thread.join()
    server.listener.close()


@pytest.fixture
def credentials() -> Credentials:
    """Return the engine's key pair."""
    return Credentials.generate()


@pytest.fixture
def engine_url(engine_server, api, credentials) -> str:
    """Return the URL of the engine's HTTP API."""
    engine_server.http_api = HttpApi(api, credentials, real_clock)
    return engine_server.url


@pytest.fixture
def http_client(aws_session, engine_url, credentials):
    """Return boto3's scheduler client on the engine, over HTTP with signatures."""
    client = aws_session.client(
        "scheduler",
        endpoint_url=engine_url,
        aws_access_key_id=credentials.access_key_id,
        aws_secret_access_key=credentials.secret_access_key,
        config=Config(retries={"total_max_attempts": 1}),
    )
    yield client
    client.close()


@contextmanager
def _process(command: list[str], **options: Any) -> Iterator[subprocess.Popen[str]]:
    """Run a process, and kill it at the end."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def mastodon_server() -> Iterator[str]:
    """Start mastodon_mock, a third-party server, and return its URL. The token of its user is `mock_token`."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    options = ["--in-memory", "--host", "127.0.0.1", "--port", str(port), "--log-level", "critical"]
    with _process([sys.executable, "-m", "mastodon_mock", "serve", *options], stderr=subprocess.DEVNULL):
        for _ in range(300):
            with suppress(requests.ConnectionError):
                requests.get(f"http://127.0.0.1:{port}/api/v2/instance", timeout=5)
                break
            time.sleep(0.1)
        else:
            pytest.fail("mastodon_mock does not start")
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def fake_pds() -> Iterator[str]:
    """Start the fake Bluesky server and return its URL."""
    with _process([sys.executable, str(SERVERS / "fake_pds.py")]) as process:
        yield json.loads(process.stdout.readline())["address"]


@pytest.fixture(scope="session")
def real_pds(tmp_path_factory) -> Iterator[str]:
    """Start Bluesky's own server and return its URL."""
    node = next(SERVERS.glob("node_modules/node-linux-*/bin/node"), shutil.which("node"))
    if not (SERVERS / "node_modules/@atproto/pds").exists() or node is None:
        pytest.skip("no Bluesky server is installed; tests/servers/install.sh installs one")
    folder = tmp_path_factory.mktemp("pds")
    command = [str(node), str(SERVERS / "bluesky.mjs"), str(folder)]
    with _process(command, cwd=SERVERS, env={"PATH": "/usr/bin:/bin", "LOG_ENABLED": "false"}) as process:
        line = process.stdout.readline()
        if not line:
            pytest.skip("the installed Bluesky server does not start; run tests/servers/install.sh again")
        yield json.loads(line)["address"]
