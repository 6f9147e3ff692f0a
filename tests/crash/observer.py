"""An observer of posts: at each moment, the readers of the pages show each post in exactly one list, in a right state.

The walk in tests/core/scheduling asks the same readers at each step of one process. Here they are asked while other
processes publish, die and stop.
"""

import threading
from collections import defaultdict

from core.application import Application
from core.errors import PunctualError
from core.ledger.history import runs
from core.scheduling.cancelled import cancelled
from core.scheduling.time_limits import PLANNING_HORIZON
from core.scheduling.upcoming import queue

ALL = 1000
PAUSE_SECONDS = 0.1
ORDER = (
    {"Queue: being scheduled", "Queue: not armed", "Queue: scheduled"},
    {"Queue: going out"},
    {"Queue: missing"},
    {"History: going out", "History: retrying", "History: handed over"},
    {"History: refused", "History: failed", "History: missed", "History: unconfirmed"},
    {"History: published"},
    {"Cancelled"},
)
"""A post never goes back to an earlier set, unless a person acts. A late result may still confirm an unconfirmed post.

Within a set, states may follow in any order.
"""


def places(home: Application) -> dict[str, list[str]]:
    """Return the lists that show each post, with its state there, such as `Queue: going out`, at one moment."""
    while True:
        before = home.backend.change_count()
        found = _read(home)
        if home.backend.change_count() == before:
            return found


def _read(home: Application) -> dict[str, list[str]]:
    now, found = home.clock(), defaultdict(list)
    for entry in queue(home.listing, home.ledger, now, now + PLANNING_HORIZON, limit=ALL).entries:
        found[entry.post_id].append(f"Queue: {entry.state}")
    for run in runs(home.ledger, limit=ALL):
        found[run.post_id].append(f"History: {run.state}")
    for gone in cancelled(home.ledger, now, limit=ALL):
        found[gone.post.post_id].append("Cancelled")
    return found


class Observer:
    """Looks at one-time posts in a thread, from `__enter__` to `__exit__`, and keeps what it saw."""

    def __init__(self, home: Application) -> None:
        self._home = home
        self._seen: dict[str, list[str]] = {}
        self._faults: list[str] = []
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="observer")

    def __enter__(self) -> "Observer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def follow(self, post_id: str) -> None:
        """Look at a post from now on; its earlier states do not count any more."""
        with self._lock:
            self._seen[post_id] = []

    def states(self, post_id: str) -> list[str]:
        """Return the places and states of a post so far, in order and each once."""
        self.look()
        return list(self._seen[post_id])

    def now(self, post_id: str) -> str:
        """Return the present place and state of a post, such as `History: published`."""
        return self.states(post_id)[-1]

    def look(self) -> None:
        """Look now. Every wrong place is kept for `check`."""
        with self._lock:
            try:
                found = places(self._home)
            except PunctualError as error:
                self._faults.append(f"nothing can be read: {error}")
                return
            for post_id, seen in self._seen.items():
                self._note(post_id, seen, found.get(post_id, []))

    def check(self) -> None:
        """Assert that no look found a post in no list, in two lists, or back in an earlier state."""
        self.look()
        assert not self._faults, "\n".join(self._faults)
        published = [entry.post_id for entry in self._home.outbox.feed(limit=ALL)]
        assert len(published) == len(set(published))

    def _note(self, post_id: str, seen: list[str], found: list[str]) -> None:
        if len(found) != 1:
            self._faults.append(f"{post_id} is in {found or 'no list'} after {seen}")
        elif not seen or seen[-1] != found[0]:
            if seen and _rank(found[0]) < _rank(seen[-1]):
                self._faults.append(f"{post_id} goes back to {found[0]} after {seen}")
            seen.append(found[0])

    def _run(self) -> None:
        while not self._ended.wait(PAUSE_SECONDS):
            self.look()


def _rank(state: str) -> int:
    return next((number for number, states in enumerate(ORDER) if state in states))
