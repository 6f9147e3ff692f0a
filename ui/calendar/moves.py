"""Moves of posts and drafts to another day, hour or instant, each with what undoes it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

from core.drafts.draft import DraftContent, DraftGone
from core.errors import PunctualError
from core.ledger.port import Plan
from core.scheduling.changed_run_draft import changed_run
from core.scheduling.post_time import PostTime
from core.scheduling.upcoming import ledger_entry
from core.time.instants import from_utc_text, instant, instants, wall_time
from core.time.phrases import date_and_time
from core.timetable.port import PostingTimes
from ui.calendar.chips import DRAFT_PREFIX, FIXED_RUN, FIXED_SERIES_DRAFT, fixed_state, post_of, run_of
from ui.frame.application import application


class CannotMove(PunctualError):
    """A post keeps its time, for the given reason."""

    hint = "Nothing was changed."

    def __init__(self, reason: str) -> None:
        super().__init__(f"The post was not moved. {reason}")


class RunKept(CannotMove):
    """A run of a series keeps its time. A post of its own can stand for it, at the time that was asked for."""

    hint = "Change this run to give it another time; the other runs stay."

    def __init__(self, content: DraftContent) -> None:
        super().__init__("It is one run of a series.")
        self.content = content


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where a chip moves: to a cell (`2026-12-03` or `2026-12-03T14`), a wall time or a free place, in the zone."""

    at: str
    zone: str
    instant: str | None = None
    wall: datetime | None = None

    @property
    def day(self) -> date:
        """The day of the cell."""
        return date.fromisoformat(self.at[:10])

    @property
    def hour(self) -> int | None:
        """The hour of the cell; None for a day."""
        return int(self.at[11:]) if len(self.at) > 10 else None


@dataclass(frozen=True, kw_only=True)
class MadeMove:
    """A move that was made: what it says, and the function that undoes it; None if nothing was to be done."""

    message: str
    undo: Callable[[], str] | None = None


def move(key: str, target: Target) -> MadeMove:
    """Move the post or the draft of a chip. Raises CannotMove, SkippedHour, and the errors of a change of the time."""
    return _move_draft(post_of(key), target) if key.startswith(DRAFT_PREFIX) else _move_post(key, target)


def moved(current: PostTime, target: Target) -> PostTime:
    """Return the time after a move.

    A move to another day keeps the wall time in the post's own zone. A move to an hour keeps its minutes in the
    viewer's zone. Of a wall time that the clocks repeat, it is the first one. Raises SkippedHour.
    """
    if target.instant is not None:
        return PostTime.at(from_utc_text(target.instant), current.zone)
    if target.wall is not None:
        return PostTime.at(instant(target.wall, target.zone, which=1), current.zone)
    shown = wall_time(current.due_at, target.zone)
    days = target.day - shown.date()
    if target.hour is None:
        wall = datetime.fromisoformat(current.wall) + days
        return PostTime(due_at=instant(wall, current.zone, which=1), wall=_text(wall), zone=current.zone)
    wall = shown.replace(tzinfo=None, hour=target.hour, microsecond=0) + days
    return PostTime.at(instant(wall, target.zone, which=1), current.zone)


def _move_post(key: str, target: Target) -> MadeMove:
    app = application()
    plan = app.schedules.plan(post_of(key))
    if plan.post.due_at is None:
        raise _refusal_of_run(plan, run_of(key), target)
    reason = fixed_state(ledger_entry(app.ledger, plan.post.post_id, app.clock()).state)
    if reason:
        raise CannotMove(reason)
    before = PostTime.of(plan.post)
    after = moved(before, target)
    if after == before:
        return MadeMove(message="")
    if after.due_at <= app.clock():
        raise CannotMove(f"{date_and_time(after.due_at, after.zone)} has passed.")
    with _claimed(app.posting_times, plan, after, target.instant is not None):
        changed = app.schedules.reschedule(plan, **after.members)

    def undo() -> str:
        app.schedules.restore(changed, plan)
        return f"Back at {date_and_time(before.due_at, before.zone)}."

    return MadeMove(message=f"Moved to {date_and_time(after.due_at, after.zone)}.", undo=undo)


@contextmanager
def _claimed(posting_times: PostingTimes, plan: Plan, after: PostTime, is_free: bool) -> Iterator[None]:
    """Claim a time that was free, so that nobody else gets it too. Raises CannotMove if somebody has got it."""
    post, now = plan.post, application().clock()
    if not is_free:
        yield
        return
    if not posting_times.claim(post.post_id, post.accounts, after.due_at, revision=post.revision, now=now):
        raise CannotMove("That posting time was taken meanwhile.")
    try:
        yield
    except PunctualError:
        posting_times.release(post.post_id, post.accounts, after.due_at)
        raise


def _refusal_of_run(plan: Plan, run: datetime | None, target: Target) -> CannotMove:
    """Return the refusal to move a run, with the draft that can stand for it, if the run and the new time are ahead."""
    now = application().clock()
    if run is None or run <= now:
        return CannotMove(FIXED_RUN)
    content = changed_run(plan.post, run)
    after = moved(PostTime(due_at=run, wall=content.wall or "", zone=content.zone), target)
    if after.due_at <= now:
        return CannotMove(f"{date_and_time(after.due_at, after.zone)} has passed.")
    times = {"wall": after.wall, "zone": after.zone, "which": _which(after)}
    return RunKept(content.model_copy(update=times))


def _move_draft(draft_id: str, target: Target) -> MadeMove:
    app = application()
    draft = app.drafts.get(draft_id)
    if draft is None or draft.content.wall is None or draft.content.proposed_wall is None:
        raise DraftGone(draft_id)
    content = draft.content
    if content.repeat is not None:
        raise CannotMove(FIXED_SERIES_DRAFT)
    due_at = instant(draft.content.proposed_wall, content.zone, which=content.which or 1)
    after = moved(PostTime(due_at=due_at, wall=draft.content.wall, zone=content.zone), target)
    if after.due_at == due_at:
        return MadeMove(message="")
    changed = content.model_copy(update={"wall": after.wall, "zone": after.zone, "which": _which(after)})
    _save(draft_id, changed)

    def undo() -> str:
        _save(draft_id, content)
        return f"Back at {date_and_time(due_at, content.zone)}."

    return MadeMove(message=f"The draft proposes {date_and_time(after.due_at, after.zone)} now.", undo=undo)


def _save(draft_id: str, content: DraftContent) -> None:
    """Save the time of a content, and leave the rest of the draft as it is stored. Raises DraftGone."""
    app = application()
    draft = app.drafts.get(draft_id)
    if draft is None:
        raise DraftGone(draft_id)
    times = {"wall": content.wall, "zone": content.zone, "which": content.which}
    saved = draft.content.model_copy(update=times)
    app.drafts.save(draft_id, saved, base=draft.version, template=draft.template, now=app.clock())


def _which(timing: PostTime) -> int | None:
    both = instants(datetime.fromisoformat(timing.wall), timing.zone)
    return 1 + both.index(timing.due_at) if len(both) == 2 else None


def _text(wall: datetime) -> str:
    return wall.replace(microsecond=0).isoformat(timespec="seconds")
