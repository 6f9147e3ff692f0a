import os
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from core.errors import MachineShortage, PunctualError
from core.storage.database import Database, DatabaseBusy, NewerDatabase, StorageError

ROOT = Path(__file__).parents[3]


def test_a_written_row_can_be_read(database, add, texts):
    assert database.write(add("one")) == 1
    assert texts(database) == ["one"]


def test_a_write_that_raises_is_rolled_back_and_raises_for_its_caller(database, add, texts):
    def work(connection):
        add("half")(connection)
        raise LookupError("a fault in the work")

    with pytest.raises(LookupError, match="a fault in the work"):
        database.write(work)
    assert texts(database) == []


@pytest.fixture
def share_commit(database):
    """Run writes of several threads in one commit, in this order. Return the value or exception type of each."""

    def run(writes):
        released, started, results = threading.Event(), threading.Event(), {}

        def hold(connection):
            started.set()
            released.wait(5)

        def run_write(name, write, work):
            try:
                results[name] = write(work)
            except (ValueError, sqlite3.IntegrityError, PunctualError) as error:
                results[name] = type(error)

        threads = [threading.Thread(target=database.write, args=(hold,))]
        threads[0].start()
        started.wait(5)
        for number, (name, (write, work)) in enumerate(writes.items(), 1):
            threads.append(threading.Thread(target=run_write, args=(name, write, work)))
            threads[-1].start()
            while len(database._pending) < number:
                pass
        released.set()
        for thread in threads:
            thread.join(5)
        return results

    return run


def test_writes_that_share_a_commit_fail_and_succeed_independently(database, share_commit, add, texts):
    def failing(connection):
        add("never")(connection)
        raise ValueError

    works = {"a": add("a"), "failing": failing, "b": add("b"), "twin": add("b")}
    results = share_commit({name: (database.write, work) for name, work in works.items()})
    assert results == {"a": 1, "failing": ValueError, "b": 2, "twin": sqlite3.IntegrityError}
    assert texts(database) == ["a", "b"]


def test_a_failed_commit_replaces_only_the_refusals_that_may_result_from_a_write_it_rolls_back(
    database, share_commit, add, texts
):
    """A deferred foreign key fails at COMMIT. That rolls back the first `twin`, the reason to refuse the second."""
    checked_at_commit = "CREATE TABLE mark (note INTEGER REFERENCES note (id) DEFERRABLE INITIALLY DEFERRED)"
    database.write(lambda connection: connection.execute(checked_at_commit))

    def refused(connection):
        raise ValueError

    def refuse_second(connection):
        if connection.execute("SELECT 1 FROM note WHERE text = 'twin'").fetchone():
            raise ValueError
        add("twin")(connection)

    works = {
        "refused": refused,
        "twin": refuse_second,
        "second twin": refuse_second,
        "orphan": lambda connection: connection.execute("INSERT INTO mark (note) VALUES (404)"),
    }
    results = share_commit({name: (database.write, work) for name, work in works.items()})
    failed = sqlite3.IntegrityError
    assert results == {"refused": ValueError, "twin": failed, "second twin": failed, "orphan": failed}
    assert texts(database) == []
    database.write(add("afterwards"))
    assert texts(database) == ["afterwards"]


def test_the_change_count_differs_after_each_commit_of_any_connection_and_only_then(database, add):
    seen = [database.change_count(), database.change_count()]
    assert seen[0] == seen[1]
    database.write(add("own"))
    seen.append(database.change_count())
    with closing(sqlite3.connect(database.path, isolation_level=None)) as other:
        add("of another")(other)
    seen += [database.change_count(), database.change_count()]
    assert len({*seen}) == 3
    assert seen[3] == seen[4]


def test_concurrent_writes_of_many_threads_are_all_committed(database, add, texts):
    def write_fifty(start):
        for number in range(start, start + 50):
            database.write(add(str(number)))

    threads = [threading.Thread(target=write_fifty, args=(start,)) for start in range(0, 400, 50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(int, texts(database))) == list(range(400))


def test_a_snapshot_does_not_show_later_writes(database, add, texts):
    database.write(add("before"))
    with database.snapshot() as connection:
        assert connection.execute("SELECT count(*) FROM note").fetchone()[0] == 1
        database.write(add("after"))
        assert connection.execute("SELECT count(*) FROM note").fetchone()[0] == 1
    assert texts(database) == ["before", "after"]


def test_the_first_error_of_a_snapshot_is_raised_even_if_it_ended_the_transaction(database, texts):
    def fail(connection):
        connection.execute("ROLLBACK")
        raise LookupError("the reason")

    with pytest.raises(LookupError, match="the reason"), database.snapshot() as connection:
        fail(connection)
    assert texts(database) == []


def synchronous(connection):
    """Return SQLite's setting: 2 is FULL, 1 is NORMAL."""
    return connection.execute("PRAGMA synchronous").fetchone()[0]


def test_only_an_unflushed_write_does_not_wait_for_the_disk(database):
    assert database.write(synchronous) == 2
    assert database.write_unflushed(synchronous) == 1
    assert database.write(synchronous) == 2


def test_a_commit_is_flushed_if_one_of_its_writes_needs_it(database, share_commit):
    writes = {"unflushed": (database.write_unflushed, synchronous), "flushed": (database.write, synchronous)}
    assert share_commit(writes) == {"unflushed": 2, "flushed": 2}


def test_an_unflushed_write_is_visible_to_others_at_once(database, path, first_version, add, texts):
    database.write_unflushed(add("one"))
    other = Database(path, first_version)
    assert texts(other) == ["one"]
    other.close()


def test_a_file_of_a_newer_version_is_refused_and_unchanged(path, migrations, first_version):
    Database(path, migrations).close()
    before = path.read_bytes()
    with pytest.raises(NewerDatabase, match="schema version 3; this version of Punctual knows 1"):
        Database(path, first_version)
    assert path.read_bytes() == before


def test_only_the_owner_may_read_the_file(database, path):
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_folder_that_cannot_be_created_is_named(tmp_path, first_version):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"file/kept/notes\.db could not be read or written: Not a directory"):
        Database(tmp_path / "file" / "kept" / "notes.db", first_version)


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind root")
def test_a_read_only_folder_is_named(tmp_path, first_version):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StorageError, match=r"notes\.db could not be read or written: .*[Pp]ermission"):
            Database(tmp_path / "notes.db", first_version)
    finally:
        tmp_path.chmod(0o700)


