import shutil
import sqlite3
import threading
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path

import pytest

from core.application import Application
from core.errors import MachineShortage
from core.posts.models import new_post_id
from core.publishing.composing import compose
from core.settings import Settings
from core.storage.backup import BackupFailed, BackupFolderInUse, BackupWithinHome


@pytest.fixture
def open_home(tmp_path, clock):
    """Open the application on a home in the test's folder."""
    with ExitStack() as opened:

        def open_home(name):
            application = Application(Settings(home=tmp_path / name), clock)
            opened.callback(application.close)
            return application

        yield open_home


@pytest.fixture
def application(open_home):
    return open_home("home")


@pytest.fixture
def plan(application):
    """Schedule a post on the 20th; return its id."""

    def plan(text):
        post = compose(
            post_id=new_post_id(),
            text=text,
            destinations=["outbox"],
            wall=application.clock().replace(tzinfo=None, day=20),
            zone="UTC",
            which=None,
            late_after_minutes=60,
            accounts=application.accounts,
            networks=application.networks,
        )
        return application.schedules.schedule(post).post.post_id

    return plan


@pytest.fixture
def scheduled(clock):
    """Return the posts of the coming month from the scheduler of an application."""

    def scheduled(application):
        listing = application.listing
        return [each.post for each in listing.details(listing.window(clock(), clock() + timedelta(days=26), limit=100))]

    return scheduled


def test_a_backup_opens_as_a_home_with_its_posts_accounts_secrets_and_media(
    application, open_home, plan, scheduled, tmp_path
):
    post_id = plan("Kept")
    application.accounts.connect(
        application.networks["webhook"].connect({"name": "shop", "address": "https://shop.example/"})
    )
    reference = application.media.put(b"a picture")
    secrets = application.signing_secrets()
    application.back_up(tmp_path / "copy")
    restored = open_home("copy")
    assert [post.post_id for post in scheduled(restored)] == [post_id]
    assert restored.schedules.plan(post_id).post.text == "Kept"
    assert restored.accounts.get("webhook:shop").address == "https://shop.example/"
    assert restored.media.get(reference) == b"a picture"
    assert restored.signing_secrets() == secrets


def test_a_backup_during_scheduling_has_a_schedule_for_each_planned_post(
    application, open_home, plan, scheduled, tmp_path
):
    first_planned = threading.Event()

    def write():
        for number in range(60):
            plan(f"Post {number}")
            first_planned.set()

    writer = threading.Thread(target=write)
    writer.start()
    first_planned.wait()
    application.back_up(tmp_path / "copy")
    writer.join()
    restored = open_home("copy")
    posts = scheduled(restored)
    planned = {post.post_id for post in posts if restored.ledger.get(post.post_id)}
    assert 1 <= len(planned) <= len(posts) <= 60


def test_backups_during_writes_are_sound_databases(application, plan, tmp_path):
    done = threading.Event()

    def keep_writing():
        while not done.is_set():
            plan("One more")

    writer = threading.Thread(target=keep_writing)
    writer.start()
    try:
        for number in range(3):
            application.back_up(tmp_path / f"copy{number}")
    finally:
        done.set()
        writer.join()
    for path in tmp_path.glob("copy*/*.db"):
        with closing(sqlite3.connect(path)) as copy:
            assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_change_during_a_backup_is_in_both_databases_or_in_neither(
    application, open_home, plan, scheduled, tmp_path, monkeypatch
):
    post_id = plan("Before the change")
    rename = Path.rename

    def rename_then_edit(path, target):
        rename(path, target)
        if target.name == "punctual.db":
            planned = application.schedules.plan(post_id)
            application.schedules.edit(planned, planned.post.model_copy(update={"text": "After the change"}))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", rename_then_edit)
        application.back_up(tmp_path / "copy")
    assert application.schedules.plan(post_id).post.text == "After the change"
    restored = open_home("copy")
    assert scheduled(restored) == [restored.schedules.plan(post_id).post]


def test_a_failed_backup_leaves_no_file(application, tmp_path, monkeypatch):
    def fail(path, target):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", fail)
        with pytest.raises(MachineShortage, match=r"short of disk space: .*punctual\.db cannot be read or written"):
            application.back_up(tmp_path / "copy")
    application.back_up(tmp_path / "copy")
    assert (tmp_path / "copy" / "punctual.db").exists()


def test_no_other_user_may_read_a_backup(application, tmp_path):
    application.signing_secrets()
    application.back_up(tmp_path / "copy")
    assert (tmp_path / "copy").stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "copy").iterdir() if path.is_file())


def test_a_backup_never_overwrites(application, tmp_path):
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "other.txt").write_text("not a backup")
    with pytest.raises(BackupFolderInUse, match="copy"):
        application.back_up(tmp_path / "copy")
    assert [path.name for path in (tmp_path / "copy").iterdir()] == ["other.txt"]


def test_a_folder_that_is_a_link_to_itself_is_refused(application, tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(BackupFailed):
        application.back_up(tmp_path / "loop" / "copy")


def test_an_unfinished_media_file_is_not_copied(application, tmp_path):
    reference = application.media.put(b"a picture")
    (tmp_path / "home" / "media" / reference[:2] / f".{reference}.0a1b2c3d").write_bytes(b"half a picture")
    application.back_up(tmp_path / "copy")
    assert [path.name for path in (tmp_path / "copy" / "media").glob("*/*")] == [reference]


def test_a_picture_that_is_deleted_during_a_backup_is_left_out(application, tmp_path, monkeypatch):
    kept, deleted = application.media.put(b"kept"), application.media.put(b"deleted")
    copy2 = shutil.copy2

    def delete_then_copy(source, target):
        if Path(source).name == deleted:
            Path(source).unlink()
        return copy2(source, target)

    with monkeypatch.context() as patched:
        patched.setattr("shutil.copy2", delete_then_copy)
        application.back_up(tmp_path / "copy")
    assert [path.name for path in (tmp_path / "copy" / "media").glob("*/*")] == [kept]


@pytest.mark.parametrize("inside", [".", "copies", "media/ab/copy", Path("..", "home", "media")])
def test_a_folder_inside_the_home_is_refused(application, tmp_path, inside):
    application.media.put(b"a picture")
    with pytest.raises(BackupWithinHome):
        application.back_up(tmp_path / "home" / inside)
    assert not (tmp_path / "home" / "copies").exists()
