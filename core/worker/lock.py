"""The lock of the worker: one worker for each home. The operating system frees the lock of a dead worker."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from core.errors import PunctualError
from core.storage.home_errors import translate_home_errors
from core.worker.record import WorkerFiles, WorkerRecord

PROBE_SECONDS = 1.0
"""How long a starting worker tries to get the lock: `worker_runs` of another process holds it for a moment."""
POLL_SECONDS = 0.1
START_HINT = "Start the dashboard, or run `python -m core engine`."
"""The remedy where no worker runs."""


class WorkerRunning(PunctualError):
    """Another worker runs this home."""

    hint = "Nothing is wrong: that worker publishes. To run this one instead, stop the other one, or add --wait."

    def __init__(self, home: Path, record: WorkerRecord | None) -> None:
        other = f": process {record.pid} at {record.url}" if record else ""
        super().__init__(f"Another worker runs {home}{other}.")


@contextmanager
def worker_lock(files: WorkerFiles, *, wait: bool = False) -> Iterator[None]:
    """Hold the lock of the worker, and forget the record of the one before.

    If another process holds it, wait for its end, or raise WorkerRunning after a moment. Raises HomeUnusable too.
    """
    lock = FileLock(files.lock, mode=0o600, thread_local=False)
    with translate_home_errors(files.lock):
        files.folder.mkdir(exist_ok=True, mode=0o700)
        try:
            lock.acquire(timeout=-1 if wait else PROBE_SECONDS, poll_interval=POLL_SECONDS)
        except Timeout:
            raise WorkerRunning(files.folder.parent, WorkerRecord.read(files)) from None
        with suppress(FileNotFoundError, PermissionError):  # another process reads it on Windows
            files.record.unlink()  # that of a worker that was killed
    try:
        yield
    finally:
        lock.release()


def worker_runs(files: WorkerFiles) -> bool:
    """Return whether a worker runs. Takes some microseconds."""
    if not files.lock.exists():
        return False
    probe = FileLock(files.lock, mode=0o600, thread_local=False)
    try:
        probe.acquire(timeout=0)
    except OSError:  # filelock's Timeout is one
        return True
    probe.release()
    return False
