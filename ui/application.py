"""The one open home of this process, shared by the server and every browser session."""

from threading import Lock

from core.application import Application
from core.settings import Settings

_lock = Lock()
_opened: list[Application] = []


def application() -> Application:
    """Return the application; the first call opens the home. Raises what Settings.read and Application raise."""
    with _lock:
        if not _opened:
            _opened.append(Application(Settings.read()))
        return _opened[0]


def close() -> None:
    """Stop firing and close the home, if it is open; the next call of `application` opens one anew."""
    with _lock:
        while _opened:
            _opened.pop().close()
