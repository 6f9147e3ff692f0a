"""The ledger's table, reached through clients with which something is wrong."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from core.ledger.table import Table


class Tampered:
    """A client that does something of its own before, or instead of, each request for an operation."""

    def __init__(self, client: Any, **tampering: Callable[..., Any]) -> None:
        self._client = client
        self._tampering = tampering
        self.asked: Counter[str] = Counter()
        self._counting = threading.Lock()

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        request = getattr(self._client, operation)
        tamper = self._tampering.get(operation, lambda request, **parameters: request(**parameters))

        def counted(**parameters: Any) -> Any:
            with self._counting:
                self.asked[operation] += 1
            return tamper(request, **parameters)

        return counted


@pytest.fixture
def tampered(dynamodb) -> Callable[..., Tampered]:
    """Build a client with which something is wrong."""
    return lambda **tampering: Tampered(dynamodb, **tampering)


@pytest.fixture
def pauses() -> list[float]:
    """How long was waited, each time."""
    return []


@pytest.fixture
def table_of(clock, pauses) -> Callable[[Any], Table]:
    """Reach the table through a client."""
    return lambda client: Table(client, "punctual", clock, pause=pauses.append)
