"""Handing over: a schedule's due occurrence becomes an invocation, once, and the schedule moves on."""

import json
import logging
import sqlite3
import uuid
from dataclasses import dataclass

from core.engine.invocations import Invocation, begin, bury
from core.engine.payloads import payload_of
from core.engine.schedules import timing_of
from core.engine.timing import Definition, Timing, after_firing, instant_of, more_missed_than, skipped_to
from core.errors import PunctualError
from core.time.instants import utc_text

log = logging.getLogger(__name__)

MADE_UP = 100
"""How many missed runs of a repeating schedule are made up for after an outage, besides those of the last day."""

_DAY = 24 * 3600_000


@dataclass(frozen=True, kw_only=True, slots=True)
class _Step:
    """One occurrence's invocation, and where its schedule stands once that was handed over."""

    generation: int
    invocation: Invocation
    timing: Timing
    ends: bool
    """Whether the schedule leaves the list."""


def hand_over(connection: sqlite3.Connection, owner: str, now: int, limit: int) -> list[Invocation]:
    """Turn up to `limit` due occurrences into invocations that `owner` has claimed, in due order.

    In the same transaction each schedule moves on to its next occurrence, or leaves the list where it is to be
    deleted after completion. A repeating schedule is handed over once a call, so its missed runs take several calls.
    """
    due = connection.execute("SELECT * FROM schedule WHERE due <= ? ORDER BY due, id LIMIT ?", (now, limit)).fetchall()
    return _handed_over(connection, due, owner, now)


def _handed_over(connection: sqlite3.Connection, due: list[sqlite3.Row], owner: str, now: int) -> list[Invocation]:
    """Hand schedules over together, or one by one where that fails: statements for many cost less than many statements.

    One that cannot be read becomes a dead letter, and never holds up the others.
    """
    connection.execute("SAVEPOINT handing_over")
    try:
        steps = [_step(connection, schedule, now) for schedule in due]
        begin(connection, ((step.invocation, step.generation) for step in steps), owner, now)
        _move_on(connection, steps)
        handed_over = [step.invocation for step in steps]
    except Exception as error:
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.IntegrityError):
            raise  # the disk's fault, for all of them; it may have ended the savepoint with the transaction
        connection.execute("ROLLBACK TO handing_over")
        if len(due) == 1:
            handed_over = []
            _set_aside(connection, due[0], error, now)
        else:
            handed_over = [one for schedule in due for one in _handed_over(connection, [schedule], owner, now)]
    connection.execute("RELEASE handing_over")
    return handed_over


def _step(connection: sqlite3.Connection, schedule: sqlite3.Row, now: int) -> _Step:
    definition = json.loads(schedule["definition"])
    invocation = _invocation(schedule, definition, schedule["occurrence"], schedule["due"])
    try:
        timing = _moved_on(connection, schedule, definition, now)
    except PunctualError as error:  # its zone left the database since: that must not hold up every other schedule
        timing = Timing(anchor=schedule["anchor"], fired=schedule["occurrence"])
        bury(connection, _invocation(schedule, definition, now, now), f"The schedule cannot run again: {error}", now)
    return _Step(
        generation=schedule["id"],
        invocation=invocation,
        timing=timing,
        ends=timing.occurrence is None and definition["ActionAfterCompletion"] == "DELETE",
    )


def _move_on(connection: sqlite3.Connection, steps: list[_Step]) -> None:
    connection.executemany("DELETE FROM schedule WHERE id = ?", [(step.generation,) for step in steps if step.ends])
    connection.executemany(
        "UPDATE schedule SET fired = ?, occurrence = ?, due = ? WHERE id = ?",
        [
            (step.timing.fired, step.timing.occurrence, step.timing.due, step.generation)
            for step in steps
            if not step.ends
        ],
    )


def _set_aside(connection: sqlite3.Connection, schedule: sqlite3.Row, error: Exception, now: int) -> None:
    log.error("The schedule %s cannot be handed over", schedule["name"], exc_info=error)
    connection.execute("UPDATE schedule SET due = NULL WHERE id = ?", (schedule["id"],))
    bury(connection, _unreadable(schedule), f"Cannot be read: {error!r}", now)


def _moved_on(connection: sqlite3.Connection, schedule: sqlite3.Row, definition: Definition, now: int) -> Timing:
    """Return where the schedule stands next. Where very many runs were missed, a dead letter names those left out."""
    timing = after_firing(definition, timing_of(schedule))
    earliest = now - _DAY
    if timing.occurrence is None or timing.occurrence >= earliest:
        return timing
    if not more_missed_than(definition, timing, MADE_UP, earliest):
        return timing
    reason = f"Too many runs were missed: this one, and all until {utc_text(instant_of(earliest))}, are left out."
    bury(connection, _invocation(schedule, definition, timing.occurrence, timing.occurrence), reason, now)
    return skipped_to(definition, timing, earliest)


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
