"""A home that is replaced or deleted under its processes: nothing is published twice, and nothing claims success."""

import shutil
from pathlib import Path

import pytest

from core.application import Application
from core.ledger.history import runs
from core.settings import Settings
from core.storage.identity import HomeReplaced
from tests.crash.conftest import new_post


@pytest.fixture
def schedule(home):
    """Schedule a post without an observer, which cannot read a home that was replaced; return its id."""
    return lambda *destinations, ahead: home.schedules.schedule(new_post(home, *destinations, ahead=ahead)).post.post_id


@pytest.fixture(autouse=True)
def shop(connect, accepting):
    """Connect a webhook that does not recognise repeats."""
    connect(accepting.address)


def published(application: Application) -> set[str]:
    return {run.post_id for run in runs(application.ledger, limit=100) if run.state == "published"}


def replace_by(backup: Path, home: Path) -> None:
    """Put a backup in the place of the home, as a person does in a shell."""
    home.rename(home.with_name("aside"))
    backup.rename(home)


def test_an_engine_whose_home_was_replaced_by_a_backup_ends_and_a_second_engine_publishes_each_post_once(
    eventually, home, engine, engine_log, schedule, accepting, tmp_path
):
    first = engine()
    eventually(lambda: home.one_machine.has_live_runner())
    posts = {schedule("webhook:shop", ahead=15) for _ in range(5)}
    home.back_up(tmp_path / "backup")
    replace_by(tmp_path / "backup", tmp_path / "home")
    assert first.wait(timeout=60) == 1
    message = engine_log.read_text()
    assert f"The data in {tmp_path / 'home'} was replaced or deleted while this program used it." in message
    assert "Traceback" not in message
    second = engine()
    restored = Application(Settings(home=tmp_path / "home"))
    try:
        eventually(lambda: published(restored) == posts)
    finally:
        restored.close()
    assert second.poll() is None
    assert sorted(accepting.ids) == sorted(posts)


def test_posts_that_were_published_after_the_backup_are_not_published_again(
    eventually, home, engine, engine_log, schedule, accepting, tmp_path
):
    first = engine()
    eventually(lambda: home.one_machine.has_live_runner())
    post_id = schedule("webhook:shop", ahead=6)
    home.back_up(tmp_path / "backup")
    eventually(lambda: accepting.ids == [post_id])
    replace_by(tmp_path / "backup", tmp_path / "home")
    assert first.wait(timeout=60) == 1
    engine()
    restored = Application(Settings(home=tmp_path / "home"))
    try:
        [run] = eventually(lambda: [run for run in runs(restored.ledger, limit=100) if run.state == "unconfirmed"])
        assert "before a backup was restored" in run.error
    finally:
        restored.close()
    assert accepting.ids == [post_id]


def test_an_engine_whose_home_was_deleted_ends_and_a_schedule_is_refused(
    eventually, home, engine, engine_log, schedule, tmp_path
):
    process = engine()
    eventually(lambda: home.one_machine.has_live_runner())
    eventually(lambda: shutil.rmtree(tmp_path / "home", ignore_errors=True) or not (tmp_path / "home").exists())
    with pytest.raises(HomeReplaced, match="publishes and saves nothing more") as refusal:
        schedule("outbox", ahead=60)
    assert "python -m core restore" in refusal.value.hint
    with pytest.raises(HomeReplaced):
        home.check_home()
    assert process.wait(timeout=60) == 1
    assert "was replaced or deleted" in engine_log.read_text()
    assert not (tmp_path / "home" / "punctual.db").exists()
