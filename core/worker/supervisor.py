"""The supervisor: keeps one worker running for a home while a dashboard runs."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from core.errors import PunctualError, shortage_of
from core.storage.processes import Presence, live_processes
from core.time.instants import Clock
from core.worker.control import ask_to_stop, responds
from core.worker.lock import worker_runs
from core.worker.record import WorkerEnd, WorkerFiles, WorkerRecord

log = logging.getLogger(__name__)

ROOT = Path(__file__).parents[2]
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds before the worker is started again. Each end doubles the pause."""
STEADY_SECONDS = 60.0
"""After a life this long, the pause begins anew."""
START_SECONDS = 20.0
"""A worker that does not run after this time is reported."""
LOOK_SECONDS = 0.2
PING_SECONDS = 5.0
"""How often the worker is asked whether it lives."""
REPORTED_MISSES, KILLED_AFTER_MISSES = 3, 12
"""Missed answers in a row after which a worker is reported, and after which a supervised one is killed.

A process that hangs for a minute publishes nothing. Its end frees its claims, and the next worker goes on.
"""
STOP_SECONDS = 15.0
"""How long a dashboard waits for the worker that it stops. A slower worker ends by itself."""


class WorkerNotStarted(PunctualError):
    """The operating system started no process."""

    hint = "Start it by hand: `python -m core engine`."

    def __init__(self, command: Sequence[str], error: OSError) -> None:
        super().__init__(f"{command[0]} did not start: {error.strerror or error}.")


def worker_command(home: Path, log_file: Path) -> list[str]:
    """Return the command of a supervised worker. `-P` keeps modules of the current folder from taking our names."""
    options = ["--home", str(home), "--log", str(log_file), "--supervised"]
    return [sys.executable, "-P", "-m", "core", "engine", *options]


