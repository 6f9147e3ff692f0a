"""The runner: invokes functions when schedules and retries are due."""

import logging
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from queue import Empty, SimpleQueue

from core.engine import invocations
from core.engine.housekeeping import Housekeeping
from core.engine.invocations import Invocation
from core.engine.leader_followers import LeaderFollowers
from core.engine.recorder import RETRY_SECONDS, Recorder, ResultWrite
from core.engine.store import Store
from core.errors import PunctualError
from core.storage.processes import Presence
from core.time.instants import Clock, epoch_ms

log = logging.getLogger(__name__)

Function = Callable[[Invocation], None]
"""Executes one invocation. An exception is a failed attempt, with the exception's text as the reason."""

POLL_SECONDS = 0.25
"""The longest pause of the timer: writes of other processes and clock jumps are noticed after it.

A known due instant ends the pause earlier.
"""

_MAX_REASON_LENGTH = 2000


class Runner:
    """Fires due schedules and retries, with a fixed number of workers, from `start` to `stop`.

    Retries follow Lambda's asynchronous invocation: after each of `retry_delays` (seconds), then every
    `redelivery_seconds`, as through an on-failure queue. An invocation becomes a dead letter if its next attempt would
    be later than `max_event_age` after it was due.

    Every invocation runs at least once, and may run again after a crash. Functions must be idempotent.
    """

    def __init__(
        self,
        store: Store,
        presence: Presence,
        functions: Mapping[str, Function],
        clock: Clock,
        *,
        workers: int = 32,
        retry_delays: Sequence[float] = (60, 120),
        redelivery_seconds: float = 900,
        max_event_age: timedelta = timedelta(hours=24),
        on_idle: Callable[[], None] = lambda: None,
    ) -> None:
        """Start nothing yet. The keys of `functions` are ARNs. A worker calls `on_idle` before it waits or ends."""
        self._store = store
        self._owner = presence.token
        self._functions = functions
        self._clock = clock
        self._workers = workers
        self._retry_delays = retry_delays
        self._redelivery_seconds = redelivery_seconds
        self._max_event_age = max_event_age
        longest_retry_delay = timedelta(seconds=max((redelivery_seconds, *retry_delays)))
        self._housekeeping = Housekeeping(store, presence, clock, longest_retry_delay=longest_retry_delay)
        self._ready: SimpleQueue[Invocation | None] = SimpleQueue()
        self._leader_followers = LeaderFollowers(self._ready, on_idle)
        self._wake_up = threading.Event()
        self._sleeping_until: float = math.inf
        self._claimed_lock = threading.Lock()
        self._claimed = 0  # claimed invocations whose function has not finished
        self._stopping = threading.Event()
        self._recorder = Recorder(store, stopping=self._stopping, on_due=self._on_due)
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start the threads. Overdue schedules fire at once. Call it once. Raises StorageError."""
        self._housekeeping.run_due_duties()
        self._recorder.start(self._workers)
        self._store.on_due(self._on_due)
        names = ["engine-timer", *(f"engine-worker-{number}" for number in range(self._workers))]
        targets = [self._run_timer, *[self._run_worker] * self._workers]
        self._threads = [
            threading.Thread(target=target, name=name, daemon=True) for target, name in zip(targets, names, strict=True)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        """Claim nothing more, free unstarted claims, and wait at most `timeout` seconds for running functions.

        A slower function continues. Another process repeats its invocation when this process ends or the lease expires,
        unless the function returns earlier. No effect if `start` raised an error.
        """
        if not self._threads:
            return
        self._stopping.set()
        self._store.on_due(lambda due: None)
        self.wake()
        self._threads[0].join()
        self._release_unstarted()
        for _ in range(self._workers):
            self._ready.put(None)
        self._recorder.join(timeout)
        self._remove_process()

    def wake(self) -> None:
        """Look for due work now. Only a clock that was moved makes this necessary."""
        self._wake_up.set()

    def _on_due(self, due: int) -> None:
        if due < self._sleeping_until:
            self._wake_up.set()

    def _run_timer(self) -> None:
        while not self._stopping.is_set():
            self._wake_up.clear()
            self._sleeping_until = math.inf  # any new due instant wakes this thread until it has read the next one
            try:
                self._housekeeping.run_due_duties()
                pause = self._claim_due()
            except PunctualError as error:
                log.error("The engine cannot fire: %s %s", error, error.hint)
                pause = RETRY_SECONDS
            except Exception:  # noqa: BLE001 - nothing fires without this thread
                log.exception("The engine cannot fire")
                pause = RETRY_SECONDS
            self._wake_up.wait(pause)

    def _claim_due(self) -> float:
        """Claim due invocations and queue them for the workers; return the seconds until the next call."""
        while not self._stopping.is_set() and self._claimed <= self._workers:
            due, now = self._store.next_due(), self._clock()
            if due is None or due > now:
                self._sleeping_until = math.inf if due is None else epoch_ms(due)
                return POLL_SECONDS if due is None else min(POLL_SECONDS, (due - now).total_seconds())
            # Claims up to two invocations per worker, because a transaction per invocation would slow down a burst.
            claimed = self._store.claim_due(self._owner, epoch_ms(now), 2 * self._workers - self._claimed)
            with self._claimed_lock:
                self._claimed += len(claimed)
            for invocation in claimed:
                self._ready.put(invocation)
            if not claimed and self._store.next_due() == due:  # a shortage keeps it from being dispatched
                return POLL_SECONDS
        self._sleeping_until = -math.inf  # every worker is busy: _release_slot wakes this thread
        return POLL_SECONDS

    def _run_worker(self) -> None:
        while (invocation := self._leader_followers.next_invocation()) is not None:
            self._recorder.put(self._attempt(invocation))
            self._release_slot()
        self._recorder.producer_done()

    def _attempt(self, invocation: Invocation) -> ResultWrite:
        """Invoke the function; return the write of the result."""
        function = self._functions.get(invocation.function_arn)
        if function is None:
            return self._make_dead_letter(invocation, f"There is no function {invocation.function_arn}.")
        try:
            function(invocation)
        except BaseException as error:  # noqa: BLE001 - every exception of a function is a failed attempt
            return self._retry_or_give_up(invocation, _reason(error))
        return lambda connection: invocations.delete_succeeded(connection, invocation.id, self._owner)

    def _retry_or_give_up(self, invocation: Invocation, reason: str) -> ResultWrite:
        delays = self._retry_delays
        attempt = invocation.attempt
        delay = delays[attempt - 1] if attempt <= len(delays) else self._redelivery_seconds
        at = self._clock() + timedelta(seconds=delay)
        log.warning("Attempt %d of %s failed: %s", attempt, invocation.schedule_name or invocation.id, reason)
        if at - invocation.first_due > self._max_event_age:
            return self._make_dead_letter(invocation, reason)
        due = epoch_ms(at)
        return lambda connection: invocations.schedule_retry(connection, invocation.id, self._owner, reason, due)

    def _make_dead_letter(self, invocation: Invocation, reason: str) -> ResultWrite:
        log.error("%s is a dead letter: %s", invocation.schedule_name or invocation.id, reason)
        now = epoch_ms(self._clock())
        return lambda connection: invocations.make_dead_letter(connection, invocation.id, self._owner, reason, now)

    def _release_slot(self) -> None:
        """Count a finished invocation; wake the timer when it may claim again."""
        with self._claimed_lock:
            self._claimed -= 1
            has_room_again = self._claimed == self._workers
        if has_room_again:
            self._wake_up.set()

    def _remove_process(self) -> None:
        try:
            self._store.remove_process(self._owner)
        except PunctualError as error:  # other processes also notice the end by the presence file
            log.error("The end of this engine cannot be recorded: %s %s", error, error.hint)

    def _release_unstarted(self) -> None:
        now = epoch_ms(self._clock())
        while True:
            try:
                unstarted = self._ready.get_nowait()
            except Empty:
                return
            if unstarted is not None:
                self._recorder.put(
                    partial(invocations.release_unstarted, invocation_id=unstarted.id, owner=self._owner, now=now)
                )


def _reason(error: BaseException) -> str:
    """Return the text of an error, or its type's name if it has no text, shortened and encodable in UTF-8."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - __str__ is the function's code too
        text = ""
    return (text or type(error).__name__).encode(errors="replace").decode()[:_MAX_REASON_LENGTH]
