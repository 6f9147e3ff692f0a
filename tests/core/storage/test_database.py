import os
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from core.storage.database import (
    Busy,
    Damaged,
    Database,
    NewerDatabase,
    StorageFault,
    last_set_aside,
    open_sound,
    set_aside_files,
)

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
NOTES = "CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);\n"
COLOURS = "ALTER TABLE note ADD COLUMN colour TEXT NOT NULL DEFAULT 'white';\nUPDATE note SET colour = 'grey';\n"
INDEXES = "CREATE INDEX note_colour ON note (colour);\n"
VERSIONS = (NOTES, COLOURS, INDEXES)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "notes.db"


@pytest.fixture
def database(path):
    database = Database(path, [NOTES])
    yield database
    database.close()


def add(text):
    return lambda connection: connection.execute("INSERT INTO note (text) VALUES (?)", (text,)).lastrowid


def fill(database):
    for number in range(1000):
        database.write(add(f"{number} " + "x" * 1000))


def add_pair(number):
    return lambda connection: [add(f"{number}{half}")(connection) for half in "ab"]


def texts(database):
    return [row["text"] for row in database.read("SELECT text FROM note ORDER BY id")]


def test_what_was_written_is_read(database):
    assert database.write(add("one")) == 1
    assert texts(database) == ["one"]


def test_an_intent_that_raises_undoes_itself_and_raises_for_its_caller(database):
    def work(connection):
        add("half")(connection)
        raise LookupError("changed my mind")

    with pytest.raises(LookupError, match="changed my mind"):
        database.write(work)
    assert texts(database) == []


@pytest.fixture
def together(database):
    """Bring intents while another holds the turn, so that they share a commit; return what each came to."""

    def bring_all(intents):
        go_on, started, outcomes = threading.Event(), threading.Event(), {}

        def holding(connection):
            started.set()
            go_on.wait(5)

        def bring(name, write, work):
            try:
                outcomes[name] = write(work)
            except (ValueError, sqlite3.IntegrityError) as error:
                outcomes[name] = type(error)

        threads = [threading.Thread(target=database.write, args=(holding,))]
        threads[0].start()
        started.wait(5)
        for number, (name, (write, work)) in enumerate(intents.items(), 1):
            threads.append(threading.Thread(target=bring, args=(name, write, work)))
            threads[-1].start()
            while len(database._waiting) < number:
                pass
        go_on.set()
        for thread in threads:
            thread.join(5)
        return outcomes

    return bring_all


def test_intents_that_share_a_commit_fail_and_succeed_each_for_itself(database, together):
    def failing(connection):
        add("never")(connection)
        raise ValueError

    works = {"a": add("a"), "failing": failing, "b": add("b"), "twin": add("b")}
    outcomes = together({name: (database.write, work) for name, work in works.items()})
    assert outcomes == {"a": 1, "failing": ValueError, "b": 2, "twin": sqlite3.IntegrityError}
    assert texts(database) == ["a", "b"]


def test_many_threads_lose_nothing(database):
    def bring(start):
        for number in range(start, start + 50):
            database.write(add(str(number)))

    threads = [threading.Thread(target=bring, args=(start,)) for start in range(0, 400, 50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(int, texts(database))) == list(range(400))


def test_a_snapshot_does_not_see_what_is_written_meanwhile(database):
    database.write(add("before"))
    with database.snapshot() as connection:
        assert connection.execute("SELECT count(*) FROM note").fetchone()[0] == 1
        database.write(add("after"))
        assert connection.execute("SELECT count(*) FROM note").fetchone()[0] == 1
    assert texts(database) == ["before", "after"]


def synchronous(connection):
    return connection.execute("PRAGMA synchronous").fetchone()[0]


def test_writing_waits_for_the_disk_unless_it_is_told_not_to(database):
    """SQLite's own names for it: 2 is FULL, 1 is NORMAL."""
    assert database.write(synchronous) == 2
    assert database.write_unflushed(synchronous) == 1
    assert database.write(synchronous) == 2


def test_a_commit_that_one_intent_needs_on_disk_is_flushed_for_all(database, together):
    assert together({"light": (database.write_unflushed, synchronous), "heavy": (database.write, synchronous)}) == {
        "light": 2,
        "heavy": 2,
    }


def test_what_was_written_unflushed_is_read_by_others_at_once(database, path):
    database.write_unflushed(add("one"))
    other = Database(path, [NOTES])
    assert texts(other) == ["one"]
    other.close()


def test_a_newer_version_is_refused_and_not_touched(path):
    Database(path, VERSIONS).close()
    before = path.read_bytes()
    with pytest.raises(NewerDatabase, match="schema version 3; this version of Punctual knows 1"):
        Database(path, [NOTES])
    assert path.read_bytes() == before


def test_only_the_owner_may_read_the_file(database, path):
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("opened", [Database, partial(open_sound, now=NOW)])
def test_a_folder_that_cannot_be_made_is_named(tmp_path, opened):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageFault, match=r"file/kept/notes\.db could not be read or written: Not a directory"):
        opened(tmp_path / "file" / "kept" / "notes.db", [NOTES])


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind root")
def test_a_read_only_folder_is_named(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StorageFault, match=r"notes\.db could not be read or written: .*[Pp]ermission"):
            Database(tmp_path / "notes.db", [NOTES])
    finally:
        tmp_path.chmod(0o700)


