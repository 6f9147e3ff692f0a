"""The labels of one machine, in punctual.db (core/ledger/labels.sql)."""

import sqlite3
from collections.abc import Callable, Iterable

from core.labels.label import Label, in_order, stored_names, with_label, with_names, with_restored, without_label
from core.storage.database import Database

_ALL = "SELECT name, colour FROM label"


class SqliteLabels:
    """The labels port on the SQLite file that also holds the plans."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> tuple[Label, ...]:
        return _read(self._database.read(_ALL))

    def add(self, names: Iterable[str]) -> tuple[str, ...]:
        wanted, labels = list(names), self.all()
        if with_names(labels, wanted) != labels:
            labels = self._change(lambda labels: with_names(labels, wanted))
        return stored_names(labels, wanted)

    def change(self, name: str, changed: Label) -> None:
        self._change(lambda labels: with_label(labels, name, changed))

    def restore(self, label: Label) -> None:
        self._change(lambda labels: with_restored(labels, label))

    def delete(self, name: str) -> None:
        self._change(lambda labels: without_label(labels, name))

    def _change(self, change: Callable[[tuple[Label, ...]], tuple[Label, ...]]) -> tuple[Label, ...]:
        def work(connection: sqlite3.Connection) -> tuple[Label, ...]:
            before = _read(connection.execute(_ALL).fetchall())
            after = change(before)
            gone, new = set(before) - set(after), set(after) - set(before)
            connection.executemany("DELETE FROM label WHERE key = ?", [(each.key,) for each in gone])
            connection.executemany(
                "INSERT INTO label (key, name, colour) VALUES (?, ?, ?)",
                [(each.key, each.name, each.colour) for each in new],
            )
            return after

        return self._database.write(work)


def _read(rows: Iterable[sqlite3.Row]) -> tuple[Label, ...]:
    return in_order(Label(name=row["name"], colour=row["colour"]) for row in rows)
