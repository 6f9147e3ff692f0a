"""The built-in outbox: it takes anything, at once, and the same occurrence only once."""

from typing import Any

from core.outbox import Entry
from core.publishing.network import Outgoing, Parts, Published, Result


class OutboxNetwork:
    """Publishes into the feed that the dashboard shows."""

    limit = None

    def __init__(self, parts: Parts) -> None:
        self._outbox = parts.outbox
        self._clock = parts.clock

    def prepare(self, outgoing: Outgoing) -> dict[str, Any] | None:
        return None

    def publish(self, outgoing: Outgoing) -> Result:
        now = self._clock()
        self._outbox.add(
            Entry(
                occurrence_key=outgoing.occurrence_key, post_id=outgoing.post_id, text=outgoing.text, published_at=now
            )
        )
        return Published(at=now, url=f"/outbox?post={outgoing.occurrence_key}")


def network(parts: Parts) -> OutboxNetwork:
    """Return this network."""
    return OutboxNetwork(parts)