def test_a_full_disk_is_named_and_costs_nothing_that_was_written(database, path):
    database.write(add("kept"))
    database.write(lambda connection: connection.execute("PRAGMA max_page_count = 1"))
    with pytest.raises(StorageFault, match=r"notes\.db could not be read or written: database or disk is full"):
        fill(database)
    kept = texts(database)
    assert "kept" in kept
    database.write(lambda connection: connection.execute("PRAGMA max_page_count = 100000"))
    database.write(add("room again"))
    assert texts(database) == [*kept, "room again"]


def test_a_disk_that_fills_under_one_intent_fails_all_that_shared_the_commit_and_none_is_half_written(database):
    database.write(lambda connection: connection.execute("PRAGMA max_page_count = 10"))
    with pytest.raises(StorageFault):
        database.write(lambda connection: [add(f"{number} " + "x" * 1000)(connection) for number in range(100)])
    assert texts(database) == []


def test_a_file_that_is_no_database_is_set_aside_unchanged_and_a_new_one_begun(path):
    path.write_bytes(b"these are not the bytes you are looking for" * 100)
    database = open_sound(path, [NOTES], now=NOW)
    database.write(add("new"))
    assert texts(database) == ["new"]
    database.close()
    (aside,) = set_aside_files(path)
    assert aside.name == "notes.db.damaged-20261102T120000Z"
    assert aside.read_bytes().startswith(b"these are not the bytes")


def test_damage_in_the_middle_of_a_file_is_found_at_the_start(path):
    database = Database(path, [NOTES])
    database.write(lambda connection: [add(f"{number} " + "x" * 500)(connection) for number in range(200)])
    database.close()
    with path.open("r+b") as file:
        file.seek(4096 * 5)
        file.write(b"\xff" * 4096 * 3)
    damaged = path.read_bytes()
    database = Database(path, [NOTES])
    with pytest.raises(Damaged, match=r"notes\.db is damaged"):
        database.check()
    database.close()
    open_sound(path, [NOTES], now=NOW).close()
    assert set_aside_files(path)[0].read_bytes() == damaged


def test_a_file_that_somebody_keeps_to_himself_is_called_busy_and_not_full(path, monkeypatch):
    monkeypatch.setattr("core.storage.database.BUSY_SECONDS", 0.05)
    database = Database(path, [NOTES])
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Busy, match="locked") as refusal:
            database.write(add("too soon"))
    assert "Close what holds it" in refusal.value.hint
    database.write(add("in time"))
    assert texts(database) == ["in time"]
    database.close()


def test_a_damaged_file_is_closed_before_it_is_set_aside(path, monkeypatch):
    opened, connect = [], sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda *args, **options: opened.append(connect(*args, **options)) or opened[-1]
    )
    path.write_bytes(b"no database" * 500)
    rename = Path.rename

    def rename_closed(source, target):
        for connection in opened:
            with pytest.raises(sqlite3.ProgrammingError, match="closed"):
                connection.execute("SELECT 1")
        return rename(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", rename_closed)
        open_sound(path, [NOTES], now=NOW).close()
    assert set_aside_files(path)


def test_a_second_damaged_file_does_not_replace_the_first_that_was_set_aside(path):
    for content in (b"first" * 1000, b"second" * 1000):
        path.write_bytes(content)
        open_sound(path, [NOTES], now=NOW).close()
    assert [file.read_bytes()[:5] for file in set_aside_files(path)] == [b"first", b"secon"]


def test_when_a_file_was_last_set_aside_is_known(path):
    assert last_set_aside(path) is None
    for now in (NOW, NOW, NOW + timedelta(hours=1)):
        path.write_bytes(b"no database" * 500)
        open_sound(path, [NOTES], now=now).close()
    path.with_name("notes.db.damaged-by-the-cat").touch()
    assert last_set_aside(path) == NOW + timedelta(hours=1, seconds=1)


@pytest.mark.parametrize("method", ["write", "write_unflushed"])
def test_a_killed_process_loses_nothing_that_was_acknowledged(path, method):
    script = f"""
from pathlib import Path
from core.storage.database import Database
database = Database(Path({str(path)!r}), [{NOTES!r}])
for number in range(1_000_000):
    database.{method}(lambda connection: connection.execute("INSERT INTO note (text) VALUES (?)", (str(number),)))
    print(number, flush=True)
"""
    root = Path(__file__).parents[3]
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=root) as process:
        acknowledged = [process.stdout.readline() for _ in range(200)]
        process.send_signal(signal.SIGKILL)
        acknowledged += process.stdout.readlines()
    database = Database(path, [NOTES])
    database.check()
    kept = set(texts(database))
    database.close()
    assert {line.strip() for line in acknowledged if line.endswith("\n")} <= kept
