"""Claims for all ledgers, and clients of the table that change or fail requests."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from core.ledger.dynamodb_table import Table
from core.ledger.port import ClaimResult, ClaimTerms, Ledger
from core.posts.destinations import Destination
from core.posts.payload import Payload

LEASE = timedelta(seconds=35)


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
