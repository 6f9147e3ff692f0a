"""A signal that a process sends itself at a chosen point, and whether it has stopped a process."""

import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

Side = Literal["before", "after"]


def signal_self_at(owner: Any, name: str, side: Side, number: int) -> None:
    """Make this process send itself a signal before or after the next call of a function, once.

    A call that returns an empty list has done nothing, and does not count.
    """
    original: Callable[..., Any] = getattr(owner, name)

    def send() -> None:
        setattr(owner, name, original)
        signal.pthread_kill(threading.get_ident(), number)  # stops this thread before its next step

    def call(*arguments: Any, **options: Any) -> Any:
        if side == "before":
            send()
        result = original(*arguments, **options)
        if side == "after" and result != []:
            send()
        return result

    setattr(owner, name, call)


def is_stopped(pid: int) -> bool:
    """Return whether a process is stopped, as after Ctrl+Z."""
    state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return state == "T"
