"""EventBridge Scheduler's API, and Lambda's Invoke, answered from the store."""

from collections.abc import Mapping

from core.engine.store import Store
from core.moments import Clock

Answer = tuple[int, dict[str, str], bytes]
"""Status, headers, body."""


class Api:
    """Answers requests of the AWS wire protocol, without network and without signatures."""

    def __init__(
        self, store: Store, clock: Clock, *, account: str = "000000000000", region: str = "us-east-1"
    ) -> None: ...

    def answer(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answer one request. `path` and `query` are as sent, percent-encoded. Never raises."""
        raise NotImplementedError
