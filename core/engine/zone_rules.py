"""Pending occurrences and the rules of their zones: the wall time of an occurrence stays when the rules change."""

import json
import logging
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.engine.next_occurrence import Definition, Timing, expression_of, runs_once, with_occurrence
from core.errors import PunctualError
from core.time.expressions import Expression
from core.time.instants import epoch_ms, from_epoch_ms, wall_time
from core.time.zone_data import zone_release

log = logging.getLogger(__name__)

_LARGEST_CHANGE = timedelta(hours=3)
"""A change of a zone's rules moves a wall time less than this."""

_OUTDATED = "SELECT * FROM schedule WHERE due IS NOT NULL AND zone_release IS NOT NULL AND zone_release "


@dataclass(frozen=True, slots=True)
class ZoneNote:
    """The columns `zone_release` and `wall` of a schedule."""

    zone_release: str | None = None
    wall: int | None = None


NO_ZONE = ZoneNote()


def zone_note(definition: Definition, occurrence: int | None) -> ZoneNote:
    """Return the note of a pending occurrence that this process derived."""
    if occurrence is None:
        return NO_ZONE
    zone = definition["ScheduleExpressionTimezone"]
    if zone == "UTC" or definition["ScheduleExpression"].startswith("rate("):
        return NO_ZONE
    return ZoneNote(zone_release(), _wall(from_epoch_ms(occurrence), zone))


def derive_again(connection: sqlite3.Connection, *, newer: bool) -> list[str]:
    """Derive the pending occurrences that another release derived; return the names of the schedules that moved.

    Those of a newer release are left alone unless `newer`. A schedule that cannot be derived is left as it is.
    """
    release = zone_release()
    rows = connection.execute(_OUTDATED + ("<> ?" if newer else "< ?"), (release,)).fetchall()
    return [row["name"] for row in rows if _derive_again(connection, row)]


def is_outdated(connection: sqlite3.Connection, *, newer: bool) -> bool:
    """Return whether `derive_again` has work."""
    query = _OUTDATED + ("<> ?" if newer else "< ?") + " LIMIT 1"
    return connection.execute(query, (zone_release(),)).fetchone() is not None


def derive_row_again(connection: sqlite3.Connection, row: sqlite3.Row) -> bool:
    """Derive the pending occurrence of a schedule again if an older release derived it; return whether it did."""
    if row["due"] is None or row["zone_release"] is None or row["zone_release"] >= zone_release():
        return False
    _derive_again(connection, row)
    return True


def _derive_again(connection: sqlite3.Connection, row: sqlite3.Row) -> bool:
    timing = Timing(anchor=row["anchor"], fired=row["fired"], occurrence=row["occurrence"], due=row["due"])
    try:
        definition = json.loads(row["definition"])
        derived = with_occurrence(definition, timing, _occurrence(definition, timing, row["wall"]))
        note = zone_note(definition, derived.occurrence)
    except (PunctualError, ValueError, LookupError) as error:  # dispatch reports it when the schedule is due
        log.warning("The next run of %s stays as it is: %s", row["name"], error)
        return False
    connection.execute(
        "UPDATE schedule SET occurrence = ?, due = ?, zone_release = ?, wall = ? WHERE id = ?",
        (derived.occurrence, derived.due, note.zone_release, note.wall, row["id"]),
    )
    return derived.occurrence != timing.occurrence


def _occurrence(definition: Definition, timing: Timing, wall: int | None) -> int | None:
    """Return the pending occurrence by the rules in force.

    It is the run with the wall time of the pending one, so no wall time runs twice, or the next run if the clocks skip
    that wall time. Where no wall time was noted, it is the run nearest to the pending one.
    """
    assert timing.occurrence is not None, "an occurrence is pending"
    pending, expression = from_epoch_ms(timing.occurrence), expression_of(definition, timing.anchor)
    if runs_once(definition):
        first = expression.first(pending)
        return None if first is None else epoch_ms(first)
    earliest = pending - _LARGEST_CHANGE
    if timing.fired is not None:
        earliest = max(earliest, from_epoch_ms(timing.fired))
    if wall is None:
        return _nearest(expression, pending, earliest)
    zone = definition["ScheduleExpressionTimezone"]
    for run in _runs(expression, earliest):
        if _wall(run, zone) >= wall:
            return epoch_ms(run)
    return None


def _nearest(expression: Expression, instant: datetime, earliest: datetime) -> int | None:
    before: datetime | None = None
    for run in _runs(expression, earliest):
        if run >= instant:
            return epoch_ms(run if before is None or run - instant <= instant - before else before)
        before = run
    return None if before is None else epoch_ms(before)


def _runs(expression: Expression, after: datetime) -> Iterator[datetime]:
    while runs := expression.next(1, after=after):
        yield runs[0]
        after = runs[0]


def _wall(instant: datetime, zone: str) -> int:
    return epoch_ms(wall_time(instant, zone).replace(tzinfo=UTC))
