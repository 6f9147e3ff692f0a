"""The one open home of this process, shared by the server and every browser session."""

from collections.abc import Callable
from threading import Lock

from core.application import Application
from core.scheduling.upsert import Waiting
from core.settings import Settings

AT_ONCE = Waiting(for_role=0.0)
"""A page stands still while a callback waits, and a role may be new for two minutes: it says so at once instead.

What was wished is noted then, and the caretaker goes on trying.
"""
_lock = Lock()
_opened: list[Application] = []
_served: list[Callable[[], str]] = []


def application() -> Application:
    """Return the application; the first call opens the home. Raises what Settings.read and Application raise.

    Within a server it fires from then on, also where the home could not be opened when the server started.
    """
    with _lock:
        if not _opened:
            _opened.append(_open())
        return _opened[0]


def serve(posting_url: Callable[[], str]) -> None:
    """Open the home and fire what is due in it. `posting_url` says where this server takes posts.

    Raises what `application` raises; whoever calls that later tries again.
    """
    _served[:] = [posting_url]
    application()


def _open() -> Application:
    opened = Application(Settings.read(), waiting=AT_ONCE)
    try:
        for posting_url in _served:
            opened.start_engine(posting_url)
    except BaseException:
        opened.close()
        raise
    return opened


def close() -> None:
    """Stop firing and close the home, if it is open; the next call of `application` opens one anew."""
    with _lock:
        _served.clear()
        while _opened:
            _opened.pop().close()
