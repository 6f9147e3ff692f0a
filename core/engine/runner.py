"""The runner: invokes functions when schedules and retries are due."""

import logging
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from core.engine import invocations
from core.engine.housekeeping import Housekeeping
from core.engine.invocations import Invocation
from core.engine.lanes import NO_LANE, LaneOf, Lanes, no_lane
from core.engine.leader_followers import LeaderFollowers
from core.engine.recorder import RETRY_SECONDS, Recorder, Result, ResultWrite, StoreReceipts
from core.engine.retries import RetryPolicy
from core.engine.store import Store
from core.errors import PunctualError
from core.storage.identity import HomeReplaced
from core.storage.processes import Presence
from core.time.instants import Clock, epoch_ms

log = logging.getLogger(__name__)

Record = Callable[[Any], None]
"""Takes a receipt of an attempt. The engine stores it before the attempt's result, soon after the attempt has ended."""

Function = Callable[[Invocation, Record], None]
"""Executes one invocation. An exception is a failed attempt, with the exception's text as the reason.

If the exception has an attribute `retry_after`, a timedelta, the next attempt is not earlier; see RetryPolicy.
"""

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

    `lane_of` names the lane of a payload. A lane whose functions hang occupies a share of the workers only: a quarter
    if no other does. The invocations of a lane start in the order of their due instants.
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
        lane_of: LaneOf = no_lane,
        on_given_up: Callable[[Invocation, str, Record], None] = lambda invocation, reason, record: None,
        store_receipts: StoreReceipts = lambda receipts: None,
    ) -> None:
        """Start nothing yet. The keys of `functions` are ARNs. A worker calls `on_idle` before it waits or ends.

        A worker calls `on_given_up` with the reason when a failed attempt was the last one. `store_receipts` gets the
        receipts of functions and of `on_given_up`, many at once, on one thread.
        """
        self._store = store
        self._owner = presence.token
        self._functions = functions
        self._clock = clock
        self._workers = workers
        self._retry_policy = RetryPolicy(
            delays=retry_delays, redelivery_seconds=redelivery_seconds, max_event_age=max_event_age
        )
        longest_retry_delay = timedelta(seconds=max((redelivery_seconds, *retry_delays)))
        self._housekeeping = Housekeeping(store, presence, clock, longest_retry_delay=longest_retry_delay)
        self._lane_of = lane_of
        self._on_given_up = on_given_up
        self._wake_up = threading.Event()
        self._lanes = Lanes(workers, on_room=self._wake_up.set)
        self._leader_followers = LeaderFollowers(self._lanes, on_idle)
        self._sleeping_until: float = math.inf
        self._stopping = threading.Event()
        self._recorder = Recorder(store, stopping=self._stopping, on_due=self._on_due, store_receipts=store_receipts)
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
        self._lanes.end(self._workers)
        self._recorder.join(timeout)
        self._remove_process()

    def wake(self) -> None:
        """Look for due work now: another process has stored some, or the clock was moved."""
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
            except HomeReplaced as error:
                self._stop_firing(error)
                return
            except PunctualError as error:
                log.error("The engine cannot fire: %s %s", error, error.hint)
                pause = RETRY_SECONDS
            except Exception:  # noqa: BLE001 - nothing fires without this thread
                log.exception("The engine cannot fire")
                pause = RETRY_SECONDS
            self._wake_up.wait(pause)

    def _stop_firing(self, error: HomeReplaced) -> None:
        """Claim nothing more and start nothing that was claimed: the schedules of this home are not this process's."""
        log.critical("The engine stops: %s %s", error, error.hint)
        self._stopping.set()
        self._release_unstarted()

    def _claim_due(self) -> float:
        """Claim due invocations and queue them for the workers; return the seconds until the next call."""
        held_back_until = -1  # attempts until this instant wait for the share of their lane
        while not self._stopping.is_set() and (limit := self._lanes.claim_limit()):
            due, now = self._store.next_due(attempts_after=held_back_until), self._clock()
            if due is None or due > now:
                self._sleeping_until = math.inf if due is None else epoch_ms(due)
                return POLL_SECONDS if due is None else min(POLL_SECONDS, (due - now).total_seconds())
            rooms = self._lanes.rooms(self._safe_lane_of)
            claimed = self._store.claim_due(self._owner, epoch_ms(now), limit, rooms)
            self._lanes.put(claimed)
            progressed = claimed or rooms.held_back
            if not progressed and held_back_until >= 0:  # a shortage keeps schedules from being dispatched
                return POLL_SECONDS
            held_back_until = -1 if claimed else epoch_ms(now)
        self._sleeping_until = -math.inf  # every worker is busy: `lanes` wakes this thread
        return POLL_SECONDS

    def _safe_lane_of(self, payload: bytes) -> str:
        try:
            return self._lane_of(payload)
        except Exception:  # noqa: BLE001 - the function reports a payload that it cannot read
            return NO_LANE

    def _run_worker(self) -> None:
        while (invocation := self._leader_followers.next_invocation()) is not None:
            self._recorder.put(self._attempt(invocation))
            self._lanes.done(invocation)
        self._recorder.producer_done()

    def _attempt(self, invocation: Invocation) -> Result:
        """Invoke the function; return the result."""
        function = self._functions.get(invocation.function_arn)
        if function is None:
            return Result(self._make_dead_letter(invocation, f"There is no function {invocation.function_arn}."))
        receipts: list[Any] = []
        try:
            function(invocation, receipts.append)
        except BaseException as error:  # noqa: BLE001 - every exception of a function is a failed attempt
            return Result(self._retry_or_give_up(invocation, error, receipts.append), receipts)
        return Result(lambda connection: invocations.delete_succeeded(connection, invocation.id, self._owner), receipts)

    def _retry_or_give_up(self, invocation: Invocation, error: BaseException, record: Record) -> ResultWrite:
        attempt, reason = invocation.attempt, _reason(error)
        log.warning("Attempt %d of %s failed: %s", attempt, invocation.schedule_name or invocation.id, reason)
        asked: timedelta | None = getattr(error, "retry_after", None)
        at = self._retry_policy.next_attempt(attempt, invocation.first_due, self._clock(), asked=asked)
        if at is None:
            self._tell_given_up(invocation, reason, record)
            return self._make_dead_letter(invocation, reason)
        due = epoch_ms(at)
        return lambda connection: invocations.schedule_retry(connection, invocation.id, self._owner, reason, due)

    def _tell_given_up(self, invocation: Invocation, reason: str, record: Record) -> None:
        try:
            self._on_given_up(invocation, reason, record)
        except Exception:  # noqa: BLE001 - it is not the engine's code; the dead letter keeps the reason
            log.exception("The end of %s is not recorded", invocation.schedule_name or invocation.id)

    def _make_dead_letter(self, invocation: Invocation, reason: str) -> ResultWrite:
        log.error("%s is a dead letter: %s", invocation.schedule_name or invocation.id, reason)
        now = epoch_ms(self._clock())
        return lambda connection: invocations.make_dead_letter(connection, invocation.id, self._owner, reason, now)

    def _remove_process(self) -> None:
        try:
            self._store.remove_process(self._owner)
        except PunctualError as error:  # other processes also notice the end by the presence file
            log.error("The end of this engine cannot be recorded: %s %s", error, error.hint)

    def _release_unstarted(self) -> None:
        now = epoch_ms(self._clock())
        for unstarted in self._lanes.take_unstarted():
            release = partial(invocations.release_unstarted, invocation_id=unstarted.id, owner=self._owner, now=now)
            self._recorder.put(Result(release))


def _reason(error: BaseException) -> str:
    """Return the text of an error, or its type's name if it has no text, shortened and encodable in UTF-8."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - __str__ is the function's code too
        text = ""
    return (text or type(error).__name__).encode(errors="replace").decode()[:_MAX_REASON_LENGTH]
