"""Fixtures of the engine's tests: a function that records its invocations, a runner, and schedules."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from core.engine.clients import Clients
from core.engine.invocations import Invocation
from core.engine.runner import Record, Runner
from tests.core.engine.arns import FUNCTION, ROLE


class RecordingFunction:
    """A function that records its invocations and then calls `side_effect`. Its receipts are their ids."""

    def __init__(self) -> None:
        self.invocations: list[Invocation] = []
        self.side_effect: Callable[[Invocation], None] = lambda invocation: None
        self._changed = threading.Condition()

    def __call__(self, invocation: Invocation, record: Record) -> None:
        with self._changed:
            self.invocations.append(invocation)
            self._changed.notify_all()
        record(invocation.id)
        self.side_effect(invocation)

    def block(self) -> threading.Event:
        """Make each invocation wait for the returned event, at most ten seconds."""
        release = threading.Event()

        def wait(invocation: Invocation) -> None:
            release.wait(10)

        self.side_effect = wait
        return release

    def wait_for(self, count: int, timeout: float = 10) -> list[Invocation]:
        """Wait until there are `count` invocations; return all."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.invocations) >= count, timeout), self.invocations
            return list(self.invocations)


@pytest.fixture
def function() -> RecordingFunction:
    """Return the function with the ARN FUNCTION."""
    return RecordingFunction()


@pytest.fixture
def start_runner(store, presence, function, clock):
    """Start a runner with the given options; stop it after the test."""
    runners = []

    def start(**options: Any) -> Runner:
        runner = Runner(store, presence, {FUNCTION: function}, clock, **options)
        runner.start()
        runners.append(runner)
        return runner

    yield start
    for runner in runners:
        runner.stop()


@pytest.fixture
def create(clients: Clients) -> Callable[..., None]:
    """Create a schedule for FUNCTION, by default due now; `target` replaces members of the target."""

    def create_schedule(
        name: str = "post",
        expression: str = "at(2026-11-02T12:00:00)",
        *,
        target: dict[str, str] | None = None,
        **members: Any,
    ) -> None:
        clients.scheduler.create_schedule(
            Name=name,
            ScheduleExpression=expression,
            FlexibleTimeWindow=members.pop("FlexibleTimeWindow", {"Mode": "OFF"}),
            ActionAfterCompletion=members.pop("ActionAfterCompletion", "DELETE"),
            Target={"Arn": FUNCTION, "RoleArn": ROLE, **(target or {"Input": "{}"})},
            **members,
        )

    return create_schedule


@pytest.fixture
def eventually() -> Callable[[Callable[[], object]], None]:
    """Wait until a condition holds, at most 20 seconds."""

    def wait(holds: Callable[[], object]) -> None:
        deadline = time.monotonic() + 20
        while not holds():
            assert time.monotonic() < deadline
            time.sleep(0.002)

    return wait


@pytest.fixture
def states(store) -> Callable[[], list[str]]:
    """Return the states of all invocations."""

    def read() -> list[str]:
        return [row["state"] for row in store.database.read("SELECT state FROM invocation ORDER BY state")]

    return read
