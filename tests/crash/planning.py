"""Processes that plan as dashboards do, and kill themselves: `python planning.py COUNT`.

Says that all of them have opened the home, then reads a step for each: the wall time of the post in UTC, an action, a
point and the id of the post. An action is `schedule`, `post_now`, `move` (by two seconds) or `cancel`. Ends with status
0 if all of them have ended by SIGKILL.
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


def plan(application: Application, due: str, action: str, point: str, post_id: str) -> None:
    """Do the action as far as the point: `after-the-intent` or `before-settling`."""
    schedules, wall = application.schedules, datetime.fromisoformat(due)
    if point == "before-settling":
        signal_self_at(SqliteLedger, "settle", "before", signal.SIGKILL)
    else:
        writer = "plan" if action in ("schedule", "post_now") else "change"
        signal_self_at(SqliteLedger, writer, "after", signal.SIGKILL)
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


def start(ready: int) -> tuple[int, int]:
    """Start a process that opens the home and waits for its step; return its id and where to write the step."""
    step, writer = os.pipe()
    child = os.fork()
    if child == 0:
        application = Application(Settings.read())
        os.write(ready, b".")
        plan(application, *os.read(step, 1000).decode().split())
        os._exit(0)
    return child, writer


def main(count: int) -> int:
    """Let each process do its step, all at once."""
    opened, ready = os.pipe()
    children = [start(ready) for _ in range(count)]
    for _ in children:
        os.read(opened, 1)
    print("ready", flush=True)
    for (_, writer), step in zip(children, sys.stdin, strict=True):
        os.write(writer, step.encode())
    statuses = [os.waitpid(child, 0)[1] for child, _ in children]
    return int(any(os.waitstatus_to_exitcode(status) != -signal.SIGKILL for status in statuses))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
