"""Actions on many posts at once. Each reports what happened to every post, and can be undone once."""

from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from core.errors import PunctualError
from core.labels.label import label_key
from core.ledger.port import DesiredState, Ledger, Plan
from core.ledger.refusals import ChangedElsewhere, UnknownPost
from core.posts.models import LABELS_LIMIT, Post
from core.scheduling.moves import Rearranged
from core.scheduling.outages import is_outage
from core.scheduling.post_change import PostChange
from core.scheduling.rearranging import Rearranging
from core.scheduling.refusals import PostRepeats, check_not_cancelled
from core.scheduling.schedules import Schedules
from core.time.instants import instant
from core.time.phrases import plural

THREADS = 8
"""Posts that are changed at the same time. Their waits, for AWS or for the disk, overlap."""
DAYS_LIMIT = 366
"""The most days by which posts are moved at once."""

Action = Literal["cancel", "pause", "resume", "move", "rearrange", "label", "skip", "send", "undo"]
_DONE: dict[Action, str] = {
    "cancel": "cancelled",
    "pause": "paused",
    "resume": "resumed",
    "move": "moved",
    "rearrange": "moved",
    "label": "labelled",
    "skip": "without their next run",
    "send": "sent",
    "undo": "restored",
}


class TooManyLabelsOnPost(PunctualError):
    """The post would have more labels than LABELS_LIMIT."""

    hint = "Remove other labels from it first."

    def __init__(self) -> None:
        super().__init__(f"A post has at most {LABELS_LIMIT} labels.")


class NotTried(PunctualError):
    """An earlier post failed because of an outage, so this one was left as it is."""

    hint = "Repeat the action when the cause is gone."

    def __init__(self, cause: PunctualError) -> None:
        super().__init__(f"Not tried: {cause}")


@dataclass(frozen=True, kw_only=True)
class RefusedPost:
    """A post that an action left as it was, and the reason. `plan` is None if the ledger does not know the post."""

    post_id: str
    plan: Plan | None
    reason: PunctualError


@dataclass(frozen=True, kw_only=True)
class SelectionReport:
    """What happened to each post of a selection, soonest due first. `unchanged` are those that were so already."""

    action: Action
    changed: tuple[PostChange, ...] = ()
    unchanged: tuple[Plan, ...] = ()
    refused: tuple[RefusedPost, ...] = ()

    @property
    def undoable(self) -> bool:
        """Whether `Selection.undo` can bring something back."""
        return bool(self.changed) and self.action not in ("undo", "send")

    @property
    def summary(self) -> str:
        """The numbers in words, such as `47 posts moved, 3 refused`."""
        done = _DONE[self.action]
        parts = [f"{plural(len(self.changed), 'post')} {done}"] if self.changed or not self.refused else []
        parts += [f"{len(self.unchanged)} unchanged"] if self.unchanged else []
        refused = f"{len(self.refused)} refused" if parts else f"{plural(len(self.refused), 'post')} refused"
        return ", ".join([*parts, *([refused] if self.refused else [])])


