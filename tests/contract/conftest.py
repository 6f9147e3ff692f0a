"""Scheduler clients that must behave alike, and the parameters of a valid schedule."""

from collections.abc import Callable
from typing import Any

import pytest

TARGET = {
    "Arn": "arn:aws:lambda:us-east-1:123456789012:function:relay",
    "RoleArn": "arn:aws:iam::123456789012:role/punctual",
    "Input": "{}",
}


@pytest.fixture(params=["engine", "http", "moto"])
def scheduler_client(request):
    """Return a client of the engine in this process, of the engine over HTTP, or of moto."""
    return request.getfixturevalue(f"{request.param}_client")


@pytest.fixture(params=["engine", "http"])
def engine_either_way(request):
    """Return a client of the engine in this process or over HTTP, for behaviour that moto lacks."""
    return request.getfixturevalue(f"{request.param}_client")


@pytest.fixture
def schedule() -> Callable[..., dict[str, Any]]:
    """Build the parameters of a valid CreateSchedule request; `target` changes its target."""

    def parameters(*, target: dict[str, Any] | None = None, **changed: Any) -> dict[str, Any]:
        return {
            "Name": "post",
            "ScheduleExpression": "at(2027-01-01T08:00:00)",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {**TARGET, **(target or {})},
            **changed,
        }

    return parameters


@pytest.fixture
def account(request) -> str:
    """Return the account in the ARNs of the scheduler under test."""
    return "123456789012" if "moto" in request.node.name else "000000000000"
