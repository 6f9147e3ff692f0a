"""The reads of a page: on AWS, those that do not need each other wait for the network together."""

from collections.abc import Callable
from typing import Any

from core.errors import PunctualError
from ui.frame.application import application


def read_together(*reads: Callable[[], Any]) -> list[Any]:
    """Return the result of each read. They use nothing of the session, because they may run in other threads."""
    try:
        concurrent = application().ledger.concurrent
    except PunctualError:  # each read knows what it returns then
        return [read() for read in reads]
    return concurrent.all(*reads)


def read_ahead(*reads: Callable[[], object]) -> None:
    """Begin shared reads that the page is going to ask for. Their errors come when it asks."""
    application().ledger.concurrent.begin(*reads)
