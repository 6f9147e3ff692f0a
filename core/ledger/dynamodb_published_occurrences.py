"""The published occurrences that this process has read, so that History reads the receipts of each only once."""

from threading import Lock

from core.ledger.dynamodb_layout import Item
from core.ledger.port import Occurrence
from core.ledger.states import outcome

KEPT = 2000


class PublishedOccurrences:
    """Keeps occurrences whose outcome is final: each destination is published, and the relay has reported the end.

    No later receipt changes that outcome. Each other occurrence is read again, whatever its age: a person may retry it.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Occurrence] = {}
        self._lock = Lock()

    def get(self, item: Item) -> Occurrence | None:
        """Return the occurrence of an item, or None if it must be read."""
        return self._kept.get(_key(item))

    def keep(self, item: Item, occurrence: Occurrence) -> None:
        """Keep an occurrence if its outcome is final. The oldest ones make room."""
        reported = any(receipt.kind == "handed_over" for receipt in occurrence.receipts)
        if not reported or any(each.state != "published" for each in outcome(occurrence).destinations):
            return
        with self._lock:
            self._kept[_key(item)] = occurrence
            while len(self._kept) > KEPT:
                del self._kept[next(iter(self._kept))]


def _key(item: Item) -> tuple[str, str]:
    return str(item["occurrence_key"]), str(item["version"])