class Selection:
    """The actions on many posts. Any thread may use it.

    A refusal of one post leaves the others as they are. What is written to the ledger and could not be armed counts as
    changed: it is armed in the background.
    """

    def __init__(self, schedules: Schedules, ledger: Ledger, rearranging: Rearranging) -> None:
        self._schedules = schedules
        self._ledger = ledger
        self._rearranging = rearranging

    def cancel(self, post_ids: Collection[str]) -> SelectionReport:
        """Cancel the posts, and end the series among them."""
        return self._each("cancel", post_ids, _if(lambda plan: plan.desired != "cancelled", self._schedules.cancel))

    def pause(self, post_ids: Collection[str]) -> SelectionReport:
        """Pause the posts."""
        return self._each("pause", post_ids, _if(lambda plan: plan.desired != "paused", self._schedules.pause))

    def resume(self, post_ids: Collection[str]) -> SelectionReport:
        """Resume the posts at their times. A post whose time has passed is refused."""
        return self._each("resume", post_ids, _if(lambda plan: plan.desired != "active", self._schedules.resume))

    def move_days(self, post_ids: Collection[str], days: int) -> SelectionReport:
        """Move one-time posts by calendar days; the time of day in their zones stays.

        A post whose new time the clocks skip is refused. If they show it twice, the post keeps the pass that it had, or
        gets the first.
        """

        def move(plan: Plan) -> Plan:
            _check_once(plan)
            wall = datetime.fromisoformat(plan.post.wall) + timedelta(days=days)
            due_at = instant(wall, plan.post.zone, which=plan.derivation.which or 1)
            changed = wall.isoformat(timespec="seconds")
            return self._schedules.reschedule(plan, due_at=due_at, wall=changed, zone=plan.post.zone)

        return self._each("move", post_ids, move)

    def to_free_times(self, post_ids: Collection[str]) -> SelectionReport:
        """Move one-time posts to the next free posting times of their accounts, in the order in which they are due.

        The times of the posts themselves count as free. If one of them cannot be moved, all stay where they are.
        """
        found = self._each("rearrange", post_ids, _checked_once)
        try:
            moved = {each.before.post.post_id: each for each in self._rearranging.spread(found.unchanged).changed}
        except PunctualError as error:
            refused = [RefusedPost(post_id=each.post.post_id, plan=each, reason=error) for each in found.unchanged]
            return replace(found, unchanged=(), refused=(*found.refused, *refused))
        changed = tuple(moved[each.post.post_id] for each in found.unchanged if each.post.post_id in moved)
        unchanged = tuple(each for each in found.unchanged if each.post.post_id not in moved)
        return replace(found, changed=changed, unchanged=unchanged)

    def label(
        self, post_ids: Collection[str], *, add: Sequence[str] = (), remove: Collection[str] = ()
    ) -> SelectionReport:
        """Add labels to the posts, and remove others."""
        gone = {label_key(each) for each in remove}

        def change(plan: Plan) -> Plan:
            kept = {label_key(each): each for each in plan.post.labels if label_key(each) not in gone}
            for each in add:
                kept.setdefault(label_key(each), each)
            labels = tuple(kept.values())
            if labels == plan.post.labels:
                return plan
            if len(labels) > LABELS_LIMIT:
                raise TooManyLabelsOnPost
            return self._schedules.edit(plan, plan.post.model_copy(update={"labels": labels}))

        return self._each("label", post_ids, change)

    def send_now(self, post_ids: Collection[str]) -> SelectionReport:
        """Publish one-time posts now, soonest due first. This cannot be undone."""
        return self._each("send", post_ids, self._schedules.send_now, threads=1)

    def undo(self, report: SelectionReport) -> SelectionReport:
        """Bring the posts that an action changed back to what they were.

        A post that was changed since is refused, and so is a series whose skipped run would have been due by now.
        """
        if report.action == "rearrange":
            return self._undo_rearranged(report)
        before = {each.after.post.post_id: each for each in report.changed}

        def restore(plan: Plan) -> Plan:
            changed = before[plan.post.post_id]
            if _content(plan) != _content(changed.after):
                raise ChangedElsewhere(plan.post.post_id)
            if report.action == "skip":
                return self._unskipped(plan, changed.before)
            if plan.cancelled_from == "active" and changed.before.desired == "paused":  # by a hold that has ended since
                return self._schedules.undo_cancel(plan)
            return self._schedules.restore(plan, changed.before)

        return self._each("undo", before, restore)

    def _unskipped(self, plan: Plan, before: Plan) -> Plan:
        """Restore the runs that are skipped since. Raises RunBegun."""
        skipped = [set(each.post.repeat.skipped) if each.post.repeat else set() for each in (plan, before)]
        for run in sorted(skipped[0] - skipped[1]):
            plan = self._schedules.unskip_run(plan, run)
        return plan

    def _undo_rearranged(self, report: SelectionReport) -> SelectionReport:
        """Bring all posts back to their times, or none if one of the times is taken or has passed."""
        current = {each.after.post.post_id: self._ledger.get(each.after.post.post_id) for each in report.changed}
        changed: tuple[PostChange, ...] = ()
        failed: PunctualError | None = None
        try:
            changed = self._rearranging.undo(Rearranged(changed=report.changed)).changed
        except PunctualError as error:
            failed = error
        left = current.keys() - {each.after.post.post_id for each in changed}
        refused = tuple(
            RefusedPost(post_id=post_id, plan=plan, reason=failed or ChangedElsewhere(post_id))
            for post_id, plan in current.items()
            if post_id in left
        )
        return SelectionReport(action="undo", changed=changed, refused=refused)

    def _each(
        self, action: Action, post_ids: Iterable[str], change: Callable[[Plan], Plan], *, threads: int = THREADS
    ) -> SelectionReport:
        """Change each post; return what happened, soonest due first.

        Series come after one-time posts, and before them in an undo: a post in the place of a run changes its series.
        """
        ids = list(dict.fromkeys(post_ids))
        plans = {post_id: self._ledger.get(post_id) for post_id in ids}
        ids.sort(key=lambda post_id: (_due(plans[post_id]), post_id))
        series = [post_id for post_id in ids if _repeats(plans[post_id])]
        others = [post_id for post_id in ids if not _repeats(plans[post_id])]
        replaced = {plan.post.replaces[0] for plan in plans.values() if plan is not None and plan.post.replaces}
        results: dict[str, PostChange | RefusedPost | Plan] = {}
        outages: list[PunctualError] = []

        def work(post_id: str) -> PostChange | RefusedPost | Plan:
            plan = plans[post_id] = self._ledger.get(post_id) if post_id in replaced else plans[post_id]
            if plan is None:
                return RefusedPost(post_id=post_id, plan=None, reason=UnknownPost(post_id))
            if outages:
                return RefusedPost(post_id=post_id, plan=plan, reason=NotTried(outages[0]))
            try:
                after = change(plan)
            except PunctualError as error:
                if is_outage(error):
                    outages.append(error)
                written = self._written(plan, error)
                return written or RefusedPost(post_id=post_id, plan=plan, reason=error)
            return PostChange(before=plan, after=after) if after != plan else plan

        with ThreadPoolExecutor(threads, thread_name_prefix="selection") as pool:
            for group in (series, others) if action == "undo" else (others, series):
                results |= zip(group, pool.map(work, group), strict=True)
        in_order = [results[post_id] for post_id in ids]
        return SelectionReport(
            action=action,
            changed=tuple(each for each in in_order if isinstance(each, PostChange)),
            unchanged=tuple(each for each in in_order if isinstance(each, Plan)),
            refused=tuple(each for each in in_order if isinstance(each, RefusedPost)),
        )

    def _written(self, plan: Plan, error: PunctualError) -> PostChange | None:
        """Return the change if the ledger has it although the scheduler refused it or could not be reached."""
        try:
            current = self._ledger.get(plan.post.post_id)
        except PunctualError:
            return None
        if isinstance(error, ChangedElsewhere) or current is None or current.settled:
            return None
        is_next = current.post.revision == plan.post.revision + 1
        return PostChange(before=plan, after=current) if is_next else None


def _if(differs: Callable[[Plan], bool], change: Callable[[Plan], Plan]) -> Callable[[Plan], Plan]:
    """Return a change that leaves alone the posts that are so already."""
    return lambda plan: change(plan) if differs(plan) else plan


def _content(plan: Plan) -> tuple[Post, DesiredState]:
    """Return what a post is and shall be, without the number of its revision."""
    return plan.post.model_copy(update={"revision": 1}), plan.desired


def _checked_once(plan: Plan) -> Plan:
    _check_once(plan)
    return plan


def _check_once(plan: Plan) -> None:
    check_not_cancelled(plan)
    if plan.post.repeats:
        raise PostRepeats(plan.post.post_id)


def _repeats(plan: Plan | None) -> bool:
    return plan is not None and plan.post.repeats


def _due(plan: Plan | None) -> datetime:
    """Return the instant that orders a post; repeating and unknown ones are last."""
    return (plan.post.due_at if plan else None) or datetime.max.replace(tzinfo=UTC)
