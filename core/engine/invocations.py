"""Invocations: occurrences that were handed over to a function, and what became of each attempt."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Invocation:
    """One attempt to invoke a function. `payload` has its placeholders replaced; `attempt` counts from 1."""

    id: str
    function_arn: str
    payload: bytes
    attempt: int
    scheduled_at: datetime
    schedule_name: str | None
    """None for a direct invocation (Lambda's Invoke)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeadLetter:
    """An invocation that was given up, kept until someone retries or discards it."""

    id: str
    function_arn: str
    payload: bytes
    attempts: int
    scheduled_at: datetime
    schedule_name: str | None
    error: str
    failed_at: datetime