class Supervisor:
    """A thread that starts the worker of a home when none runs, and starts it again when it ends.

    Several dashboards may supervise one home. They share its worker, and the last one that stops
    stops it. A worker that was started by hand is never stopped.
    """

    def __init__(
        self,
        home: Path,
        clock: Clock,
        *,
        check_home: Callable[[], None],
        command: Sequence[str] | None = None,
        pauses: tuple[float, float] = (FIRST_PAUSE, LONGEST_PAUSE),
        ping_seconds: float = PING_SECONDS,
    ) -> None:
        """Start nothing yet. `check_home` raises PunctualError while the home cannot be used.

        `command` replaces the command of the worker.
        """
        self._ping_seconds = ping_seconds
        self._pinged_at, self._misses = 0.0, 0
        self._files = WorkerFiles(home)
        self._clock = clock
        self._check_home = check_home
        self._command = list(command or worker_command(home, self._files.log))
        self._first_pause, self._longest_pause = pauses
        self._presence: Presence | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._terminated = False
        self._problem: str | None = None
        self._starting = True
        self._stopping = threading.Event()
        self._hurry = threading.Event()
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)

    def start(self) -> None:
        """Start the thread, which starts the worker. Call it once."""
        self._thread.start()

    def problem(self) -> str | None:
        """Return why no worker runs, in sentences, or None while one runs or starts for the first time."""
        return self._problem

    def is_starting(self) -> bool:
        """Return whether the worker starts now."""
        return self._starting

    def retry_now(self) -> None:
        """End the pause before the next start."""
        self._hurry.set()

    def stop(self) -> None:
        """Stop the worker, unless another dashboard uses it or a person started it.

        The worker first finishes what is under way. If that takes longer than STOP_SECONDS, it ends by itself later.
        """
        self._stopping.set()
        self._hurry.set()
        self._thread.join()
        if self._presence is not None:
            self._presence.leave()
        if live_processes(self._files.dashboards):
            return
        deadline = time.monotonic() + STOP_SECONDS
        while self._asks_to_stop():
            if time.monotonic() > deadline:
                log.warning("The worker finishes what is under way, then it ends.")
                return
            time.sleep(LOOK_SECONDS / 2)

    def _asks_to_stop(self) -> bool:
        """Ask the worker to stop, if this dashboard may; return whether to ask again."""
        runs, record, child = worker_runs(self._files), WorkerRecord.read(self._files), self._process
        if child is not None and child.poll() is None and (record is None or not runs):
            if not self._terminated:  # the second signal would end it without its finish
                child.terminate()
                self._terminated = True
            return True
        return runs and (record is None or _asked(record))

    def _run(self) -> None:
        pause = self._first_pause
        while not self._stopping.is_set():
            self._hurry.clear()
            began = time.monotonic()
            try:
                self._keep_one()
            except PunctualError as error:
                self._report(f"The worker cannot start: {error} {error.hint}")
            except Exception:  # noqa: BLE001 - nothing is published without a worker
                log.exception("The worker cannot start")
                self._report("The worker cannot start: see the log of this dashboard.")
            if time.monotonic() - began > STEADY_SECONDS:
                pause = self._first_pause
            if not self._stopping.is_set():
                self._hurry.wait(pause)
            pause = min(2 * pause, self._longest_pause)

    def _keep_one(self) -> None:
        """Return when the worker has ended, or the dashboard stops. Raises PunctualError if none can be started."""
        self._check_home()
        if self._presence is None:
            self._presence = Presence(self._files.dashboards)
        if worker_runs(self._files):
            self._watch_other()
        elif not self._stopping.is_set():
            self._process = self._start()
            self._watch(self._process)

    def _watch_other(self) -> None:
        """Watch a worker that this process did not start."""
        self._set_running()
        while not self._stopping.wait(LOOK_SECONDS):
            self._look_for_life()
            if not worker_runs(self._files):
                killed = WorkerRecord.read(self._files) is not None
                self._end("it was killed" if killed else "a person ended it", expected=not killed)
                return

    def _watch(self, process: "subprocess.Popen[bytes]") -> None:
        began, self._starting = time.monotonic(), True
        while not self._stopping.wait(LOOK_SECONDS):
            status = process.poll()
            if status is not None:
                if not worker_runs(self._files):  # else another dashboard's worker was faster
                    self._end(_reason(status), expected=status == 0)
                return
            if self._starting and _is_record_of(process.pid, self._files):
                self._set_running()
            elif not self._starting:
                self._look_for_life()
            elif time.monotonic() - began > START_SECONDS:
                self._report(f"The worker has not started yet (process {process.pid}).")

    def _set_running(self) -> None:
        self._starting, self._problem = False, None
        self._pinged_at, self._misses = time.monotonic(), 0

    def _look_for_life(self) -> None:
        """At intervals, ask the worker whether it lives. Report one that does not answer, and kill it in the end."""
        if time.monotonic() - self._pinged_at < self._ping_seconds:
            return
        record = WorkerRecord.read(self._files)
        if record is None or responds(record, timeout=self._ping_seconds / 5):
            if self._misses >= REPORTED_MISSES:
                self._problem = None
            self._misses = 0
        else:
            self._misses += 1
            if self._misses >= REPORTED_MISSES:
                self._report(f"The worker (process {record.pid}) does not respond: nothing is published.")
            if self._misses >= KILLED_AFTER_MISSES and record.supervised and worker_runs(self._files):
                os.kill(record.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        self._pinged_at = time.monotonic()

    def _start(self) -> "subprocess.Popen[bytes]":
        """Start a worker that ends neither with this process nor at the terminal's Ctrl+C. Raises WorkerNotStarted."""
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        flags = 0
        if sys.platform == "win32":
            flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
        try:
            return subprocess.Popen(
                self._command,
                env={**os.environ, "PYTHONPATH": path},
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                creationflags=flags,
            )
        except OSError as error:
            raise shortage_of(error, "no process can be started") or WorkerNotStarted(self._command, error) from error

    def _end(self, reason: str, *, expected: bool) -> None:
        self._report(f"The worker ended ({reason}) and is started again.")
        if not expected:
            with suppress(PunctualError):  # the next start says what is wrong with the home
                WorkerEnd(at=self._clock(), reason=reason).write(self._files)

    def _report(self, problem: str) -> None:
        reported = f"{problem} Its log is {self._files.log}."
        if reported != self._problem:
            log.error("%s", reported)
        self._problem = reported


def _is_record_of(pid: int, files: WorkerFiles) -> bool:
    record = WorkerRecord.read(files)
    return record is not None and record.pid == pid


def _asked(record: WorkerRecord) -> bool:
    """Ask a worker to stop if a dashboard started it; return whether one did."""
    if record.supervised:
        ask_to_stop(record)
    return record.supervised


def _reason(status: int) -> str:
    """Return an exit status in words."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return f"signal {signal.Signals(-status).name}"
    except ValueError:
        return f"signal {-status}"
