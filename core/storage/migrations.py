"""Migrations: SQL scripts that bring a SQLite file to the latest schema version in one transaction."""

import sqlite3
from collections.abc import Iterator, Sequence


def schema_version(connection: sqlite3.Connection) -> int:
    """Return how many migrations the file has had."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def migrate(connection: sqlite3.Connection, migrations: Sequence[str]) -> None:
    """Run the scripts that the file has not had yet, all or none.

    Several processes may do so at the same time: the first one migrates for all.
    """
    if schema_version(connection) == len(migrations):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for number in range(schema_version(connection) + 1, len(migrations) + 1):
            for statement in _statements(migrations[number - 1]):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _statements(script: str) -> Iterator[str]:
    """Split a script at the line ends where a statement is complete (executescript would commit first)."""
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""
    if pending.strip():
        yield pending
