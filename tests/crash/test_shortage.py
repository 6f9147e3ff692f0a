"""Real processes while a secret is unreadable or files cannot be opened: each attempt is shown, none is final."""

import resource
import socket
from contextlib import ExitStack

import pytest

from core.worker.record import WorkerRecord


def test_a_post_whose_secret_cannot_be_read_is_in_history_with_the_reason_and_goes_out_afterwards(
    eventually, home, engine, schedule, run_of, tmp_path
):
    engine()
    [secret] = home.signing_secrets()
    (tmp_path / "home" / "signing-secret").write_text("")
    post_id = schedule(ahead=3.5)
    run = eventually(lambda: run_of(post_id))
    assert run.state == "retrying"
    assert "signing-secret cannot be used: the file is empty" in run.error
    (tmp_path / "home" / "signing-secret").write_text(secret)
    eventually(lambda: run_of(post_id).state == "published")


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="the limits of another process are changed on Linux only")
def test_a_post_that_is_due_while_no_file_can_be_opened_goes_out_afterwards(eventually, home, engine, schedule, run_of):
    process = engine()
    warm_up = schedule(ahead=3.5)
    eventually(lambda: (run := run_of(warm_up)) and run.state == "published")
    before = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (3, before[1]))
    post_id = schedule(ahead=3.5)
    run = eventually(lambda: run_of(post_id))
    assert run.state == "retrying"
    assert "Too many open files" in run.error or "short of file handles" in run.error
    resource.prlimit(process.pid, resource.RLIMIT_NOFILE, before)
    eventually(lambda: run_of(post_id).state == "published")
    assert [entry.post_id for entry in home.outbox.feed(limit=10)] == [post_id, warm_up]
    assert process.poll() is None


def test_posts_and_pages_get_through_with_64_file_handles_and_many_open_connections(
    eventually, home, dashboard, files, pid, schedule, connect, accepting, published
):
    """The limit holds for the dashboard and its worker. Both have more connections than handles."""
    connect(accepting.address)
    limited = dashboard(files=64, PUNCTUAL_RETRY_DELAYS=",".join(["0.3"] * 100))
    pid()
    posts = [schedule("outbox", "webhook:shop", ahead=8) for _ in range(40)]
    with ExitStack() as held:
        for port in (limited.port, WorkerRecord.read(files).port):
            for _ in range(80):
                held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
        for post_id in posts:
            published(post_id)
    assert sorted(accepting.ids) == sorted(posts)
    assert len(home.outbox.feed(limit=100)) == 40
    eventually(limited.answers)
