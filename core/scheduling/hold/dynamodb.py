"""The hold on AWS, in the ledger's table (core/ledger/dynamodb_layout.py).

It is one item with the key `hold` and `hold`, and the attribute `content` (JSON), which is empty if there is no hold.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from core.ledger import dynamodb_changes as changes
from core.ledger.dynamodb_layout import Item, Key
from core.ledger.dynamodb_transactions import Table, Transaction
from core.ledger.port import Plan, PlanChange
from core.scheduling.hold.port import Hold, check_held

_KEY: Key = ("hold", "hold")


class DynamoHold:
    """The hold port on a table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def read(self) -> Hold | None:
        (item,) = self._table.get([_KEY])
        return _read(item)

    def change(self, change: Callable[[Hold | None], Hold | None]) -> Hold | None:
        def work(transaction: Transaction) -> Hold | None:
            before = _read(transaction.get(_KEY))
            after = change(before)
            if after != before:
                pk, sk = _KEY
                transaction.put({"pk": pk, "sk": sk, "content": after.model_dump_json() if after else ""})
            return after

        return self._table.write([_KEY], work)

    def write(self, change: PlanChange, *, now: datetime, also: Sequence[PlanChange] = ()) -> Plan:
        def work(transaction: Transaction) -> Plan:
            check_held(_read(transaction.get(_KEY)), change)
            transaction.require(_KEY)
            return changes.write(transaction, change, now, also)

        return self._table.write([_KEY, *changes.keys(change, *also)], work)


def _read(item: Item | None) -> Hold | None:
    return Hold.model_validate_json(str(item["content"])) if item and item["content"] else None
