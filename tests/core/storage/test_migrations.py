import pytest

from core.storage.database import Database, StorageFault

NOTES = "CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);\n"
COLOURS = "ALTER TABLE note ADD COLUMN colour TEXT NOT NULL DEFAULT 'white';\nUPDATE note SET colour = 'grey';\n"
INDEXES = "CREATE INDEX note_colour ON note (colour);\n"
VERSIONS = (NOTES, COLOURS, INDEXES)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "notes.db"


def add(text):
    return lambda connection: connection.execute("INSERT INTO note (text) VALUES (?)", (text,))


def texts(database):
    return [row["text"] for row in database.read("SELECT text FROM note ORDER BY id")]


@pytest.mark.parametrize("version", range(len(VERSIONS)))
def test_every_earlier_version_is_brought_up_to_date_with_what_it_holds(path, version):
    old = Database(path, VERSIONS[:version])
    if version:
        old.write(add("kept"))
    old.close()
    database = Database(path, VERSIONS)
    assert texts(database) == (["kept"] if version else [])
    assert {row["colour"] for row in database.read("SELECT colour FROM note")} <= {"white", "grey"}
    assert database.read("PRAGMA user_version")[0][0] == len(VERSIONS)
    database.close()


def test_a_migration_that_fails_leaves_the_file_as_it_was(path):
    Database(path, [NOTES]).close()
    with pytest.raises(StorageFault):
        Database(path, [NOTES, "CREATE TABLE more (id);\nCREATE TABLE note (id);\n"])
    database = Database(path, [NOTES])
    assert database.read("SELECT count(*) FROM sqlite_master WHERE name = 'more'")[0][0] == 0
    database.close()
