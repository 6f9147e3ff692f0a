"""Claims for all ledgers, clients of the table that change or fail requests, and a table for several machines."""

import os
import secrets
import shutil
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config

from core.ledger.dynamodb_layout import table_definition
from core.ledger.dynamodb_transactions import Table
from core.ledger.port import ClaimResult, ClaimTerms, Ledger
from core.posts.destinations import Destination
from core.posts.payload import Payload

LEASE = timedelta(seconds=35)
WRITERS = 6
"""The machines that write into one table at the same moment."""
SERVER = Path(__file__).parents[2] / "servers" / "dynalite.cjs"


class InterceptedClient:
    """A client that runs a function in place of each request for an operation, and counts the requests."""

    def __init__(self, client: Any, **interceptors: Callable[..., Any]) -> None:
        self._client = client
        self._interceptors = interceptors
        self.sent: Counter[str] = Counter()
        self._counting = threading.Lock()

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        request = getattr(self._client, operation)
        intercept = self._interceptors.get(operation, lambda request, **parameters: request(**parameters))

        def counted(**parameters: Any) -> Any:
            with self._counting:
                self.sent[operation] += 1
            return intercept(request, **parameters)

        return counted


@pytest.fixture
def intercepted(dynamodb) -> Callable[..., InterceptedClient]:
    """Build a client that runs functions in place of requests."""
    return lambda **interceptors: InterceptedClient(dynamodb, **interceptors)


@pytest.fixture
def pauses() -> list[float]:
    """Return the list of all pauses, in seconds."""
    return []


@pytest.fixture
def table_on(clock, pauses) -> Callable[[Any], Table]:
    """Build the table on a client."""
    return lambda client: Table(client, "punctual", clock, pause=pauses.append)


@pytest.fixture
def claim(clock) -> Callable[..., ClaimResult]:
    """Claim a publication in a ledger."""

    def take(by: Ledger, payload: Payload, destination: str = "outbox", **changed: Any) -> ClaimResult:
        terms = ClaimTerms(**{"lease_until": clock() + LEASE, "now": clock(), **changed})
        return by.claim(payload, Destination.parse(destination), terms)

    return take


@pytest.fixture(scope="session")
def url(request: pytest.FixtureRequest) -> str:
    """Return the URL of DynamoDB."""
    return os.environ.get("DYNAMODB_URL") or request.getfixturevalue("dynalite")


@pytest.fixture(scope="session")
def dynalite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Install dynalite for these tests and return its URL."""
    if shutil.which("npm") is None:
        pytest.skip("dynalite comes from npm, which is not installed")
    folder = tmp_path_factory.mktemp("dynalite")
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=1", "dynalite@4.0.0"]
    environment = {**os.environ, "npm_config_cache": str(folder / "cache"), "NODE_PATH": str(folder / "node_modules")}
    installed = subprocess.run(
        [*command, "--prefix", str(folder)], env=environment, capture_output=True, text=True, timeout=120
    )
    if installed.returncode != 0:
        pytest.skip(f"dynalite could not be installed: {installed.stderr.strip()[-200:]}")
    with subprocess.Popen(["node", str(SERVER)], env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()


@pytest.fixture
def clients(url, aws_session) -> Iterator[list[Any]]:
    """Return a client for each writer."""
    once = Config(retries={"total_max_attempts": 1})
    key = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    made = [aws_session.client("dynamodb", endpoint_url=url, config=once, **key) for _ in range(WRITERS)]
    yield made
    for client in made:
        client.close()


@pytest.fixture
def name(clients) -> str:
    """Create an empty table and return its name."""
    name = f"punctual-{secrets.token_hex(4)}"
    clients[0].create_table(**table_definition(name))
    while clients[0].describe_table(TableName=name)["Table"]["TableStatus"] != "ACTIVE":
        continue
    return name


@pytest.fixture
def tables(clients, name, clock) -> list[Table]:
    return [Table(client, name, clock) for client in clients]
