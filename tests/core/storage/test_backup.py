"""A backup is a whole home: it opens, fires and knows what was published."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from core.application import Application
from core.posts.models import new_post_id
from core.publishing.composing import compose
from core.settings import Settings
from core.storage.backup import CannotBackUp, FolderInUse, WithinHome
from core.storage.database import StorageFault


@pytest.fixture
def application(tmp_path, clock):
    opened = Application(Settings(home=tmp_path / "home"), clock)
    yield opened
    opened.close()


def plan(application, text):
    wall = application.clock().replace(tzinfo=None, day=20)
    post = compose(
        post_id=new_post_id(),
        text=text,
        destinations=["outbox"],
        wall=wall,
        zone="UTC",
        which=None,
        late_after_minutes=60,
        accounts=application.accounts,
        networks=application.networks,
    )
    return application.schedules.schedule(post).post.post_id


def test_a_copy_opens_as_a_home_with_its_posts_accounts_secrets_and_pictures(application, tmp_path, clock):
    post_id = plan(application, "Kept")
    application.accounts.connect(
        application.networks["webhook"].connect({"name": "shop", "address": "https://shop.example/"})
    )
    reference = application.media.put(b"a picture")
    secrets = application.signing_secrets()
    application.back_up(tmp_path / "copy")
    restored = Application(Settings(home=tmp_path / "copy"), clock)
    try:
        [listed] = restored.queue.window(clock(), clock().replace(day=28), limit=10)
        assert listed.post_id == post_id
        assert restored.schedules.plan(post_id).post.text == "Kept"
        assert restored.accounts.get("webhook:shop").address == "https://shop.example/"
        assert restored.media.get(reference) == b"a picture"
        assert restored.signing_secrets() == secrets
    finally:
        restored.close()


def test_a_copy_made_while_posts_are_planned_is_consistent(application, tmp_path, clock):
    begun = threading.Event()

    def write():
        for number in range(60):
            plan(application, f"Post {number}")
            begun.set()

    writer = threading.Thread(target=write)
    writer.start()
    begun.wait()
    application.back_up(tmp_path / "copy")
    writer.join()
    restored = Application(Settings(home=tmp_path / "copy"), clock)
    try:
        listed = restored.queue.window(clock(), clock().replace(day=28), limit=100)
        planned = {each.post_id for each in listed if restored.ledger.get(each.post_id)}
        assert 1 <= len(planned) <= len(listed) <= 60
    finally:
        restored.close()


def test_a_copy_made_while_posts_are_written_is_whole(application, tmp_path, clock):
    done = threading.Event()

    def keep_writing():
        while not done.is_set():
            plan(application, "One more")

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


def test_a_change_made_while_a_copy_is_written_is_in_all_of_it_or_in_nothing(application, tmp_path, clock, monkeypatch):
    post_id = plan(application, "As it was")
    rename = Path.rename

    def rename_then_edit(path, target):
        rename(path, target)
        if target.name == "punctual.db":
            planned = application.schedules.plan(post_id)
            application.schedules.edit(planned, planned.post.model_copy(update={"text": "As it became"}))

    monkeypatch.setattr(Path, "rename", rename_then_edit)
    application.back_up(tmp_path / "copy")
    assert application.schedules.plan(post_id).post.text == "As it became"
    restored = Application(Settings(home=tmp_path / "copy"), clock)
    try:
        [scheduled] = restored.queue.details(restored.queue.window(clock(), clock().replace(day=28), limit=10))
        assert scheduled.post == restored.schedules.plan(post_id).post
    finally:
        restored.close()


def test_a_copy_that_could_not_be_written_leaves_nothing_behind(application, tmp_path, monkeypatch):
    def fail(path, target):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", fail)
        with pytest.raises(StorageFault, match="No space left"):
            application.back_up(tmp_path / "copy")
    application.back_up(tmp_path / "copy")
    assert (tmp_path / "copy" / "punctual.db").exists()


def test_nobody_else_may_read_a_copy(application, tmp_path):
    application.signing_secrets()
    application.back_up(tmp_path / "copy")
    assert (tmp_path / "copy").stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "copy").iterdir() if path.is_file())


def test_a_copy_never_overwrites(application, tmp_path):
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "precious").write_text("mine")
    with pytest.raises(FolderInUse, match="copy"):
        application.back_up(tmp_path / "copy")
    assert [path.name for path in (tmp_path / "copy").iterdir()] == ["precious"]


def test_a_folder_that_leads_to_itself_is_refused(application, tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(CannotBackUp):
        application.back_up(tmp_path / "loop" / "copy")


def test_a_picture_that_is_just_being_written_is_no_part_of_the_copy(application, tmp_path):
    reference = application.media.put(b"a picture")
    (tmp_path / "home" / "media" / reference[:2] / f".{reference}.0a1b2c3d").write_bytes(b"half a pic")
    application.back_up(tmp_path / "copy")
    assert [path.name for path in (tmp_path / "copy" / "media").glob("*/*")] == [reference]


@pytest.mark.parametrize("inside", [".", "copies", "media/ab/copy", Path("..", "home", "media")])
def test_no_copy_is_made_within_the_home(application, tmp_path, inside):
    application.media.put(b"a picture")
    with pytest.raises(WithinHome):
        application.back_up(tmp_path / "home" / inside)
    assert not (tmp_path / "home" / "copies").exists()
