"""What tests of several folders share."""

import json
import shutil
import socket
import subprocess
import sys
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
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber

from core.engine.api import Api
from core.engine.clients import Clients, local_clients
from core.engine.server import HttpApi
from core.engine.signatures import Credentials
from core.engine.store import Store
from core.ledger.items import table_definition
from core.ledger.table import Table
from core.time.instants import real_clock

pytest_plugins = ["tests.core.cloud", "tests.loopback"]  # fixtures of several folders

SERVERS = Path(__file__).parent / "servers"


class MovableClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> datetime:
        """Move by hours=, minutes=, seconds= ... and return the new time."""
        self.now += timedelta(**by)
        return self.now


@pytest.fixture
def clock() -> MovableClock:
    """A clock that stands at noon on 2 November 2026, UTC."""
    return MovableClock(datetime(2026, 11, 2, 12, tzinfo=UTC))


@pytest.fixture
def contrast() -> Callable[[Sequence[int], Sequence[int]], float]:
    """The contrast of two colours, given as red, green and blue from 0 to 255, as WCAG 2 defines it."""

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
    """An engine's store with nothing in it but the default group."""
    store = Store(tmp_path / "engine.db", now=clock())
    yield store
    store.close()


@pytest.fixture
def api(store, clock) -> Api:
    """The engine's API on that store; nothing fires."""
    return Api(store, clock)


@pytest.fixture
def clients(api) -> Clients:
    """Clients that the engine answers in this process."""
    return local_clients(api)


@pytest.fixture
def engine_client(clients):
    """boto3's scheduler client on the engine, in this process."""
    return clients.scheduler


@pytest.fixture(scope="session")
def aws_session() -> boto3.session.Session:
    """A boto3 session that makes clients quickly once it has read the service models."""
    return boto3.session.Session(region_name="us-east-1")


@pytest.fixture
def moto_client(aws_session):
    """boto3's scheduler client on moto."""
    with mock_aws():
        yield aws_session.client("scheduler", aws_access_key_id="x", aws_secret_access_key="x")


@pytest.fixture
def serialized_moto(monkeypatch) -> None:
    """Let moto answer one request after the other, whichever client they come from, as `SerializedClient` does for one."""
    turn, answer = threading.Lock(), BotocoreStubber.__call__

    def in_turn(*arguments: Any, **options: Any) -> Any:
        with turn:
            return answer(*arguments, **options)

    monkeypatch.setattr(BotocoreStubber, "__call__", in_turn)


class SerializedClient:
    """A client whose requests are let in one by one: those of DynamoDB are atomic, moto's fall apart under threads."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._turn = threading.Lock()

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        request = getattr(self._client, operation)

        def in_turn(**parameters: Any) -> Any:
            with self._turn:
                return request(**parameters)

        return in_turn


@pytest.fixture
def dynamodb(aws_session) -> Iterator[SerializedClient]:
    """boto3's DynamoDB client on moto, which holds the ledger's table, empty, under the name `punctual`."""
    with mock_aws():
        client = aws_session.client("dynamodb", aws_access_key_id="x", aws_secret_access_key="x")
        client.create_table(**table_definition("punctual"))
        yield SerializedClient(client)


@pytest.fixture
def table(dynamodb, clock) -> Table:
    """That table; whoever must try again does so at once."""
    return Table(dynamodb, "punctual", clock, pause=lambda seconds: None)


class Socket:
    """A server on 127.0.0.1 that passes each request to the HttpApi of the current test."""

    def __init__(self) -> None:
        self.http_api: HttpApi | None = None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    async def __call__(self, scope, receive, send) -> None:
        await self.http_api(scope, receive, send)


@pytest.fixture(scope="session")
def server() -> Iterator[Socket]:
    """A socket that is served for all tests: starting one for each would take most of their time."""
    served = Socket()
    uvicorn_server = uvicorn.Server(uvicorn.Config(served, lifespan="off", log_level="warning"))
    thread = threading.Thread(target=uvicorn_server.run, kwargs={"sockets": [served.listener]})
    thread.start()
    yield served
    uvicorn_server.should_exit = True
    thread.join()
    served.listener.close()


@pytest.fixture
def credentials() -> Credentials:
    """The engine's key pair."""
    return Credentials.generate()


@pytest.fixture
def engine_url(server, api, credentials) -> str:
    """Where the engine answers over HTTP."""
    server.http_api = HttpApi(api, credentials, real_clock)
    return server.url


@pytest.fixture
def http_client(aws_session, engine_url, credentials):
    """boto3's scheduler client on the engine, over HTTP and signed."""
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
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def mastodon_server() -> Iterator[str]:
    """A Mastodon server that others wrote, as a process of its own; its user's token is `mock_token`."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    where = ["--in-memory", "--host", "127.0.0.1", "--port", str(port), "--log-level", "critical"]
    with _process([sys.executable, "-m", "mastodon_mock", "serve", *where], stderr=subprocess.DEVNULL):
        for _ in range(300):
            with suppress(requests.ConnectionError):
                requests.get(f"http://127.0.0.1:{port}/api/v2/instance", timeout=5)
                break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def fake_pds() -> Iterator[str]:
    """A stand-in for a Bluesky server, as a process of its own."""
    with _process([sys.executable, str(SERVERS / "fake_pds.py")]) as process:
        yield json.loads(process.stdout.readline())["address"]


@pytest.fixture(scope="session")
def real_pds(tmp_path_factory) -> Iterator[str]:
    """Bluesky's own server, as a process of its own."""
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
