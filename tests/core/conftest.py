"""Posts to plan, and a ledger to plan them in."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from core.database import Database
from core.ledger.sqlite import SqliteLedger, open_database
from core.models import Post, Repeat
from core.processes import Presence
from core.wire import Payload, invocation_of

POST_ID = "k3v9q2m4cx7a"


@pytest.fixture
def a_post(clock) -> Callable[..., Post]:
    """Build a post to the outbox, due in an hour, with the given members changed."""

    def build(**changed: Any) -> Post:
        due_at = changed.get("due_at", clock() + timedelta(hours=1))
        whole = {
            "post_id": POST_ID,
            "text": "Grüße aus Köln 🎉",
            "destinations": ("outbox",),
            "zone": "Europe/Berlin",
            "wall": "2026-11-02T14:00:00",
            "due_at": due_at,
            **changed,
        }
        return Post(**whole)

    return build


@pytest.fixture
def a_series(a_post) -> Callable[..., Post]:
    """Build a post that repeats every morning, with the given members changed."""

    def build(**changed: Any) -> Post:
        rule = Repeat(expression="cron(0 9 * * ? *)")
        return a_post(**{"due_at": None, "repeat": rule, "wall": "2026-11-03T09:00:00", **changed})

    return build


@pytest.fixture
def invoked() -> Callable[..., Payload]:
    """Return what the relay is handed when a post is due."""

    def build(post: Post, **changed: Any) -> Payload:
        payload = invocation_of(post, changed.pop("occurrence", post.due_at))
        return payload.model_copy(update=changed)

    return build


@pytest.fixture
def presence(tmp_path) -> Iterator[Presence]:
    """This process, present in a home."""
    presence = Presence(tmp_path / "processes")
    yield presence
    presence.leave()


@pytest.fixture
def database(tmp_path, clock) -> Iterator[Database]:
    """punctual.db, with nothing in it."""
    database = open_database(tmp_path / "punctual.db", now=clock())
    yield database
    database.close()


@pytest.fixture
def ledger(database, presence) -> SqliteLedger:
    """The ledger of one machine, empty."""
    return SqliteLedger(database, presence)
