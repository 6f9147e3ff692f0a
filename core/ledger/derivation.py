"""The derivation of a post's instants: wall time and zone are kept, instants follow from them and from the zone rules.

A time zone changes its rules by a new release of the zone data. The ledger notes with each plan the release with which
its instants were derived, so that a process with another release finds the plans to derive again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Literal

from core.posts.models import Post
from core.posts.series import end_of_day, start_of_day
from core.time.expressions import parse_expression
from core.time.instants import DateOutOfRange, instants, wall_time
from core.time.zone_data import zone_release

NeedsTime = Literal["active", "paused"]
"""The desired state of a post before its wall time lost its one instant. A chosen time brings it back."""

_HALF_A_DAY = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Derivation:
    """How the instants of a revision were derived.

    `zone_release` is the release of the zone data, "" if it was not noted. `which` is 1 or 2 if the clocks repeat the
    wall time, and the post is due at the first or the second instant. `needs_time` is set if the wall time has no
    instant any more, or two: the post is paused until a person chooses a time.
    """

    zone_release: str = ""
    which: int | None = None
    needs_time: NeedsTime | None = None


NOT_NOTED = Derivation()


def derivation(post: Post, needs_time: NeedsTime | None = None) -> Derivation:
    """Return the derivation of instants that this process derived."""
    return Derivation(zone_release=zone_release(), which=None if needs_time else _which(post), needs_time=needs_time)


def kept_derivation(before: Post, noted: Derivation, post: Post, *, may_publish: bool) -> Derivation:
    """Return the derivation of a new revision.

    A change that leaves the time as it is leaves the derivation too: its instants are still those of the noted release.
    A post that may publish needs no time.
    """
    if _time_of(before) != _time_of(post):
        return derivation(post)
    return Derivation(noted.zone_release, noted.which, None if may_publish else noted.needs_time)


def derive_again(post: Post, noted: Derivation) -> Post | None:
    """Return the post with the instants of its wall time and zone by the rules in force.

    Return None if its wall time has no instant, or has two and the user chose neither. Without a note, a due instant
    that is one of the two was chosen. The dates of a repeating post stay the same calendar days. Raises UnknownZone.
    """
    if post.due_at is None:
        return _derive_dates_again(post)
    found = _instants(post)
    if len(found) == 1:
        due_at = found[0]
    elif found and noted.which is not None:
        due_at = found[noted.which - 1]
    elif not noted.zone_release and post.due_at in found:
        due_at = post.due_at
    else:
        return None
    return post if due_at == post.due_at else post.model_copy(update={"due_at": due_at})


def _derive_dates_again(post: Post) -> Post:
    """Return a repeating post whose first and last date, and skipped runs, are those of the rules in force.

    A series keeps the begin of its first date and the last second of its last one. Under other rules that instant is
    some hours off midnight, so the nearest midnight tells the date.
    """
    rule = post.repeat
    if rule is None:
        return post
    starts_at, ends_at = rule.starts_at, rule.ends_at
    if starts_at is not None:
        starts_at = start_of_day((wall_time(starts_at, post.zone) + _HALF_A_DAY).date(), post.zone)
    if ends_at is not None:
        ends_at = end_of_day((wall_time(ends_at, post.zone) - _HALF_A_DAY).date(), post.zone)
    skipped = tuple(_run_again(each, rule.expression, post.zone) for each in rule.skipped)
    derived = rule.model_copy(update={"starts_at": starts_at, "ends_at": ends_at, "skipped": skipped})
    return post if derived == rule else post.model_copy(update={"repeat": derived})


def _run_again(skipped: datetime, expression: str, zone: str) -> datetime:
    """Return the run that a skipped run is by the rules in force: itself, or the nearest one within half a day."""
    window = parse_expression(expression, zone).after(skipped - _HALF_A_DAY)
    near = list(takewhile(lambda run: run <= skipped + _HALF_A_DAY, window))
    return skipped if skipped in near or not near else min(near, key=lambda run: abs(run - skipped))


def _time_of(post: Post) -> tuple[object, ...]:
    return post.wall, post.zone, post.due_at, post.repeat


def _which(post: Post) -> int | None:
    """Return 1 or 2 if the post is due at the first or the second of the two instants of its wall time."""
    if post.due_at is None:
        return None
    found = _instants(post)
    return found.index(post.due_at) + 1 if len(found) == 2 and post.due_at in found else None


def _instants(post: Post) -> tuple[datetime, ...]:
    """Return the instants of a post's wall time; its due instant if the wall time is no date of the calendar."""
    try:
        return instants(datetime.fromisoformat(post.wall), post.zone)
    except (ValueError, DateOutOfRange):
        return (post.due_at,) if post.due_at is not None else ()
