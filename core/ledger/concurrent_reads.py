"""Independent reads of a ledger, together where each waits for a network: one after the other would take seconds."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Thread
from typing import Any

from core.errors import PunctualError


class ConcurrentReads:
    """Runs reads. Without a network, it runs them in the caller's thread, because threads would only take time."""

    def __init__(self, *, remote: bool) -> None:
        """`remote`: each read waits for a network."""
        self._remote = remote

    def all(self, *reads: Callable[[], Any]) -> list[Any]:
        """Return the result of each read, in order. Raises the error of the first one that failed."""
        if not self._remote or len(reads) < 2:
            return [read() for read in reads]
        with ThreadPoolExecutor(len(reads), thread_name_prefix="reads") as pool:
            return [each.result() for each in [pool.submit(read) for read in reads]]

    def begin(self, *reads: Callable[[], object]) -> None:
        """Begin shared reads (SharedReads), which the caller repeats later: it waits for the one that has begun.

        The caller gets their errors then. Without a network, nothing is begun.
        """
        if self._remote:
            for read in reads:
                Thread(target=_quietly, args=(read,), name="read-ahead", daemon=True).start()


IN_ORDER = ConcurrentReads(remote=False)
"""Runs reads one after the other."""


def _quietly(read: Callable[[], object]) -> None:
    with suppress(PunctualError):
        read()
