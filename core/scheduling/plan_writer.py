"""The plan writer: stores changes of posts in the ledger, with those of the series whose runs they replace."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from core.errors import PunctualError
from core.ledger.port import Ledger, Plan, PlanChange
from core.ledger.refusals import AlreadyGoingOut, ChangedElsewhere, RunReplaced, UnknownPost
from core.ledger.states import outcome
from core.scheduling.arming import Arming
from core.scheduling.run_replacement import RunStaysSkipped, series_change
from core.time.instants import Clock

ATTEMPTS = 20
"""How often the change of a post is written while others change the series whose run it replaces."""


class WritePlan(Protocol):
    """A function that writes changes of plans in one transaction."""

    def __call__(self, change: PlanChange, *, now: datetime, also: Sequence[PlanChange] = ()) -> Plan:
        """Write a change, and with `also` those of other posts; see Ledger.change."""
        ...


class PlanWriter:
    """Writes plans to the ledger, and then makes the scheduler match them."""

    def __init__(self, ledger: Ledger, arming: Arming, clock: Clock) -> None:
        self._ledger = ledger
        self._arming = arming
        self._clock = clock

    def add(self, change: PlanChange) -> Plan:
        """Plan a new post and settle it. Raises AlreadyPlanned."""
        return self._write(None, change, self._ledger.plan)

    def replace(self, plan: Plan, change: PlanChange, write: WritePlan | None = None) -> Plan:
        """Write the next revision of a plan and settle it. A repeated call only settles it.

        `write` stores the change instead of the ledger. Raises the errors of Ledger.change, and AlreadyGoingOut for a
        post that another posting server has taken.
        """
        if self._is_handed_over(plan):
            raise AlreadyGoingOut(plan.post.post_id)
        try:
            return self._write(plan, change, write or self._ledger.change)
        except ChangedElsewhere:
            current = self._current(change)
            written = (current.post, current.desired, current.schedule_name)
            if written != (change.post, change.desired, change.schedule_name):
                raise
        return self.settle(current)

    def settle(self, plan: Plan) -> Plan:
        """Make the scheduler match a plan that is not settled, and return the current plan.

        The plan is in the ledger, so an error is `noted`.
        """
        if plan.settled:
            return plan
        try:
            return self._arming.settle(plan)
        except PunctualError as error:
            error.noted = True
            raise

    def _write(self, before: Plan | None, change: PlanChange, write: WritePlan) -> Plan:
        """Write a change, and in the same transaction that of the series whose run the post replaces; settle both.

        Another change of the series at the same moment repeats the write. A cancellation does not wait for the series.
        """
        for left in reversed(range(ATTEMPTS)):
            of_series = series_change(self._ledger, change, before, self._clock())
            try:
                written = write(change, now=self._clock(), also=[of_series] if of_series else [])
            except ChangedElsewhere as error:
                if error.post_id == change.post.post_id or not left:
                    raise
            except RunReplaced as error:
                raise self._named(error) from error
            except AlreadyGoingOut as error:
                if error.post_id == change.post.post_id or change.desired != "cancelled":
                    raise
                self.settle(write(change, now=self._clock()))
                raise RunStaysSkipped(change.post) from error
            else:
                return self._settle_both(written, of_series)
        raise AssertionError

    def _named(self, error: RunReplaced) -> RunReplaced:
        """Return the refusal with the text of the post that replaces the run."""
        plan = self._ledger.get(error.post_id)
        return RunReplaced(error.run, error.zone, error.post_id, plan.post.text if plan is not None else "")

    def _is_handed_over(self, plan: Plan) -> bool:
        """Return whether another posting server has a one-time post, for which the ledger has no claim."""
        if plan.post.due_at is None or plan.post.due_at > self._clock():
            return False
        occurrence = self._ledger.occurrence(plan.post.post_id)
        if occurrence is None or occurrence.payload.revision != plan.post.revision:
            return False
        return outcome(occurrence).state == "handed over"

    def _settle_both(self, written: Plan, of_series: PlanChange | None) -> Plan:
        try:
            if of_series is not None:
                self.settle(self._current(of_series))
        finally:
            written = self.settle(written)
        return written

    def _current(self, change: PlanChange) -> Plan:
        plan = self._ledger.get(change.post.post_id)
        if plan is None:
            raise UnknownPost(change.post.post_id)
        return plan
