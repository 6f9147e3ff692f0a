"""Fixtures of storage: a database of notes in three schema versions."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.storage.database import Database


@pytest.fixture
def path(tmp_path) -> Path:
    """Return the path of the database of notes. Nothing exists there yet."""
    return tmp_path / "notes.db"


@pytest.fixture
def migrations() -> tuple[str, ...]:
    """Return three migrations: a table, a column with values, an index."""
    return (
        "CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);\n",
        "ALTER TABLE note ADD COLUMN colour TEXT NOT NULL DEFAULT 'white';\nUPDATE note SET colour = 'grey';\n",
        "CREATE INDEX note_colour ON note (colour);\n",
    )


@pytest.fixture
def first_version(migrations) -> tuple[str, ...]:
    """Return the first migration only."""
    return migrations[:1]


@pytest.fixture
def database(path, first_version) -> Iterator[Database]:
    """Open an empty database of notes in the first version."""
    database = Database(path, first_version)
    yield database
    database.close()


@pytest.fixture
def add() -> Callable[[str], Callable[[sqlite3.Connection], int | None]]:
    """Return the work that adds a note and returns its id."""
    return lambda text: lambda connection: connection.execute("INSERT INTO note (text) VALUES (?)", (text,)).lastrowid


@pytest.fixture
def texts() -> Callable[[Database], list[str]]:
    """Return the texts of all notes in a database."""
    return lambda database: [row["text"] for row in database.read("SELECT text FROM note ORDER BY id")]
