"""A home that is replaced or deleted under its processes: nothing is published twice, and nothing claims success."""

import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from core.application import Application
from core.ledger.history import runs
from core.posts.models import new_post_id
from core.publishing.composing import compose
from core.settings import Settings
from core.storage.identity import HomeReplaced

ROOT = Path(__file__).parents[2]


@pytest.fixture
def engine(tmp_path):
    """Start `python -m core engine` on the home."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PUNCTUAL_")}
    environment |= {"PUNCTUAL_RETRY_DELAYS": "0.2,0.2"}
    started = []

    def start() -> subprocess.Popen:
        command = [sys.executable, "-m", "core", "engine", "--port", "0", "--home", str(tmp_path / "home")]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        process = subprocess.Popen(command, cwd=ROOT, env=environment, **pipes)
        started.append(process)
        assert "fires the posts" in process.stdout.readline()
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def schedule(application: Application, *destinations: str, ahead: float) -> str:
    due = (application.clock() + timedelta(seconds=ahead)).replace(microsecond=0)
    post = compose(
        post_id=new_post_id(),
        text="Once",
        destinations=destinations,
        wall=due.replace(tzinfo=None),
        zone="UTC",
        which=None,
        late_after_minutes=60,
        accounts=application.accounts,
        networks=application.networks,
    )
    return application.schedules.schedule(post).post.post_id


@pytest.fixture
def connect(home, webhook):
    """Connect a webhook that does not recognise repeats."""
    form = {"name": "shop", "address": webhook.address, "deduplicates": "no"}
    home.accounts.connect(home.networks["webhook"].connect(form))


def published(application: Application) -> set[str]:
    return {run.post_id for run in runs(application.ledger, limit=100) if run.state == "published"}


def replace_by(backup: Path, home: Path) -> None:
    """Put a backup in the place of the home, as a person does in a shell."""
    home.rename(home.with_name("aside"))
    backup.rename(home)


def test_an_engine_whose_home_was_replaced_by_a_backup_ends_and_a_second_engine_publishes_each_post_once(
    eventually, home, engine, connect, webhook, tmp_path
):
    first = engine()
    eventually(lambda: home.one_machine.has_live_runner())
    posts = {schedule(home, "webhook:shop", ahead=15) for _ in range(5)}
    home.back_up(tmp_path / "backup")
    replace_by(tmp_path / "backup", tmp_path / "home")
    assert first.wait(timeout=20) == 1
    message = first.stderr.read()
    assert f"The data in {tmp_path / 'home'} was replaced or deleted while this program used it." in message
    assert "Traceback" not in message
    second = engine()
    restored = Application(Settings(home=tmp_path / "home"))
    try:
        eventually(lambda: published(restored) == posts)
    finally:
        restored.close()
    assert second.poll() is None
    assert sorted(webhook.ids) == sorted(posts)


def test_posts_that_were_published_after_the_backup_are_not_published_again(
    eventually, home, engine, connect, webhook, tmp_path
):
    first = engine()
    eventually(lambda: home.one_machine.has_live_runner())
    post_id = schedule(home, "webhook:shop", ahead=4)
    home.back_up(tmp_path / "backup")
    eventually(lambda: webhook.ids == [post_id])
    replace_by(tmp_path / "backup", tmp_path / "home")
    assert first.wait(timeout=20) == 1
    engine()
    restored = Application(Settings(home=tmp_path / "home"))
    try:
        [run] = eventually(lambda: runs(restored.ledger, limit=100))
        assert run.state == "unconfirmed"
        assert "before a backup was restored" in run.error
    finally:
        restored.close()
    assert webhook.ids == [post_id]


def test_an_engine_whose_home_was_deleted_ends_and_a_schedule_is_refused(eventually, home, engine, tmp_path):
    process = engine()
    eventually(lambda: home.one_machine.has_live_runner())
    eventually(lambda: shutil.rmtree(tmp_path / "home", ignore_errors=True) or not (tmp_path / "home").exists())
    with pytest.raises(HomeReplaced, match="publishes and saves nothing more") as refusal:
        schedule(home, "outbox", ahead=60)
    assert "python -m core restore" in refusal.value.hint
    with pytest.raises(HomeReplaced):
        home.check_home()
    assert process.wait(timeout=20) == 1
    assert "was replaced or deleted" in process.stderr.read()
    assert not (tmp_path / "home" / "punctual.db").exists()
