"""The runner: invokes functions at the instants that the store holds."""

import logging
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from queue import Empty, SimpleQueue

from core.engine import invocations
from core.engine.housekeeping import Housekeeping
from core.engine.invocations import Invocation
from core.engine.leader_followers import Turns
from core.engine.recorder import PATIENCE, Outcome, Recorder
from core.engine.store import Store
from core.engine.timing import milliseconds
from core.errors import PunctualError
from core.storage.processes import Presence
from core.time.instants import Clock

log = logging.getLogger(__name__)

Function = Callable[[Invocation], None]
"""Raising means that the attempt failed; the error's text is recorded as the reason."""

LOOK = 0.25
"""Seconds after which others' writes and jumps of the clock are noticed. What is due fires at its instant."""

_LONGEST_REASON = 2000


class Runner:
    """Fires what is due, with bounded workers, for as long as it is started.

    Invocations follow Lambda's asynchronous rules: a function that raises is invoked again after each of
    `retry_delays` (seconds), then every `redelivery_seconds`, as an on-failure queue would do, until the next attempt
    would be later than `max_event_age` after the invocation was due; then it is a dead letter.

    Every invocation happens at least once. It may happen again after a crash, so functions must bear that.
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
        on_rest: Callable[[], None] = lambda: None,
    ) -> None:
        """Invoke functions by their ARN. `on_rest` is called on a worker's thread before it waits or ends."""
        self._store = store
        self._owner = presence.token
        self._functions = functions
        self._clock = clock
        self._workers = workers
        self._retry_delays = retry_delays
        self._redelivery_seconds = redelivery_seconds
        self._max_event_age = max_event_age
        longest_pause = timedelta(seconds=max((redelivery_seconds, *retry_delays)))
        self._housekeeping = Housekeeping(store, presence, clock, longest_pause=longest_pause)
        self._ready: SimpleQueue[Invocation | None] = SimpleQueue()
        self._turns = Turns(self._ready, on_rest)
        self._bell = threading.Event()
        self._asleep_until: float = math.inf
        self._counting = threading.Lock()
        self._claimed = 0  # those that are not done; what became of them may still be unrecorded
        self._stopping = threading.Event()
        self._recorder = Recorder(store, stopping=self._stopping, on_due=self._on_due)
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to fire, once in a runner's life. Overdue schedules fire at once. Raises StorageFault."""
        self._housekeeping.look()
        self._recorder.start(self._workers)
        self._store.on_due(self._on_due)
        names = ["engine-timer", *(f"engine-worker-{number}" for number in range(self._workers))]
        targets = [self._keep_time, *[self._work] * self._workers]
        self._threads = [
            threading.Thread(target=target, name=name, daemon=True) for target, name in zip(targets, names, strict=True)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        """Claim nothing more, let running functions finish within `timeout` seconds, and free what was not begun.

        A function that takes longer goes on; others invoke it again once this process has given up its presence, or a
        minute later. Nothing is to be stopped where `start` raised.
        """
        if not self._threads:
            return
        self._stopping.set()
        self._store.on_due(lambda due: None)
        self.wake()
        self._threads[0].join()
        self._put_back_unbegun()
        for _ in range(self._workers):
            self._ready.put(None)
        self._recorder.join(timeout)
        self._leave()

    def wake(self) -> None:
        """Look at once at what is due; needed only when the clock was moved."""
        self._bell.set()

    def _on_due(self, due: int) -> None:
        if due < self._asleep_until:
            self._bell.set()

    def _keep_time(self) -> None:
        while not self._stopping.is_set():
            self._bell.clear()
            self._asleep_until = math.inf  # until the next due instant was read, whatever becomes due rings
            try:
                self._housekeeping.look()
                pause = self._fire()
            except PunctualError as error:
                log.error("The engine cannot fire: %s %s", error, error.hint)
                pause = PATIENCE
            except Exception:  # noqa: BLE001 - without this thread nothing would ever fire again
                log.exception("The engine cannot fire")
                pause = PATIENCE
            self._bell.wait(pause)

    def _fire(self) -> float:
        """Hand what is due to the workers; return the seconds until there is something to do again."""
        while not self._stopping.is_set() and self._claimed <= self._workers:
            due, now = self._store.next_due(), self._clock()
            if due is None or due > now:
                self._asleep_until = math.inf if due is None else milliseconds(due)
                return LOOK if due is None else min(LOOK, (due - now).total_seconds())
            # As many again as there are workers wait claimed, so that a burst is not slowed by claiming one by one.
            taken = self._store.take(self._owner, milliseconds(now), 2 * self._workers - self._claimed)
            with self._counting:
                self._claimed += len(taken)
            for invocation in taken:
                self._ready.put(invocation)
        self._asleep_until = -math.inf  # every worker is busy: the one that makes room rings
        return LOOK

    def _work(self) -> None:
        while (invocation := self._turns.next()) is not None:
            self._recorder.put(self._attempt(invocation))
            self._make_room()
        self._recorder.leave()

    def _attempt(self, invocation: Invocation) -> Outcome:
        function = self._functions.get(invocation.function_arn)
        if function is None:
            return self._give_up(invocation, f"There is no function {invocation.function_arn}.")
        try:
            function(invocation)
        except BaseException as error:  # noqa: BLE001 - whatever a function raises is a failed attempt, and is recorded
            return self._fail(invocation, _reason(error))
        return lambda connection: invocations.succeed(connection, invocation.id, self._owner)

    def _fail(self, invocation: Invocation, reason: str) -> Outcome:
        delays = self._retry_delays
        attempt = invocation.attempt
        delay = delays[attempt - 1] if attempt <= len(delays) else self._redelivery_seconds
        at = self._clock() + timedelta(seconds=delay)
        log.warning("Attempt %d of %s failed: %s", attempt, invocation.schedule_name or invocation.id, reason)
        if at - invocation.first_due > self._max_event_age:
            return self._give_up(invocation, reason)
        due = milliseconds(at)
        return lambda connection: invocations.try_again(connection, invocation.id, self._owner, reason, due)

    def _give_up(self, invocation: Invocation, reason: str) -> Outcome:
        log.error("%s was given up: %s", invocation.schedule_name or invocation.id, reason)
        now = milliseconds(self._clock())
        return lambda connection: invocations.give_up(connection, invocation.id, self._owner, reason, now)

    def _make_room(self) -> None:
        with self._counting:
            self._claimed -= 1
            room_again = self._claimed == self._workers
        if room_again:
            self._bell.set()

    def _leave(self) -> None:
        try:
            self._store.leave(self._owner)
        except PunctualError as error:  # others learn of it all the same, from this process's presence
            log.error("That the engine has stopped cannot be noted: %s %s", error, error.hint)

    def _put_back_unbegun(self) -> None:
        now = milliseconds(self._clock())
        while True:
            try:
                unbegun = self._ready.get_nowait()
            except Empty:
                return
            if unbegun is not None:
                self._put_back(unbegun, now)

    def _put_back(self, unbegun: Invocation, now: int) -> None:
        self._recorder.put(lambda connection: invocations.put_back(connection, unbegun.id, self._owner, now))


def _reason(error: BaseException) -> str:
    """Return what an error says, else its name, in characters that a file can hold."""
    try:
        said = str(error)
    except Exception:  # noqa: BLE001 - its words are a function's too
        said = ""
    return (said or type(error).__name__).encode(errors="replace").decode()[:_LONGEST_REASON]
