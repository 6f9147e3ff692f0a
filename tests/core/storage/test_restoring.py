"""A backup takes the place of a home, which is kept."""

import sqlite3
from contextlib import ExitStack, closing
from functools import partial

import pytest

from core.application import Application
from core.cli.restore import VERSIONS
from core.posts.models import new_post_id
from core.publishing.composing import compose
from core.settings import Settings
from core.storage import restoring
from core.storage.database import NewerDatabase
from core.storage.manifest import MANIFEST, Manifest, note_restoration
from core.storage.restoring import HomeInUse, NotABackup, RestoreFailed

restore = partial(restoring.restore, versions=VERSIONS)


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "backup"


@pytest.fixture
def open_home(home, clock):
    """Open the application on the home."""
    with ExitStack() as opened:

        def open_application():
            application = Application(Settings(home=home), clock)
            opened.callback(application.close)
            return application

        yield open_application


@pytest.fixture
def plan(clock):
    """Schedule a post on the 20th."""

    def plan_post(application, text):
        post = compose(
            post_id=new_post_id(),
            text=text,
            destinations=["outbox"],
            wall=clock().replace(tzinfo=None, day=20),
            zone="UTC",
            which=None,
            late_after_minutes=60,
            accounts=application.accounts,
            networks=application.networks,
        )
        return application.schedules.schedule(post).post.post_id

    return plan_post


@pytest.fixture
def kept(open_home, plan, folder):
    """Make a home with a post and a picture, and a backup of it; return the post's id and the picture's reference."""
    application = open_home()
    found = plan(application, "Kept"), application.media.put(b"a picture")
    application.back_up(folder)
    application.close()
    return found


def test_a_backup_takes_the_place_of_the_home_which_is_kept_under_a_name_with_the_date(
    kept, open_home, plan, home, folder, clock
):
    post_id, reference = kept
    application = open_home()
    later = plan(application, "Planned after the backup")
    application.close()
    clock.move(days=1)
    restored = restore(home, folder, now=clock())
    assert restored.made_at == clock().replace(day=2)
    assert restored.replaced == home.with_name("home.replaced-20261103T120000Z")
    application = open_home()
    assert application.schedules.plan(post_id).post.text == "Kept"
    assert application.ledger.get(later) is None
    assert application.media.get(reference) == b"a picture"
    with closing(sqlite3.connect(restored.replaced / "punctual.db")) as before:
        assert before.execute("SELECT count(*) FROM post").fetchone() == (2,)
    assert [path.name for path in home.parent.iterdir() if "restoring" in path.name] == []


def test_a_backup_can_be_restored_again_and_without_a_home(kept, home, folder, clock, open_home):
    first = restore(home, folder, now=clock())
    second = restore(home, folder, now=clock())
    assert second.replaced == first.replaced.with_name(f"{first.replaced.name}+")
    home.rename(home.with_name("elsewhere"))
    assert restore(home, folder, now=clock()).replaced is None
    assert open_home().schedules.plan(kept[0])


def test_no_other_user_may_read_a_restored_home(kept, home, folder, clock):
    restore(home, folder, now=clock())
    files = [path for path in home.rglob("*") if path.is_file()]
    assert all(path.stat().st_mode & 0o077 == 0 for path in (home, *files))


def test_a_home_in_use_is_refused_and_unchanged(kept, home, folder, clock, open_home):
    application = open_home()
    with pytest.raises(HomeInUse, match="home is in use"):
        restore(home, folder, now=clock())
    assert application.schedules.plan(kept[0])


@pytest.mark.parametrize("name", restoring.DATABASES)
def test_a_home_whose_database_another_program_has_open_is_refused(kept, home, folder, clock, name):
    with closing(sqlite3.connect(home / name)) as other:
        other.execute("SELECT 1 FROM sqlite_schema").fetchall()
        with pytest.raises(HomeInUse):
            restore(home, folder, now=clock())
    restore(home, folder, now=clock())


