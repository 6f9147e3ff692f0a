"""The result of a health check: a status, a message and a remedy."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from core.application import Application

HealthStatus = Literal["good", "warning", "bad", "unknown"]
"""*warning*: posts go out, but a person should look. *bad*: posts fail or do not go out. *unknown*: not checked."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A status with one sentence that explains it, and a remedy if there is one. Neither text holds a secret."""

    status: HealthStatus
    message: str
    remedy: str | None = None


@dataclass(frozen=True, kw_only=True)
class CheckResult(Finding):
    """A finding with the id of its check, which is the name of its function, and with the name that a person reads."""

    id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class HealthContext:
    """The application to check, the current instant, and the zone for times of day in messages."""

    application: Application
    now: datetime
    zone: str


def good(message: str) -> Finding:
    """Return a finding without a problem."""
    return Finding(status="good", message=message)


def warning(message: str, remedy: str) -> Finding:
    """Return a finding that needs attention although posts go out."""
    return Finding(status="warning", message=message, remedy=remedy)


def bad(message: str, remedy: str) -> Finding:
    """Return a finding that posts fail or do not go out."""
    return Finding(status="bad", message=message, remedy=remedy)


def unknown(message: str, remedy: str | None = None) -> Finding:
    """Return the finding of a check that could not be made."""
    return Finding(status="unknown", message=message, remedy=remedy)
