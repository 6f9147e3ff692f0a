"""The control channel of the worker: datagrams on loopback that wake it, ask whether it lives, or ask it to stop."""

import secrets
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

from core.worker.record import WorkerFiles, WorkerRecord

WAKE, PING, PONG = b"wake", b"ping", b"pong"
PAUSE_SECONDS = 0.005
"""The pause after each datagram: a flood of them wakes the worker at most 200 times a second."""
_MAX_BYTES = 256


class ControlChannel:
    """Receives datagrams in a thread, from `__enter__` to `__exit__`.

    A datagram holds no data, and no harm is done if one is lost: the worker looks for new work by itself four times a
    second, and who asks it to stop asks again.
    """

    def __init__(self, *, on_wake: Callable[[], None], on_stop: Callable[[], None]) -> None:
        """Open the socket. Both functions run on the channel's thread. `secret` makes a datagram a request to stop."""
        self._on_wake, self._on_stop = on_wake, on_stop
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.secret = secrets.token_hex(16)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="control", daemon=True)

    def __enter__(self) -> "ControlChannel":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed.set()
        _send(self.port, WAKE)  # ends the thread's wait
        self._thread.join(1.0)
        self._socket.close()

    def _run(self) -> None:
        while not self._closed.is_set():
            with suppress(OSError):
                self._handle(*self._socket.recvfrom(_MAX_BYTES))
            self._closed.wait(PAUSE_SECONDS)

    def _handle(self, datagram: bytes, sender: tuple[str, int]) -> None:
        if datagram == WAKE:
            self._on_wake()
        elif datagram == PING:
            self._socket.sendto(PONG, sender)
        elif secrets.compare_digest(datagram, self.secret.encode()):
            self._on_stop()


def wake(files: WorkerFiles) -> None:
    """Make the worker look for due work now, if one runs. Does not wait for it, and raises nothing."""
    record = WorkerRecord.read(files)
    if record is not None:
        _send(record.control_port, WAKE)


def responds(record: WorkerRecord, timeout: float = 1.0) -> bool:
    """Return whether a worker answers within `timeout` seconds. True if this process cannot ask it."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(timeout)
            asking.sendto(PING, ("127.0.0.1", record.control_port))
            return asking.recv(_MAX_BYTES) == PONG
    except TimeoutError:
        return False
    except OSError:  # such as no free file handle
        return True


def ask_to_stop(record: WorkerRecord) -> None:
    """Ask a worker to finish what is under way and to end. Does not wait for it. The datagram may be lost."""
    _send(record.control_port, record.secret.encode())


def _send(port: int, datagram: bytes) -> None:
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        sender.sendto(datagram, ("127.0.0.1", port))
