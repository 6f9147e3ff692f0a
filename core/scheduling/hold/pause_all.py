"""Pause all and Resume: every active post is paused, soonest due first, and exactly those are resumed.

A post is in the hold before it is paused, and it is paused in a transaction that reads the hold. So an interrupted run
is continued by any process, and no post stays paused for a hold that has ended.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event, Lock, Thread

from core.errors import PunctualError
from core.ledger.history import due_unbegun, runs
from core.ledger.port import Ledger, Plan, PlanChange
from core.ledger.refusals import AlreadyGoingOut, ChangedElsewhere
from core.scheduling.hold.changes import all_paused, leave_out
from core.scheduling.hold.port import HELD_LIMIT, Hold, HoldStore, NotHeld
from core.scheduling.hold.refusals import NothingHeld, TooManyToHold
from core.scheduling.outages import is_outage
from core.scheduling.refusals import SeriesEnded, TooSoon
from core.scheduling.revisions import next_revision
from core.scheduling.schedules import Schedules
from core.scheduling.selection import THREADS
from core.scheduling.time_limits import PLANNING_HORIZON
from core.scheduling.upcoming import next_run
from core.time.instants import Clock

log = logging.getLogger(__name__)

BATCH = 100
"""Posts that are noted in one write."""
RETRYING_LOOKED_AT = 100
"""The most runs, latest due first, among which posts that are tried again are found."""
TAKEN_OVER_AFTER = timedelta(minutes=2)
"""A phase without a sign of life for this long was interrupted, and another process continues it."""
ASKED_AGAIN_AFTER = 5.0
"""Seconds until this process tries again to change the series whose runs are going out."""
_LAST = datetime.max.replace(tzinfo=UTC)


class HeldPosts:
    """The hold of a deployment. Any thread may use it.

    Posts that are scheduled while it lasts are not part of it. A post whose time passes stays paused when the others
    are resumed. A post that is tried again after a failed attempt cannot be paused any more: its attempts wait until
    the others are resumed (core/publishing/fence.py), and it may be too late by then.
    """

    def __init__(self, store: HoldStore, ledger: Ledger, schedules: Schedules, clock: Clock) -> None:
        self._store = store
        self._ledger = ledger
        self._schedules = schedules
        self._clock = clock
        self._stopped = Event()
        self._lock = Lock()
        self._thread: Thread | None = None
        self.problem: PunctualError | None = None
        """Why this process did not finish its last phase; another run continues it."""

    def hold(self) -> Hold | None:
        """Return the hold, or None if the posts are not paused as a whole."""
        return self._store.read()

    def begin_pause(self) -> Hold | None:
        """Begin to pause every active post. `finish` does it. During a hold, the posts scheduled since are added."""
        now = self._clock()

        def begin(hold: Hold | None) -> Hold:
            began_at, posts = (hold.began_at, hold.posts) if hold else (now, ())
            return Hold(phase="pausing", began_at=began_at, changed_at=now, total=len(posts), posts=posts)

        return self._store.change(begin)

    def begin_resume(self) -> Hold | None:
        """Begin to resume the held posts. `finish` does it. Raises NothingHeld."""
        now = self._clock()

        def begin(hold: Hold | None) -> Hold:
            if hold is None:
                raise NothingHeld
            return hold.model_copy(update={"phase": "resuming", "changed_at": now, "total": len(hold.posts)})

        return self._store.change(begin)

    def finish(self, progress: Callable[[Hold], None] = lambda hold: None) -> Hold | None:
        """Do what remains of the phase, soonest due first, and return the hold, or None if it has ended.

        Ends early if `stop` is called. `progress` is called after each batch. A series with a run under way cannot be
        changed yet, so the phase stays, and a later call continues it. So it does after an outage of AWS or of the
        storage, which is raised.
        """
        hold = self._store.read()
        if hold is not None and hold.phase == "pausing":
            self._pause(progress)
        elif hold is not None and hold.phase == "resuming":
            self._resume(hold, progress)
        return self._store.read()

    def finish_interrupted(self) -> None:
        """Do what remains of a phase whose process has ended."""
        hold, now = self._store.read(), self._clock()
        if hold is None or not hold.in_progress or abs(now - hold.changed_at) < TAKEN_OVER_AFTER:
            return
        log.warning("Continue an interrupted hold: %s, %d of %d posts", hold.phase, hold.done, hold.total)
        self.finish()

    def finish_in_background(self, *, within_seconds: float) -> None:
        """Run `finish` in a thread of this process; return when it has ended, or after some seconds."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self.problem = None
                self._thread = Thread(target=self._run, name="hold", daemon=True)
                self._thread.start()
            thread = self._thread
        thread.join(within_seconds)

    def forget(self, post_ids: Sequence[str]) -> None:
        """Leave posts out of the hold, because a person has decided about them."""
        chosen = set(post_ids)
        hold = self._store.read()
        if hold is not None and chosen & set(hold.posts):
            self._store.change(leave_out(chosen))

    def include(self, post_ids: Sequence[str]) -> bool:
        """Add posts to the hold, so that they are resumed with the others; return False if there is none."""

        def add(hold: Hold | None) -> Hold | None:
            if hold is None:
                return None
            posts = tuple(dict.fromkeys((*hold.posts, *post_ids)))
            return hold.model_copy(update={"posts": posts, "total": max(hold.total, len(posts))})

        return self._store.read() is not None and self._store.change(add) is not None

    def stop(self, *, within_seconds: float) -> None:
        """Begin no further post, and wait for those under way. Another process continues the phase."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(within_seconds)

    def _run(self) -> None:
        try:
            while (hold := self.finish()) and hold.in_progress:
                if self._stopped.wait(ASKED_AGAIN_AFTER):
                    return
        except PunctualError as error:
            self.problem = error
            log.warning("The hold is not complete yet: %s %s", error, error.hint)

    def _pause(self, progress: Callable[[Hold], None]) -> None:
        active = self._active()
        known = self._store.read()
        count = len(set(active) | set(known.posts if known else ()))
        if count > HELD_LIMIT:
            self._store.change(lambda hold: all_paused(hold) if hold and hold.posts else None)
            raise TooManyToHold(count)
        later: set[str] = set()
        for batch in _batches(active):
            if self._stopped.is_set() or self._note(batch, count) is None:
                return
            refused, waiting = self._each(batch, self._pause_one)
            later |= waiting
            hold = self._store.change(leave_out(refused))
            if hold is None or hold.phase != "pausing":  # another process has paused the posts, or resumes them
                return
            progress(hold)
        if not later:
            self._store.change(lambda hold: all_paused(hold) if hold and hold.phase == "pausing" else hold)

    def _note(self, batch: Sequence[str], total: int) -> Hold | None:
        """Store the posts of a batch before they are paused; return None if a person resumes the posts meanwhile."""
        now = self._clock()

        def add(hold: Hold | None) -> Hold | None:
            if hold is None or hold.phase != "pausing":
                return hold
            posts = tuple(dict.fromkeys((*hold.posts, *batch)))
            return hold.model_copy(update={"posts": posts, "changed_at": now, "total": total})

        hold = self._store.change(add)
        return hold if hold is not None and hold.phase == "pausing" else None

    def _resume(self, hold: Hold, progress: Callable[[Hold], None]) -> None:
        for batch in _batches(self._in_order(hold.posts)):
            current = self._store.read()
            if self._stopped.is_set() or current is None or current.phase != "resuming":
                return
            _, later = self._each(batch, self._resume_one)
            changed = self._store.change(leave_out(set(batch) - later, self._clock()))
            if changed is not None:
                progress(changed)
        self._store.change(lambda hold: None if hold and hold.phase == "resuming" and not hold.posts else hold)

    def _each(self, batch: Sequence[str], change: Callable[[Plan], object]) -> tuple[set[str], set[str]]:
        """Change the posts. Return those that were refused, and those to change later.

        Raises an outage once the others have ended.
        """
        refused, later, outages = set[str](), set[str](), list[PunctualError]()

        def work(post_id: str) -> None:
            if outages:
                return
            try:
                if not self._change(post_id, change):
                    later.add(post_id)
            except PunctualError as error:
                if is_outage(error):
                    outages.append(error)
                else:
                    log.info("A post is left as it is: %s", error)
                    refused.add(post_id)

        with ThreadPoolExecutor(THREADS, thread_name_prefix="hold") as pool:
            list(pool.map(work, batch))
        if outages:
            raise outages[0]
        return refused, later

    def _change(self, post_id: str, change: Callable[[Plan], object]) -> bool:
        """Change a post. Return False if others keep changing it, or if a run of its series is under way."""
        for _ in range(2):
            plan = self._schedules.plan(post_id)
            try:
                change(plan)
            except ChangedElsewhere:
                continue
            except AlreadyGoingOut:
                if plan.post.repeats:
                    return False
                raise
            except PunctualError as error:
                if is_outage(error) or not self._is_written(plan):
                    raise
                log.warning("The change of a post is not armed yet: %s", error)
            return True
        return False

    def _is_written(self, plan: Plan) -> bool:
        """Return whether a change of a plan is in the ledger and will be armed in the background."""
        current = self._schedules.plan(plan.post.post_id)
        return current.post.revision > plan.post.revision and not current.settled

    def _pause_one(self, plan: Plan) -> None:
        if plan.desired == "active":
            try:
                self._schedules.pause(plan, write=self._store.write)
            except NotHeld:
                return  # a person resumes the posts meanwhile
            except AlreadyGoingOut:
                if plan.post.repeats or plan.post.post_id not in self._retrying():
                    raise  # else its attempts wait at the fence

    def _resume_one(self, plan: Plan) -> None:
        if plan.desired == "cancelled" and plan.cancelled_from == "paused" and not plan.returned:
            self._restore_active(plan)
        if plan.desired == "paused":
            try:
                self._schedules.resume(plan)
            except (TooSoon, SeriesEnded):
                return  # its time has passed; it stays paused until a person decides

    def _restore_active(self, plan: Plan) -> None:
        """Let a later restoration of a cancelled post make it active, because the hold that paused it has ended."""
        post = next_revision(plan, plan.post)
        change = PlanChange(post=post, desired="cancelled", schedule_name=plan.schedule_name, cancelled_from="active")
        self._schedules.settle(self._ledger.change(change, now=self._clock()))

    def _active(self) -> list[str]:
        """Return the ids of the active posts that have not begun or are tried again, soonest due first."""
        now = self._clock()
        plans = due_unbegun(self._ledger, now, until=now + 2 * PLANNING_HORIZON, limit=HELD_LIMIT + 1)
        plans += self._ledger.series(limit=HELD_LIMIT)
        plans += [
            plan for plan in map(self._ledger.get, self._retrying()) if plan is not None and not plan.post.repeats
        ]
        return _ids([plan for plan in plans if plan.desired == "active"], now)

    def _retrying(self) -> set[str]:
        """Return the ids of the latest due posts that are tried again, or are going out."""
        return {run.post_id for run in runs(self._ledger, limit=RETRYING_LOOKED_AT) if run.outcome.in_progress}

    def _in_order(self, post_ids: Sequence[str]) -> list[str]:
        """Return the posts that are still pending, soonest due first, and then those that have ended."""
        found: list[Plan] = []
        for batch in _batches(post_ids):
            found += [plan for plan in self._ledger.pending(batch).values() if plan is not None]
        ordered = _ids(found, self._clock())
        return list(dict.fromkeys([*ordered, *post_ids]))


def _ids(plans: Sequence[Plan], now: datetime) -> list[str]:
    ordered = sorted((plan.post.due_at or next_run(plan.post, now) or _LAST, plan.post.post_id) for plan in plans)
    return [post_id for _, post_id in ordered]


def _batches(post_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (post_ids[start : start + BATCH] for start in range(0, len(post_ids), BATCH))
