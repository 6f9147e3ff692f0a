"""The imports that this process runs, so that a page that is opened again shows them."""

from threading import Lock

from core.bulk.background import BackgroundLoad

_lock = Lock()
_loads: list[BackgroundLoad] = []


def begin(load: BackgroundLoad) -> None:
    """Show a load until it is dismissed. Those that ended before are dismissed."""
    with _lock:
        _loads[:] = [each for each in _loads if each.running] + [load]


def current() -> BackgroundLoad | None:
    """Return the load that was begun last and is not dismissed."""
    with _lock:
        return _loads[-1] if _loads else None


def dismiss(load: BackgroundLoad) -> None:
    """Show a load no longer."""
    with _lock:
        _loads[:] = [each for each in _loads if each is not load]


def stop_all(*, within_seconds: float) -> None:
    """Stop every load. Another import of the file resumes it."""
    with _lock:
        loads = list(_loads)
    for each in loads:
        each.stop()
    for each in loads:
        each.wait(within_seconds)
