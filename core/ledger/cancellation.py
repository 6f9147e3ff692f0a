"""The desired state of a post before its cancellation, which Undo brings back."""

from core.ledger.port import OPEN_STATES, DesiredState, Plan, PlanChange


def cancelled_from(current: Plan, change: PlanChange) -> DesiredState | None:
    """Return the state to keep with the revision that follows a plan; None unless that revision is cancelled."""
    if change.desired != "cancelled":
        return None
    if change.cancelled_from is not None:
        return change.cancelled_from
    return current.desired if current.desired in OPEN_STATES else current.cancelled_from
