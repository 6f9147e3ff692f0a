"""The desired state of a post before its cancellation, which Undo brings back."""

from core.ledger.port import OPEN_STATES, DesiredState, Plan


def cancelled_from(current: Plan, desired: DesiredState) -> DesiredState | None:
    """Return the state to keep with the revision that follows a plan; None unless that revision is cancelled."""
    if desired != "cancelled":
        return None
    return current.desired if current.desired in OPEN_STATES else current.cancelled_from
