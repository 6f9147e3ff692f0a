"""The application on one machine, with the real clock."""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import uvicorn
from pydantic import SecretStr
from starlette.applications import Starlette

from core.accounts.port import Account
from core.application import Application
from core.ledger.history import runs
from core.ledger.port import PlanChange
from core.notifications.channels import SlackChannel
from core.posts.models import Post, new_post_id
from core.publishing.composing import compose
from core.publishing.network import PostingPermission
from core.publishing.server import publish_route
from core.settings import Settings
from core.storage.database import NewerDatabase
from core.storage.home_errors import HomeUnusable, SecretUnusable
from core.time.instants import real_clock, wall_time


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings.read({"PUNCTUAL_HOME": str(tmp_path / "home"), "PUNCTUAL_RETRY_DELAYS": "0.2,0.2"})


@pytest.fixture
def open_application(settings) -> Iterator[Callable[[], Application]]:
    opened = []

    def open_one() -> Application:
        opened.append(Application(settings))
        return opened[-1]

    yield open_one
    for application in opened:
        application.close()


@pytest.fixture
def serve() -> Iterator[Callable[[Application], str]]:
    """Serve an application's posting server on loopback and return its URL."""
    served = []

    def start(application: Application) -> str:
        route = publish_route(lambda: application.publisher, application.signing_secrets)
        config = uvicorn.Config(Starlette(routes=[route]), port=0, log_level="warning", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run)
        thread.start()
        served.append((server, thread))
        eventually(lambda: server.started)
        return f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/publish"

    yield start
    for server, thread in served:
        server.should_exit = True
        thread.join()


def eventually(condition: Callable[[], bool]) -> None:
    for _ in range(500):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("the condition did not hold within 10 seconds")


def compose_post(application: Application, due_at: datetime) -> Post:
    return compose(
        post_id=new_post_id(),
        text="Grüße aus Köln 🎉",
        destinations=["outbox"],
        wall=wall_time(due_at, "Europe/Berlin").replace(tzinfo=None, microsecond=0),
        zone="Europe/Berlin",
        which=None,
        late_after_minutes=60,
        accounts=application.accounts,
        networks=application.networks,
    )


def test_a_scheduled_post_is_published_once_at_its_due_instant(open_application, serve):
    application = open_application()
    url = serve(application)
    application.start(lambda: url)
    post = compose_post(application, real_clock() + timedelta(seconds=4))
    application.schedules.schedule(post)
    eventually(lambda: [run.state for run in runs(application.ledger, limit=10)] == ["published"])
    (run,) = runs(application.ledger, limit=10)
    assert 0 <= run.lag_ms < 1000
    assert [entry.text for entry in application.outbox.feed(limit=10)] == [post.text]
    eventually(lambda: application.listing.window(post.due_at, post.due_at + timedelta(hours=1), limit=10) == [])


def test_another_process_can_post_a_scheduled_post_now(open_application, serve):
    dashboard, command_line = open_application(), open_application()
    url = serve(dashboard)
    dashboard.start(lambda: url)
    post = compose_post(command_line, real_clock() + timedelta(days=1))
    command_line.schedules.send_now(command_line.schedules.schedule(post))
    eventually(lambda: [run.state for run in runs(command_line.ledger, limit=10)] == ["published"])
    kinds = {receipt.kind for receipt in command_line.ledger.occurrence(post.post_id).receipts}
    assert "published" in kinds
    assert command_line.listing.window(real_clock(), real_clock() + timedelta(days=2), limit=10) == []


def test_a_post_is_retried_while_the_posting_server_is_down(open_application, serve):
    application = open_application()
    urls = ["http://127.0.0.1:9/publish"]
    application.start(lambda: urls[-1])
    application.schedules.post_now(compose_post(application, real_clock() + timedelta(days=1)))
    eventually(lambda: [run.state for run in runs(application.ledger, limit=10)] == ["retrying"])
    assert "Nothing listens at 127.0.0.1:9" in runs(application.ledger, limit=10)[0].error
    urls.append(serve(application))
    eventually(lambda: [run.state for run in runs(application.ledger, limit=10)] == ["published"])


def test_the_caretaker_finishes_an_incomplete_change(open_application, settings, serve):
    application = open_application()
    post = compose_post(application, real_clock() + timedelta(days=1))
    long_ago = real_clock() - timedelta(minutes=5)
    application.ledger.plan(PlanChange(post=post, schedule_name="post-nowhere"), now=long_ago)
    application.ledger.change(
        PlanChange(post=post.model_copy(update={"revision": 2}), desired="cancelled", schedule_name="post-nowhere"),
        now=long_ago,
    )
    application.start(lambda: "http://127.0.0.1:9/publish")
    eventually(lambda: application.ledger.get(post.post_id).settled)


def test_an_unusable_home_is_refused(settings):
    settings.home.write_text("a file")
    with pytest.raises(HomeUnusable):
        Application(settings)


