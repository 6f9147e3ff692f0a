"""The repair of plans whose schedules do not match them yet, after an interrupted change."""

from collections.abc import Callable

from core.errors import PunctualError
from core.ledger.port import SETTLE_GRACE, Ledger, Plan
from core.scheduling.arming import Arming
from core.scheduling.outages import OUTAGES
from core.time.instants import Clock

REPAIR_BATCH = 1000
"""The number of unsettled plans that `repair` reads at a time."""


def repair(ledger: Ledger, arming: Arming, clock: Clock, stopped: Callable[[], bool]) -> list[Plan]:
    """Settle all plans that are unsettled for longer than SETTLE_GRACE. Return the plans that are still unsettled.

    Ends early if the scheduler is unreachable or `stopped()` is true. The next call continues.
    """
    changed_before = clock() - SETTLE_GRACE
    unsettled: list[Plan] = []
    tried: set[str] = set()
    while True:
        found = ledger.unsettled(changed_before=changed_before, limit=REPAIR_BATCH + len(unsettled))
        plans = [plan for plan in found if plan.post.post_id not in tried]
        if not plans:
            return unsettled
        for number, plan in enumerate(plans):
            if stopped():
                return unsettled + plans[number:]
            tried.add(plan.post.post_id)
            try:
                arming.settle(plan)
            except OUTAGES:
                return unsettled + plans[number:]
            except PunctualError:
                unsettled.append(plan)
