"""A look at this machine: what was looked at, what was found, and what to do about it."""

import shutil
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import pytz

from core.application import Application
from core.one_machine import OneMachine
from core.phrases import countdown, counted, moment, span
from core.upcoming import stranded
from lambda_pkg.address import RefusedAddress, address_of

LITTLE_SPACE = 200_000_000
"""Bytes on the disk of the home, below which it is said that space runs out."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that was looked at. `remedy` says what to do, where anything is to be done."""

    name: str
    verdict: Literal["fine", "look", "broken"]
    found: str
    remedy: str | None = None


def checks(application: Application, posting_url: str, zone: str) -> list[Check]:
    """Look at everything; times are told in `zone`."""
    now = application.clock()
    place = [] if application.engine is None else _engine(application.engine, now, zone)
    return [
        _mode(application),
        *place,
        _posting_server(posting_url),
        _secret(application),
        _agreement(application, now),
        _space(application),
        _zone_data(),
    ]


def _mode(application: Application) -> Check:
    if application.engine is None:
        return Check(name="Mode", verdict="fine", found="AWS: EventBridge Scheduler and Lambda fire.")
    return Check(name="Mode", verdict="fine", found="One machine: the embedded engine fires. No AWS account is used.")


def _engine(engine: OneMachine, now: datetime, zone: str) -> list[Check]:
    heartbeat, due, given_up = engine.store.heartbeat(), engine.store.next_due(), len(engine.store.dead_letters())
    if engine.running() and heartbeat is not None:
        runs = Check(name="Engine", verdict="fine", found=f"Running; last sign of life {span(now - heartbeat)} ago.")
    else:
        remedy = "Start the dashboard again, or run `python -m core.engine` beside it."
        runs = Check(name="Engine", verdict="broken", found="Not running: nothing goes out.", remedy=remedy)
    coming = "Nothing is pending." if due is None else f"{moment(due, zone)}, {countdown(due, now)}."
    letters = Check(name="Given up", verdict="fine", found="Nothing.")
    if given_up:
        found = f"{counted(given_up, 'hand-over')} could not be read or recorded."
        letters = Check(name="Given up", verdict="look", found=found, remedy="Retry or discard each below.")
    return [runs, Check(name="Next due", verdict="fine", found=coming), letters]


def _posting_server(url: str) -> Check:
    try:
        address_of(url)
    except RefusedAddress as error:
        remedy = "Bind the dashboard to 127.0.0.1 or 0.0.0.0, or set PUNCTUAL_POSTING_URL."
        return Check(name="Posting server", verdict="broken", found=str(error), remedy=remedy)
    return Check(name="Posting server", verdict="fine", found=url)


def _secret(application: Application) -> Check:
    count = len(application.signing_secrets())
    whence = "from PUNCTUAL_SIGNING_SECRET" if application.settings.signing_secret else "made on this machine"
    return Check(name="Signing secret", verdict="fine", found=f"Present: {counted(count, 'secret')}, {whence}.")


def _agreement(application: Application, now: datetime) -> Check:
    """Whether a schedule stands behind everything that was planned."""
    states = Counter(entry.state for entry in stranded(application.ledger, now))
    name = "Ledger and schedules"
    if not states:
        return Check(name=name, verdict="fine", found="They agree: a schedule stands behind every planned post.")
    found = ", ".join(f"{counted(count, 'post')} {state}" for state, count in states.items())
    return Check(name=name, verdict="look", found=f"{found}.", remedy="They head the queue: give them another time.")


def _space(application: Application) -> Check:
    free = shutil.disk_usage(application.home.path).free
    found = f"{application.home.path}, {free / 1e9:.1f} GB free."
    if free < LITTLE_SPACE:
        return Check(name="Data folder", verdict="look", found=found, remedy="Free some space soon.")
    return Check(name="Data folder", verdict="fine", found=found)


def _zone_data() -> Check:
    release = pytz.OLSON_VERSION  # type: ignore[attr-defined]  # the stubs lack it
    return Check(name="Time zone data", verdict="fine", found=f"Release {release} of the tz database.")
