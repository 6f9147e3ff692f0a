"""A home that the first version wrote opens unchanged. `homes/first_version` holds its databases as SQL."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.application import Application
from core.ledger.history import runs
from core.posts.payload import SCHEDULED_TIME, read_payload, write_payload
from core.settings import Settings
from core.time.instants import utc_text

WRITTEN = Path(__file__).parent / "homes" / "first_version"
WRITTEN_AT = datetime(2026, 11, 3, 8, tzinfo=UTC)


@pytest.fixture
def home(tmp_path) -> Path:
    """Return a home with the databases of the first version."""
    for script in WRITTEN.glob("*.sql"):
        connection = sqlite3.connect(tmp_path / f"{script.stem}.db")
        connection.executescript(script.read_text())
        connection.close()
    return tmp_path


@pytest.fixture
def application(home, clock):
    clock.now = WRITTEN_AT
    opened = Application(Settings(home=home), clock)
    yield opened
    opened.close()


def test_no_row_of_an_older_home_is_changed_by_opening_it(home, application):
    application.close()
    for script in WRITTEN.glob("*.sql"):
        written, found = sqlite3.connect(":memory:"), sqlite3.connect(home / f"{script.stem}.db")
        written.executescript(script.read_text())
        for table, _ in written.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table'").fetchall():
            columns = ", ".join(row[1] for row in written.execute(f'PRAGMA table_info("{table}")'))
            rows = f'SELECT {columns} FROM "{table}" ORDER BY 1'  # noqa: S608 - names from our own schema
            assert found.execute(rows).fetchall() == written.execute(rows).fetchall(), table
        written.close()
        found.close()


def test_the_queue_of_an_older_home_is_listed(application):
    listed = application.listing.window(WRITTEN_AT, WRITTEN_AT + timedelta(days=30), limit=100)
    texts = {found.post.text: found.listed.enabled for found in application.listing.details(listed)}
    assert texts == {"Still to come": True, "Paused": False, "Every day": True}


def test_the_history_of_an_older_home_is_listed(application):
    states = {run.payload.text: run.outcome.state for run in runs(application.ledger, limit=100)}
    assert states == {"Published": "published", "Refused by the webhook": "refused"}
    assert {post.text for post in application.outbox.feed(limit=100)} == {"Published", "Refused by the webhook"}


def test_the_fence_of_an_older_home_still_holds(application):
    plan = application.schedules.plan("k3v9q2m4cx7e")
    again = read_payload(write_payload(plan.post).replace(SCHEDULED_TIME, utc_text(plan.post.due_at)))
    application.publisher.publish(again)
    assert len(application.outbox.feed(limit=100)) == 2


def test_a_post_of_an_older_home_can_be_published_and_another_resumed(application, clock):
    plan = application.schedules.plan("k3v9q2m4cx7a")
    clock.now = plan.post.due_at
    due = read_payload(write_payload(plan.post).replace(SCHEDULED_TIME, utc_text(plan.post.due_at)))
    [result] = application.publisher.publish(due).results
    assert result.state == "published"
    resumed = application.schedules.resume(application.schedules.plan("k3v9q2m4cx7b"))
    assert resumed.desired == "active"
