"""Handing over: a schedule's due occurrence becomes an invocation, once, and the schedule moves on."""

import json
import logging
import sqlite3
import uuid

from core.engine.invocations import LEASE, Invocation, insert
from core.engine.payloads import payload_of
from core.engine.schedules import timing_of
from core.engine.timing import Definition, Timing, after_firing, instant_of, more_missed_than, skipped_to
from core.errors import PunctualError
from core.moments import utc_text

log = logging.getLogger(__name__)

MADE_UP = 100
"""How many missed runs of a repeating schedule are made up for after an outage, besides those of the last day."""

_DAY = 24 * 3600_000


def hand_over(connection: sqlite3.Connection, owner: str, now: int, limit: int) -> list[Invocation]:
    """Turn up to `limit` due occurrences into invocations that `owner` has claimed, in due order.

    In the same transaction each schedule moves on to its next occurrence, or leaves the list where it is to be
    deleted after completion. A repeating schedule is handed over once a call, so its missed runs take several calls.
    """
    due = connection.execute("SELECT * FROM schedule WHERE due <= ? ORDER BY due, id LIMIT ?", (now, limit)).fetchall()
    handed_over = (_one(connection, schedule, owner, now) for schedule in due)
    return [invocation for invocation in handed_over if invocation is not None]


def _one(connection: sqlite3.Connection, schedule: sqlite3.Row, owner: str, now: int) -> Invocation | None:
    """Hand one schedule over; one that cannot be read becomes a dead letter, and never holds up the others."""
    connection.execute("SAVEPOINT one")
    invocation = None
    try:
        invocation = _handed_over(connection, schedule, owner, now)
    except Exception as error:
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.IntegrityError):
            raise  # the disk's fault, for all of them; it may have ended the savepoint with the transaction
        log.exception("The schedule %s cannot be handed over", schedule["name"])
        connection.execute("ROLLBACK TO one")
        connection.execute("UPDATE schedule SET due = NULL WHERE id = ?", (schedule["id"],))
        unreadable = _unreadable(schedule)
        insert(connection, unreadable, None, state="dead", error=f"Cannot be read: {error!r}", finished=now)
    connection.execute("RELEASE one")
    return invocation


def _handed_over(connection: sqlite3.Connection, schedule: sqlite3.Row, owner: str, now: int) -> Invocation:
    definition = json.loads(schedule["definition"])
    invocation = _invocation(schedule, definition, schedule["occurrence"], schedule["due"])
    insert(connection, invocation, schedule["id"], state="running", attempts=1, owner=owner, lease_until=now + LEASE)
    try:
        timing = _moved_on(connection, schedule, definition, now)
    except PunctualError as error:  # its zone left the database since: that must not hold up every other schedule
        timing = Timing(anchor=schedule["anchor"], fired=schedule["occurrence"])
        _bury(connection, schedule, definition, now, f"The schedule cannot run again: {error}", now)
    if timing.occurrence is None and definition["ActionAfterCompletion"] == "DELETE":
        connection.execute("DELETE FROM schedule WHERE id = ?", (schedule["id"],))
    else:
        connection.execute(
            "UPDATE schedule SET fired = ?, occurrence = ?, due = ? WHERE id = ?",
            (timing.fired, timing.occurrence, timing.due, schedule["id"]),
        )
    return invocation


def _moved_on(connection: sqlite3.Connection, schedule: sqlite3.Row, definition: Definition, now: int) -> Timing:
    """Return where the schedule stands next. Where very many runs were missed, a dead letter names those left out."""
    timing = after_firing(definition, timing_of(schedule))
    earliest = now - _DAY
    if timing.occurrence is None or timing.occurrence >= earliest:
        return timing
    if not more_missed_than(definition, timing, MADE_UP, earliest):
        return timing
    reason = f"Too many runs were missed: this one, and all until {utc_text(instant_of(earliest))}, are left out."
    _bury(connection, schedule, definition, timing.occurrence, reason, now)
    return skipped_to(definition, timing, earliest)


def _bury(
    connection: sqlite3.Connection, schedule: sqlite3.Row, definition: Definition, run: int, reason: str, now: int
) -> None:
    """Note a run that does not come. It is none of the generation's: at the same instant there may be one that does."""
    dead = _invocation(schedule, definition, run, run)
    insert(connection, dead, None, state="dead", error=reason, finished=now)


def _invocation(schedule: sqlite3.Row, definition: Definition, occurrence: int, due: int) -> Invocation:
    execution_id = str(uuid.uuid4())
    return Invocation(
        id=execution_id,
        function_arn=schedule["target_arn"],
        payload=payload_of(definition, occurrence, execution_id),
        attempt=1,
        scheduled_at=instant_of(occurrence),
        schedule_name=schedule["name"],
        first_due=instant_of(due),
    )


def _unreadable(schedule: sqlite3.Row) -> Invocation:
    return Invocation(
        id=str(uuid.uuid4()),
        function_arn=schedule["target_arn"],
        payload=schedule["definition"].encode(),
        attempt=1,
        scheduled_at=instant_of(schedule["due"]),
        schedule_name=schedule["name"],
        first_due=instant_of(schedule["due"]),
    )
