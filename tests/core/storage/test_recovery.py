import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.storage.database import Database, DatabaseDamaged, StorageError
from core.storage.recovery import damaged_files, last_damaged_at, open_or_recreate

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


@pytest.fixture
def recreate(path, first_version):
    """Overwrite the database of notes with this content and open it."""

    def recreate(content: bytes, now: datetime = NOW) -> Database:
        path.write_bytes(content)
        return open_or_recreate(path, first_version, now=now)

    return recreate


def test_a_folder_that_cannot_be_created_is_named(tmp_path, first_version):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"file/kept/notes\.db could not be read or written: Not a directory"):
        open_or_recreate(tmp_path / "file" / "kept" / "notes.db", first_version, now=NOW)


def test_a_file_that_is_no_database_is_renamed_unchanged_and_a_new_one_is_created(recreate, path, add, texts):
    content = b"not a SQLite database" * 200
    database = recreate(content)
    database.write(add("new"))
    assert texts(database) == ["new"]
    database.close()
    (damaged,) = damaged_files(path)
    assert damaged.name == "notes.db.damaged-20261102T120000Z"
    assert damaged.read_bytes() == content


def test_damage_in_the_middle_of_a_file_is_found_at_start(path, first_version, add):
    database = Database(path, first_version)
    database.write(lambda connection: [add(f"{number} " + "x" * 500)(connection) for number in range(200)])
    database.close()
    with path.open("r+b") as file:
        file.seek(4096 * 5)
        file.write(b"\xff" * 4096 * 3)
    damaged = path.read_bytes()
    database = Database(path, first_version)
    with pytest.raises(DatabaseDamaged, match=r"notes\.db is damaged"):
        database.check()
    database.close()
    open_or_recreate(path, first_version, now=NOW).close()
    assert damaged_files(path)[0].read_bytes() == damaged


def test_a_damaged_file_is_closed_before_it_is_renamed(recreate, path, monkeypatch):
    opened, connect = [], sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda *args, **options: opened.append(connect(*args, **options)) or opened[-1]
    )
    rename = Path.rename

    def rename_closed(source, target):
        for connection in opened:
            with pytest.raises(sqlite3.ProgrammingError, match="closed"):
                connection.execute("SELECT 1")
        return rename(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", rename_closed)
        recreate(b"no database" * 500).close()
    assert damaged_files(path)


def test_a_second_damaged_file_does_not_replace_the_first(recreate, path):
    for content in (b"first" * 1000, b"second" * 1000):
        recreate(content).close()
    assert [file.read_bytes()[:5] for file in damaged_files(path)] == [b"first", b"secon"]


def test_the_time_of_the_last_damage_is_known(recreate, path):
    assert last_damaged_at(path) is None
    for now in (NOW, NOW, NOW + timedelta(hours=1)):
        recreate(b"no database" * 500, now).close()
    path.with_name("notes.db.damaged-by-another-name").touch()
    assert last_damaged_at(path) == NOW + timedelta(hours=1, seconds=1)
