"""The one open application of this process, shared by the server and all browser sessions."""

from collections.abc import Callable
from threading import Lock

from core.application import Application
from core.scheduling.upsert import WaitPolicy
from core.settings import Settings

NO_WAIT = WaitPolicy(role_timeout=0.0)
"""A callback blocks its page and a new IAM role can take two minutes, so AWS's refusal of the role is shown at once.

The change stays in the ledger, and the caretaker retries it.
"""
_lock = Lock()
_opened: list[Application] = []
_served: list[Callable[[], str]] = []


def application() -> Application:
    """Return the application; the first call opens the home. Raises what Settings.read and Application raise.

    In a server this call also starts the engine, so a home that could not be opened at start is served later.
    """
    with _lock:
        if not _opened:
            _opened.append(_open())
        return _opened[0]


def serve(posting_url: Callable[[], str]) -> None:
    """Open the home and start the engine. `posting_url` returns the address at which this server takes posts.

    Raises what `application` raises; each later call of `application` tries again.
    """
    _served[:] = [posting_url]
    application()


def _open() -> Application:
    opened = Application(Settings.read(), wait_policy=NO_WAIT)
    try:
        for posting_url in _served:
            opened.start(posting_url)
    except BaseException:
        opened.close()
        raise
    return opened


def close() -> None:
    """Stop the engine and close the home, if it is open; the next call of `application` opens it again."""
    with _lock:
        _served.clear()
        while _opened:
            _opened.pop().close()
