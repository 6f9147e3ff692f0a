"""Processes that plan as a dashboard does, and kill themselves: `python planning.py DUE ACTION POINT POST_ID ...`.

DUE is the wall time of the posts in UTC. An action is `schedule`, `post_now`, `move` (by two seconds) or `cancel`. Each
one has a process of its own. This one ends with status 0 if all of them have ended by SIGKILL.
"""

import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from core.application import Application
from core.ledger.sqlite import SqliteLedger
from core.publishing.composing import compose
from core.settings import Settings
from tests.crash.signals import signal_self_at


def plan(wall: datetime, action: str, point: str, post_id: str) -> None:
    """Do the action as far as the point: `after the intent` or `before it is settled`."""
    if point == "before it is settled":
        signal_self_at(SqliteLedger, "settle", "before", signal.SIGKILL)
    else:
        signal_self_at(
            SqliteLedger, "plan" if action in ("schedule", "post_now") else "change", "after", signal.SIGKILL
        )
    application = Application(Settings.read())
    schedules = application.schedules
    if action == "cancel":
        schedules.cancel(schedules.plan(post_id))
    elif action == "move":
        later = wall + timedelta(seconds=2)
        due_at = later.replace(tzinfo=UTC)
        schedules.reschedule(schedules.plan(post_id), due_at=due_at, wall=later.isoformat(), zone="UTC")
    else:
        post = compose(
            post_id=post_id,
            text="Planned",
            destinations=["outbox"],
            wall=wall,
            zone="UTC",
            which=None,
            late_after_minutes=60,
            accounts=application.accounts,
            networks=application.networks,
        )
        (schedules.schedule if action == "schedule" else schedules.post_now)(post)


def main(due: str, *steps: str) -> int:
    """Let a copy of this process do each step, all at once."""
    children = []
    for number in range(0, len(steps), 3):
        child = os.fork()
        if child == 0:
            plan(datetime.fromisoformat(due), *steps[number : number + 3])
            os._exit(0)
        children.append(child)
    statuses = [os.waitpid(child, 0)[1] for child in children]
    return int(any(os.waitstatus_to_exitcode(status) != -signal.SIGKILL for status in statuses))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
