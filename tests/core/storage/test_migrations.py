import pytest

from core.storage.database import Database, StorageError


@pytest.mark.parametrize("version", range(3))
def test_a_file_of_any_earlier_version_is_migrated_with_its_rows(path, migrations, add, texts, version):
    old = Database(path, migrations[:version])
    if version:
        old.write(add("kept"))
    old.close()
    database = Database(path, migrations)
    assert texts(database) == (["kept"] if version else [])
    assert {row["colour"] for row in database.read("SELECT colour FROM note")} <= {"white", "grey"}
    assert database.read("PRAGMA user_version")[0][0] == len(migrations)
    database.close()


def test_a_failed_migration_leaves_the_file_unchanged(path, first_version):
    Database(path, first_version).close()
    with pytest.raises(StorageError):
        Database(path, [*first_version, "CREATE TABLE more (id);\nCREATE TABLE note (id);\n"])
    database = Database(path, first_version)
    assert database.read("SELECT count(*) FROM sqlite_master WHERE name = 'more'")[0][0] == 0
    database.close()
