"""An engine that fires into a list, step by step or with its threads."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from core.engine.clients import Clients
from core.engine.invocations import Invocation
from core.engine.runner import Runner
from core.storage.processes import Presence

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:relay"
ROLE = "arn:aws:iam::000000000000:role/scheduler"


class Receiver:
    """A function that remembers what it was invoked with, and does what it is told."""

    def __init__(self) -> None:
        self.invocations: list[Invocation] = []
        self.behave: Callable[[Invocation], None] = lambda invocation: None
        self._changed = threading.Condition()

    def __call__(self, invocation: Invocation) -> None:
        with self._changed:
            self.invocations.append(invocation)
            self._changed.notify_all()
        self.behave(invocation)

    def wait_for(self, count: int, timeout: float = 10) -> list[Invocation]:
        """Return the invocations once there are `count`."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.invocations) >= count, timeout), self.invocations
            return list(self.invocations)


@pytest.fixture
def receiver() -> Receiver:
    """The function behind FUNCTION."""
    return Receiver()


@pytest.fixture
def presence(tmp_path):
    """This process's presence."""
    presence = Presence(tmp_path / "processes")
    yield presence
    presence.leave()


@pytest.fixture
def start_runner(store, presence, receiver, clock):
    """Start a runner with the options given; it is stopped after the test."""
    runners = []

    def start(**options: Any) -> Runner:
        runner = Runner(store, presence, {FUNCTION: receiver}, clock, **options)
        runner.start()
        runners.append(runner)
        return runner

    yield start
    for runner in runners:
        runner.stop()


@pytest.fixture
def create(clients: Clients) -> Callable[..., None]:
    """Create a schedule for FUNCTION, due now unless an expression is given; `target` holds changes of the target."""

    def create_schedule(
        name: str = "post",
        expression: str = "at(2026-11-02T12:00:00)",
        *,
        target: dict[str, str] | None = None,
        **changed: Any,
    ) -> None:
        clients.scheduler.create_schedule(
            Name=name,
            ScheduleExpression=expression,
            FlexibleTimeWindow=changed.pop("FlexibleTimeWindow", {"Mode": "OFF"}),
            ActionAfterCompletion=changed.pop("ActionAfterCompletion", "DELETE"),
            Target={"Arn": FUNCTION, "RoleArn": ROLE, **(target or {"Input": "{}"})},
            **changed,
        )

    return create_schedule


@pytest.fixture
def eventually() -> Callable[[Callable[[], object]], None]:
    """Wait for what the runner's threads bring about by themselves."""

    def wait(holds: Callable[[], object]) -> None:
        deadline = time.monotonic() + 10
        while not holds():
            assert time.monotonic() < deadline
            time.sleep(0.002)

    return wait


@pytest.fixture
def states(store) -> Callable[[], list[str]]:
    """The states of all invocations."""

    def read() -> list[str]:
        return [row["state"] for row in store.database.read("SELECT state FROM invocation ORDER BY state")]

    return read
