"""What looking at one thing found: a verdict, a sentence, and what to do about it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from core.application import Application

Verdict = Literal["good", "warning", "bad", "unknown"]
"""*warning*: it works, but somebody should look; *bad*: posts do not go out, or not rightly; *unknown*: not checked."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One sentence on what was found, and one on what to do, where anything is to be done. Neither holds a secret."""

    verdict: Verdict
    finding: str
    remedy: str | None = None


@dataclass(frozen=True, kw_only=True)
class Check(Finding):
    """A finding, and the name of what was looked at."""

    name: str


@dataclass(frozen=True, kw_only=True)
class Visit:
    """Who is looked at, and when. Times of day are told in `zone`."""

    application: Application
    now: datetime
    zone: str


def good(finding: str) -> Finding:
    """All is well."""
    return Finding(verdict="good", finding=finding)


def warning(finding: str, remedy: str) -> Finding:
    """It works, but somebody should look."""
    return Finding(verdict="warning", finding=finding, remedy=remedy)


def bad(finding: str, remedy: str) -> Finding:
    """Posts do not go out, or not rightly."""
    return Finding(verdict="bad", finding=finding, remedy=remedy)


def unknown(finding: str, remedy: str | None = None) -> Finding:
    """It could not be looked at."""
    return Finding(verdict="unknown", finding=finding, remedy=remedy)
