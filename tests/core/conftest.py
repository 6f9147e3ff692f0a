"""Fixtures of core: posts, a ledger, and schedulers."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from core.application import Application
from core.ledger.sqlite import SqliteLedger, open_database
from core.posts.models import Post, Repeat
from core.posts.payload import Payload, TargetSettings, invocation_of, read_payload, read_scheduled
from core.scheduling.schedules import Schedules
from core.settings import Settings
from core.storage.database import Database
from core.storage.processes import Presence

POST_ID = "k3v9q2m4cx7a"


@pytest.fixture
def application(tmp_path, clock) -> Iterator[Application]:
    """Open a new home. No engine runs."""
    opened = Application(Settings(home=tmp_path / "home"), clock)
    yield opened
    opened.close()


@pytest.fixture
def a_post(clock) -> Callable[..., Post]:
    """Build a post to the outbox that is due in an hour, with the given members changed."""

    def build(**changed: Any) -> Post:
        due_at = changed.get("due_at", clock() + timedelta(hours=1))
        members = {
            "post_id": POST_ID,
            "text": "Grüße aus Köln 🎉",
            "destinations": ("outbox",),
            "zone": "Europe/Berlin",
            "wall": "2026-11-02T14:00:00",
            "due_at": due_at,
            **changed,
        }
        return Post(**members)

    return build


@pytest.fixture
def a_series(a_post) -> Callable[..., Post]:
    """Build a post that repeats each morning, with the given members changed."""

    def build(**changed: Any) -> Post:
        rule = Repeat(expression="cron(0 9 * * ? *)")
        return a_post(**{"due_at": None, "repeat": rule, "wall": "2026-11-03T09:00:00", **changed})

    return build


@pytest.fixture
def payload_for() -> Callable[..., Payload]:
    """Build the payload that the relay gets for an occurrence of a post, with the given members changed."""

    def build(post: Post, **changed: Any) -> Payload:
        payload = invocation_of(post, changed.pop("occurrence", post.due_at))
        return payload.model_copy(update=changed)

    return build


@pytest.fixture
def presence(tmp_path) -> Iterator[Presence]:
    """Register this process in a home."""
    presence = Presence(tmp_path / "processes")
    yield presence
    presence.leave()


@pytest.fixture
def database(tmp_path, clock) -> Iterator[Database]:
    """Open an empty punctual.db."""
    database = open_database(tmp_path / "punctual.db", now=clock())
    yield database
    database.close()


@pytest.fixture
def ledger(database, presence) -> SqliteLedger:
    """Return the empty ledger of one machine."""
    return SqliteLedger(database, presence)


GROUP = "punctual"


class RecordingLambdaClient:
    """The part of boto3's lambda client that invokes functions. It records the payloads."""

    def __init__(self) -> None:
        self.payloads: list[Payload] = []

    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 - boto3's
        assert InvocationType == "Event"
        self.payloads.append(read_payload(Payload))
        return {"StatusCode": 202}


@pytest.fixture(params=["engine", "moto"])
def scheduler(request) -> Any:
    """Return boto3's scheduler client on the engine or on moto, with the schedule group."""
    client = request.getfixturevalue(f"{request.param}_client")
    client.create_schedule_group(Name=GROUP)
    return client


@pytest.fixture
def lambda_client() -> RecordingLambdaClient:
    return RecordingLambdaClient()


@pytest.fixture
def target() -> TargetSettings:
    return TargetSettings(
        group=GROUP,
        function_arn="arn:aws:lambda:us-east-1:000000000000:function:punctual-relay",
        role_arn="arn:aws:iam::000000000000:role/punctual-scheduler",
        dead_letter_arn=None,
        lead=timedelta(0),
    )


@pytest.fixture
def make_schedules(scheduler, lambda_client, ledger, target, clock) -> Callable[..., Schedules]:
    """Make a Schedules on the same scheduler and ledger, as another process would, with the given parts replaced."""

    def make(**parts: Any) -> Schedules:
        arguments = {
            "scheduler": scheduler,
            "lambda_client": lambda_client,
            "ledger": ledger,
            "target": target,
            "notice": timedelta(seconds=2),
            "clock": clock,
            **parts,
        }
        return Schedules(**arguments)

    return make


@pytest.fixture
def schedules(make_schedules) -> Schedules:
    return make_schedules()


@pytest.fixture
def schedule_names(scheduler) -> Callable[[], list[str]]:
    """List the names of all schedules."""

    def list_names() -> list[str]:
        pages = scheduler.get_paginator("list_schedules").paginate(GroupName=GROUP)
        return sorted(summary["Name"] for page in pages for summary in page["Schedules"])

    return list_names


@pytest.fixture
def read_schedule(scheduler) -> Callable[[str], dict[str, Any]]:
    """Read a schedule from the scheduler by its name."""
    return lambda name: scheduler.get_schedule(Name=name, GroupName=GROUP)


@pytest.fixture
def assert_synced(scheduler, lambda_client, ledger, schedule_names, read_schedule) -> Callable[[str], None]:
    """Assert that the scheduler holds only the desired schedule of a post and that the ledger has settled it."""

    def check(post_id: str) -> None:
        plan = ledger.get(post_id)
        found = [name for name in schedule_names() if name.endswith(post_id)]
        if plan is None:
            assert found == []
            return
        assert (plan.settled, plan.superseded) == (True, ())
        if plan.schedule_name is None and plan.desired == "active":
            sent = [(payload.post_id, payload.revision) for payload in lambda_client.payloads]
            assert (post_id, plan.post.revision) in sent
        if plan.schedule_name is None or plan.desired == "cancelled":
            assert found == []
            return
        assert found == [plan.schedule_name]
        schedule = read_schedule(plan.schedule_name)
        assert read_scheduled(schedule) == plan.post
        assert schedule["State"] == ("ENABLED" if plan.desired == "active" else "DISABLED")

    return check
