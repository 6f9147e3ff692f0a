"""Claims for all ledgers, clients of the table that change or fail requests, and a table for several machines."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from botocore.config import Config

from core.ledger.dynamodb_transactions import Table
from core.ledger.port import ClaimResult, ClaimTerms, Ledger
from core.posts.destinations import Destination
from core.posts.payload import Payload

LEASE = timedelta(seconds=35)
WRITERS = 6
"""The machines that write into one table at the same moment."""


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


@pytest.fixture
def clients(dynamodb_url, aws_session) -> Iterator[list[Any]]:
    """Return a client for each writer."""
    once = Config(retries={"total_max_attempts": 1})
    key = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    made = [aws_session.client("dynamodb", endpoint_url=dynamodb_url, config=once, **key) for _ in range(WRITERS)]
    yield made
    for client in made:
        client.close()


@pytest.fixture
def name(clients, make_table) -> str:
    """Create an empty table and return its name."""
    return make_table(clients[0])


@pytest.fixture
def tables(clients, name, clock) -> list[Table]:
    return [Table(client, name, clock) for client in clients]
