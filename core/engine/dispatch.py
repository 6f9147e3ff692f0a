"""Dispatch: a schedule's due occurrence becomes one invocation, and the schedule advances to the next occurrence."""

import json
import logging
import sqlite3
import uuid
from dataclasses import dataclass

from core.engine import waiting_attempts
from core.engine.invocations import Invocation, add_claimed, add_dead_letter, add_waiting
from core.engine.lanes import NO_LANE, LaneOf, LaneRooms, no_lane
from core.engine.next_occurrence import Definition, Timing, has_missed_more_than, skip_to, timing_after_firing
from core.engine.payloads import payload_of
from core.engine.schedules import timing_of
from core.engine.zone_rules import ZoneNote, zone_note
from core.errors import MachineShortage, PunctualError, shortage_of
from core.time.instants import epoch_ms, from_epoch_ms, utc_text

log = logging.getLogger(__name__)

MAX_CATCH_UP_RUNS = 100
"""How many missed runs older than a day fire after an outage, besides the first one. If there are more, none fires."""

_DAY = 24 * 3600_000


@dataclass(frozen=True, kw_only=True, slots=True)
class _Dispatch:
    """The invocation of one occurrence, and the change of its schedule."""

    generation: int
    invocation: Invocation
    timing: Timing
    note: ZoneNote
    deletes_schedule: bool


def dispatch_due(
    connection: sqlite3.Connection, owner: str, now: int, limit: int, rooms: LaneRooms
) -> list[Invocation]:
    """Turn up to `limit` due occurrences into invocations; return those that `owner` claims, in due order.

    An occurrence whose lane is full, or has an earlier attempt, waits for a later claim. The same transaction advances
    each schedule to its next occurrence. It deletes a schedule that has no next occurrence and the
    ActionAfterCompletion DELETE. A call dispatches one occurrence of each schedule, so the missed runs of a repeating
    schedule take several calls.
    """
    due = connection.execute("SELECT * FROM schedule WHERE due <= ? ORDER BY due, id LIMIT ?", (now, limit)).fetchall()
    return _dispatch(connection, due, owner, now, rooms)


def _dispatch(
    connection: sqlite3.Connection, due: list[sqlite3.Row], owner: str, now: int, rooms: LaneRooms
) -> list[Invocation]:
    """Dispatch schedules together, because few statements cost less than many. If that fails, dispatch one by one.

    An unreadable schedule becomes a dead letter and does not delay the others. During a shortage, a schedule that needs
    what is short stays due.
    """
    connection.execute("SAVEPOINT dispatch")
    try:
        dispatches = [_prepare(connection, schedule, now, rooms.lane_of) for schedule in due]
        claimed, held_back = _by_room(connection, dispatches, rooms.copy())
        add_claimed(connection, ((each.invocation, each.generation) for each in claimed), owner, now)
        add_waiting(connection, ((each.invocation, each.generation) for each in held_back))
        _advance_schedules(connection, dispatches)
        invocations = [each.invocation for each in claimed]
        for invocation in invocations:
            rooms.take(invocation.lane)
        rooms.held_back += len(held_back)
    except Exception as error:
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.IntegrityError):
            raise  # a storage error affects every schedule, and may have ended the savepoint with the transaction
        connection.execute("ROLLBACK TO dispatch")
        if len(due) == 1:
            invocations = []
            if (shortage := shortage_of(error)) is not None:
                log.warning("The schedule %s cannot be dispatched yet: %s", due[0]["name"], shortage)
            else:
                _stop_unreadable(connection, due[0], error, now)
        else:
            invocations = [each for schedule in due for each in _dispatch(connection, [schedule], owner, now, rooms)]
    connection.execute("RELEASE dispatch")
    return invocations


def _by_room(
    connection: sqlite3.Connection, dispatches: list[_Dispatch], rooms: LaneRooms
) -> tuple[list[_Dispatch], list[_Dispatch]]:
    """Return the dispatches to claim, and those whose lane is full or has an earlier attempt."""
    claimed: list[_Dispatch] = []
    held_back: list[_Dispatch] = []
    heads: dict[str, int | None] = {NO_LANE: None}
    for each in dispatches:
        lane = each.invocation.lane
        if lane not in heads:
            heads[lane] = waiting_attempts.earliest(connection, lane)
        head = heads[lane]
        if not rooms.room(lane, 1) or (head is not None and head < epoch_ms(each.invocation.first_due)):
            held_back.append(each)
        else:
            claimed.append(each)
            rooms.take(lane)
    return claimed, held_back


