"""When a database is checked at its opening: after each end that was not clean."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.storage.backup import EXCLUDED_SUFFIXES
from core.storage.clean_end import SUFFIX
from core.storage.database import Database, DatabaseDamaged
from core.storage.recovery import damaged_files, open_or_recreate

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.fixture
def checks(monkeypatch) -> list[Path]:
    """Return the list of the files that were checked."""
    checked, check = [], Database.check
    monkeypatch.setattr(Database, "check", lambda database: checked.append(database.path) or check(database))
    return checked


@pytest.fixture
def opened(path, first_version, add):
    """Return a function that opens the database of notes; it has many notes then."""

    def open_notes() -> Database:
        return open_or_recreate(path, first_version, now=NOW)

    database = open_notes()
    database.write(lambda connection: [add(f"{number} " + "x" * 500)(connection) for number in range(200)])
    database.close()
    return open_notes


def damage(path: Path) -> None:
    """Overwrite pages in the middle of a file; the length stays."""
    with path.open("r+b") as file:
        file.seek(4096 * 5)
        file.write(b"\xff" * 4096 * 3)


def test_a_database_that_its_last_user_closed_is_not_checked(opened, checks, path, texts):
    for _ in range(2):  # also after an opening that changed nothing
        database = opened()
        assert len(texts(database)) == 200
        database.close()
    assert checks == []


def test_a_database_without_a_mark_is_checked_once(opened, checks, path):
    """A home of an earlier version has no mark."""
    path.with_name(path.name + SUFFIX).unlink()
    for _ in range(2):
        opened().close()
    assert checks == [path]


def test_a_killed_process_leaves_no_mark(opened, checks, path, first_version):
    script = f"""
import os, signal
from datetime import UTC, datetime
from pathlib import Path
from core.storage.recovery import open_or_recreate
database = open_or_recreate(Path({str(path)!r}), {first_version!r}, now=datetime.now(UTC))
database.write(lambda connection: connection.execute("INSERT INTO note (text) VALUES ('last')"))
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -signal.SIGKILL
    opened().close()
    assert checks == [path]


def test_a_process_that_is_killed_before_its_first_write_leaves_no_mark(opened, checks, path, first_version):
    script = f"""
import os, signal
from datetime import UTC, datetime
from pathlib import Path
from core.storage.recovery import open_or_recreate
database = open_or_recreate(Path({str(path)!r}), {first_version!r}, now=datetime.now(UTC))
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", script], check=False)
    opened().close()
    assert checks == [path]


def test_a_mark_from_before_a_power_cut_does_not_count_beside_a_journal(opened, checks, path):
    """The deletion of the mark may be lost in a power cut. The journal of the open database is on the disk."""
    mark = path.with_name(path.name + SUFFIX)
    content = mark.read_text()
    path.with_name(f"{path.name}-wal").touch()
    assert mark.read_text() == content
    opened().close()
    assert checks == [path]


def test_only_the_last_of_several_users_marks_the_end(opened, checks, path):
    mark = path.with_name(path.name + SUFFIX)
    first, second = opened(), opened()
    first.close()
    assert not mark.exists()
    second.close()
    assert mark.exists()
    opened().close()
    assert checks == []


def test_a_database_that_another_process_has_open_is_not_checked_again(opened, checks, path):
    first = opened()
    opened().close()
    assert checks == []
    first.close()
    assert not list(path.with_name(f"{path.name}.users").iterdir())


def test_another_program_that_has_the_file_open_does_not_count_as_a_user(opened, checks, path):
    """A person may look at the file after a power cut, before Punctual starts."""
    path.with_name(path.name + SUFFIX).unlink()
    other = sqlite3.connect(path)
    other.execute("SELECT * FROM note").fetchone()
    opened().close()
    other.close()
    assert checks == [path]


def test_damage_that_was_found_is_checked_while_another_process_has_the_file_open(opened, checks, path):
    first = opened()
    with pytest.raises(DatabaseDamaged):
        first.write(lambda connection: (_ for _ in ()).throw(sqlite3.DatabaseError("disk image is malformed")))
    opened().close()
    assert checks == [path]
    first.close()


def test_damage_after_a_clean_end_is_found_at_the_next_start(opened, path, texts):
    """The damage follows the end at once, within a tick of the file system's clock, and the length stays."""
    opened().close()
    damage(path)
    database = opened()
    assert texts(database) == []
    database.close()
    assert len(damaged_files(path)) == 1


def test_a_copy_that_keeps_the_times_of_the_file_is_checked(opened, checks, path, tmp_path, first_version):
    home = tmp_path / "copied"
    home.mkdir()
    for file in (path, path.with_name(path.name + SUFFIX)):
        shutil.copy2(file, home)
    open_or_recreate(home / path.name, first_version, now=NOW).close()
    assert checks == [home / path.name]


def test_a_file_that_was_overwritten_with_its_times_kept_is_checked(opened, checks, path, tmp_path):
    before = path.stat()
    path.write_bytes(path.read_bytes())
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    if os.name == "nt":
        pytest.skip("Windows keeps no time of a change of the file's record")
    opened().close()
    assert checks == [path]


def test_a_file_that_another_program_changed_is_checked(opened, checks, path):
    other = sqlite3.connect(path)
    with other:
        other.execute("INSERT INTO note (text) VALUES ('by hand')")
    other.close()
    opened().close()
    assert checks == [path]


def test_damage_that_a_process_found_is_checked_even_if_another_process_closes_last(opened, checks, path):
    first, second = opened(), opened()
    with pytest.raises(DatabaseDamaged):
        first.write(lambda connection: (_ for _ in ()).throw(sqlite3.DatabaseError("disk image is malformed")))
    first.close()
    second.close()
    opened().close()
    assert checks == [path]
    opened().close()
    assert checks == [path]


def test_a_replaced_database_gets_no_mark_from_the_process_that_had_the_old_one(opened, path, tmp_path):
    database = opened()
    path.rename(tmp_path / "aside.db")
    path.write_bytes((tmp_path / "aside.db").read_bytes())
    database.close()
    assert not path.with_name(path.name + SUFFIX).exists()


def test_a_home_that_was_deleted_can_still_be_closed(opened, path):
    database = opened()
    shutil.rmtree(path.parent)
    database.close()
    assert not path.parent.exists()


def test_marks_are_left_out_of_backups():
    assert SUFFIX in EXCLUDED_SUFFIXES
