"""The process of a conversion: its limits, and the exit codes by which it names its result."""

import errno
import os
import signal
import sys
from collections.abc import Callable
from threading import Thread

DAMAGED, NOT_ENOUGH_MEMORY, NOT_ENOUGH_DISK, TOO_LARGE = 10, 11, 12, 13
OUT_OF_TIME = (-int(getattr(signal, "SIGXCPU", 24)),)
"""The results of `Popen.wait` for a process that has used its time."""
NICENESS = 10
"""Posts that are due go before conversions."""


class ResultTooLarge(Exception):
    """The file has more pixels, or its result more bytes, than can be attached."""


def run_conversion(convert: Callable[[], None], *, memory: int, seconds: int) -> None:
    """Convert within limits of memory in bytes and of processor time, and exit with the code of the result."""
    _limit(memory, seconds)
    Thread(target=_exit_with_parent, daemon=True).start()
    try:
        convert()
    except MemoryError:
        code = NOT_ENOUGH_MEMORY
    except ResultTooLarge:
        code = TOO_LARGE
    except OSError as error:
        code = {errno.ENOMEM: NOT_ENOUGH_MEMORY, errno.ENOSPC: NOT_ENOUGH_DISK}.get(error.errno or 0, DAMAGED)
    except Exception:  # noqa: BLE001 - the decoders raise any error for a damaged file
        code = DAMAGED
    else:
        code = 0
    sys.stdout.flush()
    os._exit(code)  # the thread below waits for the end of the other process


def _limit(memory: int, seconds: int) -> None:
    if sys.platform != "win32":
        import resource

        os.nice(NICENESS)
        for kind, limit in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, seconds)):
            hard = resource.getrlimit(kind)[1]
            allowed = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
            resource.setrlimit(kind, (allowed, hard))


def _exit_with_parent() -> None:
    """End this process when the one that started it ends, which closes the standard input."""
    sys.stdin.buffer.read()
    os._exit(DAMAGED)