def test_a_full_disk_is_reported_and_loses_no_committed_row(database, add, texts):
    database.write(add("kept"))
    database.write(lambda connection: connection.execute("PRAGMA max_page_count = 1"))

    def fill():
        for number in range(1000):
            database.write(add(f"{number} " + "x" * 1000))

    with pytest.raises(MachineShortage, match=r"short of disk space: .*notes\.db cannot be written, and nothing"):
        fill()
    kept = texts(database)
    assert "kept" in kept
    database.write(lambda connection: connection.execute("PRAGMA max_page_count = 100000"))
    database.write(add("room again"))
    assert texts(database) == [*kept, "room again"]


def test_a_write_that_fills_the_disk_is_rolled_back_whole(database, add, texts):
    database.write(lambda connection: connection.execute("PRAGMA max_page_count = 10"))
    with pytest.raises(MachineShortage):
        database.write(lambda connection: [add(f"{number} " + "x" * 1000)(connection) for number in range(100)])
    assert texts(database) == []


def test_a_disk_that_fills_in_one_write_fails_every_write_of_the_commit(database, share_commit, add, texts):
    database.write(lambda connection: connection.execute("PRAGMA max_page_count = 10"))

    def fill(connection):
        for number in range(100):
            add(f"{number} " + "x" * 1000)(connection)

    writes = {"small": (database.write, add("small")), "large": (database.write, fill)}
    assert share_commit(writes) == {"small": MachineShortage, "large": MachineShortage}
    assert texts(database) == []


def test_a_file_that_another_program_locks_is_reported_as_busy(path, first_version, add, texts, monkeypatch):
    monkeypatch.setattr("core.storage.database.BUSY_SECONDS", 0.05)
    database = Database(path, first_version)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseBusy, match="locked") as refusal:
            database.write(add("too soon"))
    assert "Close any other program" in refusal.value.hint
    database.write(add("in time"))
    assert texts(database) == ["in time"]
    database.close()


@pytest.mark.parametrize("method", ["write", "write_unflushed"])
def test_a_killed_process_loses_no_acknowledged_write(path, first_version, texts, method):
    script = f"""
from pathlib import Path
from core.storage.database import Database
database = Database(Path({str(path)!r}), {first_version!r})
for number in range(1_000_000):
    database.{method}(lambda connection: connection.execute("INSERT INTO note (text) VALUES (?)", (str(number),)))
    print(number, flush=True)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        acknowledged = [process.stdout.readline() for _ in range(200)]
        process.send_signal(signal.SIGKILL)
        acknowledged += process.stdout.readlines()
    database = Database(path, first_version)
    database.check()
    kept = set(texts(database))
    database.close()
    assert {line.strip() for line in acknowledged if line.endswith("\n")} <= kept


NO_FREE_HANDLE = """
import os, resource, sys
from pathlib import Path
from core.errors import MachineShortage, PunctualError
from core.storage.database import Database

path, migrations = Path(sys.argv[1]), ("CREATE TABLE note (text TEXT);",)
Database(path, migrations).close()
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
for left in range(4):
    taken = []
    while True:
        try:
            taken.append(os.open(os.devnull, os.O_RDONLY))
        except OSError:
            break
    for _ in range(left):
        os.close(taken.pop())
    try:
        Database(path, migrations).close()
        print("opened")
    except MachineShortage as error:
        print(error)
    for handle in taken:
        os.close(handle)
Database(path, migrations).close()
"""


def test_a_database_that_cannot_be_opened_for_lack_of_file_handles_is_a_shortage(path):
    command = [sys.executable, "-c", NO_FREE_HANDLE, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 4
    assert set(lines) <= {f"This machine is short of file handles: {path} cannot be opened.", "opened"}
    assert lines[0] != "opened"
