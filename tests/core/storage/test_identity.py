"""Databases whose file is replaced, moved or deleted while they are open."""

import shutil
import sqlite3
from contextlib import closing

import pytest

from core.storage import identity
from core.storage.database import Database
from core.storage.identity import HomeReplaced, OpenFiles


@pytest.fixture
def replace(path, tmp_path):
    """Put another folder with an equal database in the place of the folder of notes."""

    def replace_folder(folder):
        shutil.copytree(folder, tmp_path / "copy")
        folder.rename(tmp_path / "aside")
        (tmp_path / "copy").rename(folder)

    return replace_folder


@pytest.fixture
def path(tmp_path):
    """Return the path of a database in a folder of its own."""
    return tmp_path / "home" / "notes.db"


@pytest.mark.parametrize("method", ["write", "write_unflushed"])
def test_a_write_to_a_replaced_database_raises_and_the_new_file_is_unchanged(
    database, path, first_version, add, texts, replace, method
):
    database.write(add("before"))
    replace(path.parent)
    with pytest.raises(HomeReplaced, match="home"):
        getattr(database, method)(add("after"))
    with closing(sqlite3.connect(path)) as new:
        assert new.execute("SELECT text FROM note").fetchall() == [("before",)]


@pytest.mark.parametrize("part", [".", "notes.db", "notes.db-wal"])
def test_a_write_to_a_deleted_database_raises(database, path, add, part):
    database.write(add("before"))
    deleted = path.parent / part
    shutil.rmtree(deleted) if deleted.is_dir() else deleted.unlink()
    with pytest.raises(HomeReplaced):
        database.write(add("after"))
    with pytest.raises(HomeReplaced):
        database.check_identity()


def test_every_write_of_a_shared_commit_to_a_replaced_database_raises(database, path, add, replace):
    def replace_during(connection):
        replace(path.parent)

    with pytest.raises(HomeReplaced):
        database.write(replace_during)
    with pytest.raises(HomeReplaced):
        database.write(add("after"))


def test_a_read_of_a_replaced_database_raises_within_the_interval(database, path, replace, texts, monkeypatch):
    assert texts(database) == []
    replace(path.parent)
    monkeypatch.setattr(identity, "CHECK_SECONDS", 0.0)
    for _ in range(3):
        with pytest.raises(HomeReplaced):
            texts(database)
    with pytest.raises(HomeReplaced), database.snapshot():
        pytest.fail("the snapshot would be of a file that nobody else sees")


def test_a_reader_that_connects_later_never_reads_the_new_file(database, path, replace, texts):
    replace(path.parent)
    with pytest.raises(HomeReplaced):
        texts(database)


def test_a_process_whose_database_was_replaced_closes_without_touching_the_new_one(
    database, path, first_version, add, texts, replace
):
    database.write(add("before"))
    replace(path.parent)
    new = Database(path, first_version)
    new.write(add("new"))
    database.close()
    assert texts(new) == ["before", "new"]
    new.close()
    with closing(sqlite3.connect(path)) as again:
        assert again.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert again.execute("SELECT count(*) FROM note").fetchone() == (2,)


def test_a_database_that_is_moved_back_is_the_same_one(database, path, add, texts, tmp_path):
    path.parent.rename(tmp_path / "aside")
    with pytest.raises(HomeReplaced):
        database.check_identity()
    (tmp_path / "aside").rename(path.parent)
    database.write(add("again"))
    assert texts(database) == ["again"]


def test_reads_look_at_the_paths_at_intervals_and_after_a_difference_each_time(tmp_path):
    path, seconds = tmp_path / "file", [0.0]
    path.write_text("x")
    files = OpenFiles(path, monotonic=lambda: seconds[0])
    path.unlink()
    files.check_at_intervals()
    seconds[0] += identity.CHECK_SECONDS
    for _ in range(2):
        with pytest.raises(HomeReplaced):
            files.check_at_intervals()
