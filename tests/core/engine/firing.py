"""An engine in its own process, for tests that kill it: `python firing.py HOME POINT [SECONDS]`.

Each invocation takes SECONDS and writes one line to HOME/fired. The process kills itself at POINT.
"""

import os
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from core.engine import invocations
from core.engine.invocations import Invocation
from core.engine.runner import Record, Runner
from core.engine.store import Store
from core.storage.processes import Presence
from core.time.instants import real_clock
from tests.core.engine.arns import FUNCTION


def kill_self(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    home, point = Path(sys.argv[1]), sys.argv[2]
    file = os.open(home / "fired", os.O_CREAT | os.O_APPEND | os.O_WRONLY)

    def fire(invocation: Invocation, record: Record) -> None:
        if point == "after claiming":
            kill_self()
        time.sleep(float(sys.argv[3]) if len(sys.argv) > 3 else 0)
        os.write(file, f"{invocation.schedule_name} {invocation.id} {invocation.attempt}\n".encode())

    if point == "before recording":
        invocations.delete_succeeded = kill_self  # type: ignore[assignment]
    store = Store(home / "engine.db", now=real_clock())
    Runner(store, Presence(home / "processes"), {FUNCTION: fire}, real_clock).start()
    print("started", flush=True)
    signal.pause()


main()
