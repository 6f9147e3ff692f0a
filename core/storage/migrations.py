"""Migrations: SQL scripts that bring a SQLite file to the latest schema version in one transaction."""

import sqlite3
from collections.abc import Iterator, Sequence


def schema_version(connection: sqlite3.Connection) -> int:
    """Return the number of migrations that were applied to the file."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def migrate(connection: sqlite3.Connection, migrations: Sequence[str]) -> None:
    """Apply the missing migrations in one transaction.

    If several processes do so at the same time, the first one migrates, and the others find nothing to do.
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
    """Split a script at each line end that completes a statement, because executescript would commit first."""
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""
    if pending.strip():
        yield pending
