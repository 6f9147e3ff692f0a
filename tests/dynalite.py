"""dynalite, an emulator of DynamoDB in a process of its own. DYNAMODB_URL may name another, such as DynamoDB Local."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config

from core.ledger.dynamodb_layout import table_definition
from core.ledger.dynamodb_transactions import Table

SERVERS = Path(__file__).parent / "servers"
KEY = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}


@pytest.fixture(scope="session")
def dynamodb_url(request: pytest.FixtureRequest) -> str:
    """Return the URL of the emulator."""
    return os.environ.get("DYNAMODB_URL") or request.getfixturevalue("dynalite")


@pytest.fixture(scope="session")
def dynalite() -> Iterator[str]:
    """Start dynalite and return its URL."""
    node = next(SERVERS.glob("node_modules/node-linux-*/bin/node"), shutil.which("node"))
    if not (SERVERS / "node_modules/dynalite").exists() or node is None:
        pytest.skip("dynalite is not installed; tests/servers/install.sh installs it")
    command = [str(node), str(SERVERS / "dynalite.cjs")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()


@pytest.fixture(scope="session")
def make_table() -> Callable[[Any], str]:
    """Create an empty table with a client, and return its name."""

    def make(client: Any) -> str:
        name = f"punctual-{secrets.token_hex(4)}"
        client.create_table(**table_definition(name))
        while client.describe_table(TableName=name)["Table"]["TableStatus"] != "ACTIVE":
            continue
        return name

    return make


@pytest.fixture(scope="session")
def dynalite_client(dynamodb_url, aws_session) -> Iterator[Any]:
    """Return one boto3 client of the emulator for all tests."""
    client = aws_session.client("dynamodb", endpoint_url=dynamodb_url, config=Config(max_pool_connections=20), **KEY)
    yield client
    client.close()


@pytest.fixture
def dynalite_table(dynalite_client, make_table, clock) -> Table:
    """Return an empty table in the emulator, without pauses between retries."""
    return Table(dynalite_client, make_table(dynalite_client), clock, pause=lambda seconds: None)