@pytest.mark.parametrize("name", ["punctual.db", "engine.db"])
def test_a_home_of_a_newer_version_is_refused_and_no_file_stays_open(settings, open_application, name):
    open_application().close()
    connection = sqlite3.connect(settings.home / name)
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    with pytest.raises(NewerDatabase, match=name):
        Application(settings)
    assert list((settings.home / "processes").iterdir()) == []


@pytest.mark.parametrize(
    ("damage", "error"),
    [
        (lambda home: (home / "identity").write_text(""), SecretUnusable),
        (lambda home: sqlite3.connect(home / "notices.db").execute("PRAGMA user_version = 999"), NewerDatabase),
    ],
)
def test_a_start_that_fails_after_the_databases_are_open_closes_them(settings, open_application, damage, error):
    open_application().close()
    damage(settings.home)
    with pytest.raises(error):
        Application(settings)
    open_files = [os.readlink(link) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    assert [path for path in open_files if path.startswith(str(settings.home))] == []
    assert list((settings.home / "processes").iterdir()) == []


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"not a database" * 500)])
def test_schedules_are_created_again_after_the_engines_file_is_lost(settings, clock, a_post, a_series, damage):
    first = Application(settings, clock)
    posts = [first.schedules.schedule(post).post for post in (a_post(), a_series(post_id="0" * 12))]
    cancelled = first.schedules.cancel(first.schedules.schedule(a_post(post_id="1" * 12)))
    first.close()
    damage(settings.home / "engine.db")
    second = Application(settings, clock)
    clock.move(seconds=61)
    assert second.schedules.repair() == []
    listed = second.listing.window(clock(), clock() + timedelta(days=1), limit=10)
    assert [each.post_id for each in listed] == [post.post_id for post in posts]
    assert second.ledger.get(cancelled.post.post_id) == cancelled
    second.close()


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"not a database" * 500)])
def test_pending_retries_survive_the_loss_of_the_engines_file(settings, start_server, damage):
    settings = settings.model_copy(update={"retry_delays": (3600.0,)})
    first, failing = Application(settings), start_server(503)
    first.start(lambda: failing.url)
    first.schedules.post_now(compose_post(first, real_clock() + timedelta(days=1)))
    eventually(lambda: [run.state for run in runs(first.ledger, limit=10)] == ["retrying"])
    first.close()
    damage(settings.home / "engine.db")
    second, working = Application(settings), start_server(200)
    second.start(lambda: working.url)
    eventually(lambda: [run.state for run in runs(second.ledger, limit=10)] == ["handed over"])
    second.close()
    assert len(working.requests) == 1


def test_a_post_with_a_late_limit_of_days_is_retried_until_it_fails(settings, clock, start_server):
    pauses = {"retry_delays": (), "redelivery_seconds": timedelta(hours=22).total_seconds()}
    application = Application(settings.model_copy(update={"late_after_minutes": 48 * 60, **pauses}), clock)
    failing = start_server(503)
    application.start(lambda: failing.url)
    post = compose_post(application, clock() + timedelta(days=1)).model_copy(update={"late_after_minutes": 48 * 60})
    application.schedules.post_now(post)
    for attempts in (1, 2, 3):
        eventually(lambda attempts=attempts: len(failing.requests) == attempts)
        eventually(
            lambda: application.one_machine.engine_store.database.read(
                "SELECT 1 FROM invocation WHERE state <> 'running'"
            )
        )
        clock.move(hours=23)
    eventually(lambda: [run.state for run in runs(application.ledger, limit=10)] == ["failed"])
    assert application.dead_letters.read() == []
    application.close()


def test_a_post_attempted_before_its_fence_was_damaged_is_unconfirmed(settings, start_server):
    settings = settings.model_copy(update={"retry_delays": (1.0, 1.0)})
    first, failing = Application(settings), start_server(503)
    first.start(lambda: failing.url)
    first.schedules.post_now(compose_post(first, real_clock() + timedelta(days=1)))
    eventually(lambda: len(failing.requests) == 1)
    first.close()
    (settings.home / "punctual.db").write_bytes(b"not a database" * 500)
    second, working = Application(settings), start_server(200)
    second.start(lambda: working.url)
    eventually(lambda: [run.state for run in runs(second.ledger, limit=10)] == ["unconfirmed"])
    second.close()
    assert working.requests == []


def test_a_failing_account_is_reported_unless_it_is_disabled(open_application, monkeypatch):
    application, sent = open_application(), []
    monkeypatch.setattr(application.sender, "send", lambda channel, message: sent.append(message.lines))
    application.channels.save(SlackChannel(name="ops", address=SecretStr("https://hooks.example.org/x")))
    application.notifier.notify()
    application.accounts.connect(Account(destination="x:ada", label="Ada", address="https://x.example"))
    monkeypatch.setattr(application.networks["x"], "check", lambda _: PostingPermission(problem="It is locked."))
    application.account_checks.check("x:ada")
    application.accounts.set_enabled("x:ada", False)
    application.notifier.notify()
    assert sent == []
    application.accounts.set_enabled("x:ada", True)
    application.notifier.notify()
    assert len(sent) == 1
    assert "x:ada" in sent[0][0]
