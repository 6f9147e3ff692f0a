"""Posts without a result in a deployment whose relay reports none: they wait for one, and then for a person."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal

from core.ledger.history import START_GRACE, Run, runs
from core.ledger.port import Ledger, Plan, Receipt
from core.ledger.unconfirmed import mark_unconfirmed
from core.posts.destinations import Destination
from core.posts.payload import Payload, invocation_of
from core.posts.series import runs_between
from core.time.instants import Clock

WAITED_FOR = START_GRACE - timedelta(seconds=30)
"""The time from the due instant after which a post waits for its result: a round of the caretaker before it would be
shown as missing, which it need not be."""
REPORTED_WITHIN = timedelta(minutes=35)
"""The longest time to a result: the scheduler delivers within a minute or retries for 15 (core/posts/payload.py),
Lambda retries for 15 more, and an attempt takes up to 140 seconds."""
LOOK_BACK = timedelta(days=7)
"""How old a run of a series may be that is found without a result, after a time in which nothing looked."""
POSTS, SERIES, RUNS = 100, 200, 30
"""The most one-time posts, series, and runs of a series that one search looks at."""
RUNS_LOOKED_AT = 200
"""The most runs of History, latest due first, that are looked at for results that did not come."""
_NO_ATTEMPT = 0
"""The attempt of a receipt without a claim, which any receipt of a real claim outranks."""

NO_RESULT_YET = "No result is reported yet. Lambda tries a failed post twice more."
NO_RESULT = (
    f"Nothing reported a result within {REPORTED_WITHIN // timedelta(minutes=1)} minutes. This home's posting server"
    " did not receive the post; another one may have published it: check the network, then decide."
)
GIVEN_UP = "Lambda has given up after its two retries."


class UnreportedPosts:
    """Keeps a post in History if neither the relay nor this home's posting server has reported its result."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._seen: dict[str, Plan] = {}
        """The active series at the last search: a plan that has changed since tells no runs from before its change."""

    def run(self) -> None:
        """Let each post and run whose time has passed wait for its result in History, and end waits that were too long.

        A destination that a posting server of this home has tried then *failed*, unless it ended during an attempt.
        Any other may be published by another server, so it is *unconfirmed*.
        """
        now = self._clock()
        self._note(now)
        for run in runs(self._ledger, limit=RUNS_LOOKED_AT):
            if run.outcome.in_progress and run.due_at < now - REPORTED_WITHIN:
                self._end(run, now)

    def _note(self, now: datetime) -> None:
        for payload in (*self._one_time(now), *self._of_series(now)):
            for destination in payload.destinations:
                self._ledger.record(payload, _receipt("waiting", payload, destination, NO_RESULT_YET, now))

    def _end(self, run: Run, now: datetime) -> None:
        occurrence = self._ledger.occurrence(run.key)
        if occurrence is None:
            return
        latest = max((each.at for each in occurrence.receipts), default=run.due_at)
        if latest > now - REPORTED_WITHIN:  # an attempt may be under way
            return
        tried = {each.destination for each in occurrence.receipts if each.attempt > _NO_ATTEMPT}
        waiting = [each.destination for each in run.outcome.destinations if each.state == "retrying"]
        cut_off = [each.destination for each in run.outcome.destinations if each.state == "going out"]
        silent = [each for each in waiting if each not in tried]
        if self._is_of_earlier_revision(run):  # the fence refuses its attempts, as superseded
            for destination in silent:
                self._ledger.record(run.payload, _receipt("unconfirmed", run.payload, destination, NO_RESULT, now))
        else:
            mark_unconfirmed(self._ledger, run.payload, NO_RESULT, destinations=silent, now=now)
        mark_unconfirmed(self._ledger, run.payload, NO_RESULT, destinations=cut_off, now=now)
        if len(silent) < len(waiting):
            detail = {"reason": GIVEN_UP}
            failed = Receipt(kind="failed", at=now, revision=run.payload.revision, attempt=run.attempts, detail=detail)
            self._ledger.record(run.payload, failed)

    def _is_of_earlier_revision(self, run: Run) -> bool:
        """Return whether the series of a run has been changed or cancelled since."""
        plan = self._ledger.get(run.post_id)
        return plan is not None and plan.post.repeats and plan.post.revision != run.payload.revision

    def _one_time(self, now: datetime) -> Iterator[Payload]:
        for plan in self._ledger.overdue(due_before=now - WAITED_FOR, limit=POSTS):
            if plan.desired == "active" and plan.settled and plan.post.due_at is not None:
                yield invocation_of(plan.post, plan.post.due_at)

    def _of_series(self, now: datetime) -> Iterator[Payload]:
        plans = {plan.post.post_id: plan for plan in self._ledger.series(limit=SERIES)}
        for post_id, before in self._seen.items():
            current = plans.get(post_id) or self._ledger.get(post_id)
            if current is not None and current.changed_at != before.changed_at:
                yield from self._without_result(before, now, until=current.changed_at)
        for plan in plans.values():
            if plan.desired == "active" and plan.settled:
                yield from self._without_result(plan, now, until=now - WAITED_FOR)
        self._seen = {post_id: plan for post_id, plan in plans.items() if plan.desired == "active"}

    def _without_result(self, plan: Plan, now: datetime, *, until: datetime) -> Iterator[Payload]:
        """Yield the runs of a series that were due since its last change."""
        after = max(plan.changed_at, now - LOOK_BACK)
        for run in runs_between(plan.post, after=after, until=until, limit=RUNS):
            payload = invocation_of(plan.post, run)
            if self._ledger.occurrence(payload.occurrence_key) is None:
                yield payload


def _receipt(
    kind: Literal["waiting", "unconfirmed"], payload: Payload, destination: Destination, reason: str, now: datetime
) -> Receipt:
    """Return the receipt of a destination without a claim."""
    return Receipt(
        kind=kind,
        at=now,
        revision=payload.revision,
        attempt=_NO_ATTEMPT,
        destination=destination,
        detail={"reason": reason},
    )
