"""The labels on AWS, in the ledger's table (core/ledger/dynamodb_layout.py).

All of them are one item with the key `labels` and `labels`, and the attribute `labels` (JSON).
"""

from collections.abc import Callable, Iterable

from core.labels.label import LABELS, Label, stored_names, with_label, with_names, with_restored, without_label
from core.ledger.dynamodb_layout import Item, Key
from core.ledger.dynamodb_transactions import Table, Transaction

_KEY: Key = ("labels", "labels")


class DynamoLabels:
    """The labels port on a table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def all(self) -> tuple[Label, ...]:
        (item,) = self._table.get([_KEY])
        return _read(item)

    def add(self, names: Iterable[str]) -> tuple[str, ...]:
        wanted = list(names)
        return stored_names(self._change(lambda labels: with_names(labels, wanted)), wanted)

    def change(self, name: str, changed: Label) -> None:
        self._change(lambda labels: with_label(labels, name, changed))

    def restore(self, label: Label) -> None:
        self._change(lambda labels: with_restored(labels, label))

    def delete(self, name: str) -> None:
        self._change(lambda labels: without_label(labels, name))

    def _change(self, change: Callable[[tuple[Label, ...]], tuple[Label, ...]]) -> tuple[Label, ...]:
        def work(transaction: Transaction) -> tuple[Label, ...]:
            before = _read(transaction.get(_KEY))
            after = change(before)
            if after != before:
                pk, sk = _KEY
                transaction.put({"pk": pk, "sk": sk, "labels": LABELS.dump_json(after).decode()})
            return after

        return self._table.write([_KEY], work)


def _read(item: Item | None) -> tuple[Label, ...]:
    return LABELS.validate_json(str(item["labels"])) if item is not None else ()