def test_a_process_that_opens_the_home_meanwhile_keeps_it(kept, home, folder, clock, open_home, monkeypatch):
    copy = restoring._copy
    opened = []

    def copy_while_a_process_starts(*folders):
        copy(*folders)
        opened.append(open_home())

    monkeypatch.setattr(restoring, "_copy", copy_while_a_process_starts)
    with pytest.raises(HomeInUse):
        restore(home, folder, now=clock())
    opened[0].check_home()
    assert opened[0].schedules.plan(kept[0])
    assert sorted(path.name for path in home.parent.iterdir()) == ["backup", "home"]


def test_a_failed_copy_leaves_the_home_unchanged_and_no_copy(kept, home, folder, clock, open_home, monkeypatch):
    def fail(*_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(RestoreFailed, match="Input/output error"):
        restore(home, folder, now=clock())
    monkeypatch.undo()
    assert sorted(path.name for path in home.parent.iterdir()) == ["backup", "home"]
    assert open_home().schedules.plan(kept[0])


def spoil(path):
    path.write_bytes(path.read_bytes()[:4096] + b"x" * (path.stat().st_size - 4096))


def lose_media(folder):
    next(path for path in (folder / "media").glob("*/*")).unlink()


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda folder: spoil(folder / "punctual.db"), r"punctual\.db is damaged"),
        (lambda folder: (folder / "engine.db").write_bytes(b""), r"engine\.db is missing or has another size"),
        (lambda folder: (folder / "notices.db").unlink(), r"notices\.db is missing"),
        (lose_media, "media/.* is missing"),
        (lambda folder: ((folder / MANIFEST).unlink(), (folder / "engine.db").unlink()), "no list of its files"),
        (lambda folder: folder.rename(folder.with_name("moved")), "there is no such folder"),
        (lambda folder: (folder / "punctual.db-wal").write_bytes(b"x"), "its databases are open"),
    ],
)
def test_an_incomplete_or_damaged_backup_is_refused_and_the_home_unchanged(
    kept, home, folder, clock, open_home, damage, reason
):
    damage(folder)
    with pytest.raises(NotABackup, match=reason):
        restore(home, folder, now=clock())
    assert open_home().schedules.plan(kept[0])


def test_a_backup_inside_the_home_is_refused(kept, home, folder, clock):
    with pytest.raises(NotABackup, match="inside the data folder"):
        restore(home, home, now=clock())


def test_a_backup_of_a_later_version_is_refused_before_anything_is_replaced(kept, home, folder, clock, open_home):
    with closing(sqlite3.connect(folder / "engine.db")) as newer:
        newer.execute("PRAGMA journal_mode = DELETE")
        newer.execute("PRAGMA user_version = 99")
    with pytest.raises(NewerDatabase, match=r"engine\.db has schema version 99"):
        restore(home, folder, now=clock())
    assert open_home().schedules.plan(kept[0])


def test_every_database_of_a_home_is_known_to_the_restoration(kept, folder):
    assert {path.name for path in folder.glob("*.db")} == set(VERSIONS) == set(restoring.DATABASES)


def test_a_backup_that_was_used_as_a_home_is_refused(kept, home, folder, clock):
    note_restoration(folder, clock())
    with pytest.raises(NotABackup, match="used as a data folder"):
        restore(home, folder, now=clock())


def test_a_backup_of_an_earlier_version_without_a_manifest_is_restored(kept, home, folder, clock, open_home):
    (folder / MANIFEST).unlink()
    assert restore(home, folder, now=clock()).made_at is None
    assert open_home().schedules.plan(kept[0])


def test_a_backup_of_a_restored_home_has_a_manifest_of_its_own(kept, home, folder, clock, open_home):
    restore(home, folder, now=clock())
    clock.move(hours=1)
    open_home().back_up(home.with_name("second"))
    manifest = Manifest.read(home.with_name("second"))
    assert (manifest.made_at, manifest.restored_at) == (clock(), None)
    assert MANIFEST not in manifest.files


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"made_at": 5}', '{"made_at": "2026-11-02T12:00:00Z"}'])
def test_a_damaged_manifest_counts_as_none(tmp_path, content):
    (tmp_path / MANIFEST).write_text(content)
    assert Manifest.read(tmp_path) is None
