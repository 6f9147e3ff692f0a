"""A real engine while a secret is unreadable or no file can be opened: each attempt is shown, none is final."""

import os
import resource
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from core.ledger.history import runs
from core.posts.models import new_post_id
from core.publishing.composing import compose

ROOT = Path(__file__).parents[2]


@pytest.fixture
def engine(tmp_path):
    """Start `python -m core engine` on the home; it tries again after 0.3 s."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PUNCTUAL_")}
    environment |= {"PUNCTUAL_RETRY_DELAYS": ",".join(["0.3"] * 40)}
    command = [sys.executable, "-m", "core", "engine", "--port", "0", "--home", str(tmp_path / "home")]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert "fires the posts" in process.stdout.readline()
        yield process
        process.kill()


@pytest.fixture
def schedule(home):
    """Schedule a post to the outbox that is due in some seconds; return its id."""

    def schedule_post(ahead):
        due = (home.clock() + timedelta(seconds=ahead)).replace(microsecond=0)
        post = compose(
            post_id=new_post_id(),
            text="Later",
            destinations=["outbox"],
            wall=due.replace(tzinfo=None),
            zone="UTC",
            which=None,
            late_after_minutes=60,
            accounts=home.accounts,
            networks=home.networks,
        )
        return home.schedules.schedule(post).post.post_id

    return schedule_post


@pytest.fixture
def run_of(home):
    """Return the run of a post in History, or None."""
    return lambda post_id: next((run for run in runs(home.ledger, limit=10) if run.post_id == post_id), None)


def test_a_post_whose_secret_cannot_be_read_is_in_history_with_the_reason_and_goes_out_afterwards(
    eventually, home, engine, schedule, run_of, tmp_path
):
    [secret] = home.signing_secrets()
    (tmp_path / "home" / "signing-secret").write_text("")
    post_id = schedule(3.5)
    run = eventually(lambda: run_of(post_id))
    assert run.state == "retrying"
    assert "signing-secret cannot be used: the file is empty" in run.error
    (tmp_path / "home" / "signing-secret").write_text(secret)
    eventually(lambda: run_of(post_id).state == "published")


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="the limits of another process are changed on Linux only")
def test_a_post_that_is_due_while_no_file_can_be_opened_goes_out_afterwards(eventually, home, engine, schedule, run_of):
    warm_up = schedule(3.5)
    eventually(lambda: (run := run_of(warm_up)) and run.state == "published")
    before = resource.prlimit(engine.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(engine.pid, resource.RLIMIT_NOFILE, (3, before[1]))
    post_id = schedule(3.5)
    run = eventually(lambda: run_of(post_id))
    assert run.state == "retrying"
    assert "Too many open files" in run.error or "short of file handles" in run.error
    resource.prlimit(engine.pid, resource.RLIMIT_NOFILE, before)
    eventually(lambda: run_of(post_id).state == "published")
    assert [entry.post_id for entry in home.outbox.feed(limit=10)] == [post_id, warm_up]
    assert engine.poll() is None