def _prepare(connection: sqlite3.Connection, schedule: sqlite3.Row, now: int, lane_of: LaneOf) -> _Dispatch:
    definition = json.loads(schedule["definition"])
    invocation = _invocation(schedule, definition, schedule["occurrence"], schedule["due"], lane_of)
    try:
        timing = _next_timing(connection, schedule, definition, now)
        deletes = timing.occurrence is None and definition["ActionAfterCompletion"] == "DELETE"
    except MachineShortage:
        raise
    except PunctualError as error:  # the zone database no longer has the zone: the other schedules must still fire
        timing, deletes = Timing(anchor=schedule["anchor"], fired=schedule["occurrence"]), False
        reason = f"The schedule cannot run again: {error}"
        add_dead_letter(connection, _invocation(schedule, definition, now, now), reason, now)
    return _Dispatch(
        generation=schedule["id"],
        invocation=invocation,
        timing=timing,
        note=zone_note(definition, timing.occurrence),
        deletes_schedule=deletes,
    )


def _advance_schedules(connection: sqlite3.Connection, dispatches: list[_Dispatch]) -> None:
    connection.executemany(
        "DELETE FROM schedule WHERE id = ?", [(each.generation,) for each in dispatches if each.deletes_schedule]
    )
    connection.executemany(
        "UPDATE schedule SET fired = ?, occurrence = ?, due = ?, zone_release = ?, wall = ? WHERE id = ?",
        [
            (
                *(each.timing.fired, each.timing.occurrence, each.timing.due),
                *(each.note.zone_release, each.note.wall, each.generation),
            )
            for each in dispatches
            if not each.deletes_schedule
        ],
    )


def _stop_unreadable(connection: sqlite3.Connection, schedule: sqlite3.Row, error: Exception, now: int) -> None:
    """Stop a schedule that cannot be dispatched, and add a dead letter with its definition as the payload."""
    log.error("The schedule %s cannot be dispatched", schedule["name"], exc_info=error)
    connection.execute("UPDATE schedule SET due = NULL WHERE id = ?", (schedule["id"],))
    add_dead_letter(connection, _unreadable_invocation(schedule), f"Cannot be read: {error!r}", now)


def _next_timing(connection: sqlite3.Connection, schedule: sqlite3.Row, definition: Definition, now: int) -> Timing:
    """Return the schedule's timing after this dispatch.

    If more than MAX_CATCH_UP_RUNS missed runs are older than a day, skip them and add a dead letter with the reason.
    """
    timing = timing_after_firing(definition, timing_of(schedule))
    earliest = now - _DAY
    if timing.occurrence is None or timing.occurrence >= earliest:
        return timing
    if not has_missed_more_than(definition, timing, MAX_CATCH_UP_RUNS, earliest):
        return timing
    until = utc_text(from_epoch_ms(earliest))
    reason = f"Too many runs were missed. This run and all later ones until {until} are skipped."
    add_dead_letter(connection, _invocation(schedule, definition, timing.occurrence, timing.occurrence), reason, now)
    return skip_to(definition, timing, earliest)


def _invocation(
    schedule: sqlite3.Row, definition: Definition, occurrence: int, due: int, lane_of: LaneOf = no_lane
) -> Invocation:
    execution_id = str(uuid.uuid4())
    payload = payload_of(definition, occurrence, execution_id)
    return Invocation(
        id=execution_id,
        function_arn=schedule["target_arn"],
        payload=payload,
        lane=lane_of(payload),
        attempt=1,
        scheduled_at=from_epoch_ms(occurrence),
        schedule_name=schedule["name"],
        first_due=from_epoch_ms(due),
    )


def _unreadable_invocation(schedule: sqlite3.Row) -> Invocation:
    return Invocation(
        id=str(uuid.uuid4()),
        function_arn=schedule["target_arn"],
        payload=schedule["definition"].encode(),
        attempt=1,
        scheduled_at=from_epoch_ms(schedule["due"]),
        schedule_name=schedule["name"],
        first_due=from_epoch_ms(schedule["due"]),
    )
