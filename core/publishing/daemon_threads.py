"""Work in several threads that do not keep a process from ending, as those of a ThreadPoolExecutor do."""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_in_threads(work: Callable[[Item], Result], items: Iterable[Item], *, threads: int) -> list[Result]:
    """Return the result of `work` for each item, in order; at most so many items are worked on at the same time.

    Raises the error of the first item that failed, after all items. A process that ends does not wait for them.
    """
    todo = list(items)
    results: dict[int, Result] = {}
    errors: dict[int, BaseException] = {}
    numbers = iter(range(len(todo)))
    lock = threading.Lock()

    def run() -> None:
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            try:
                results[number] = work(todo[number])
            except BaseException as error:  # noqa: BLE001 - it is raised by the caller's thread
                errors[number] = error

    running = [threading.Thread(target=run, daemon=True) for _ in range(min(threads, len(todo)))]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    if errors:
        raise errors[min(errors)]
    return [results[number] for number in range(len(todo))]


class BackgroundWork(Generic[Item, Result]):
    """Works on waiting items in at most `threads` daemon threads, which end when nothing waits.

    `changed` guards the waiting items and whatever `store` changes; it is notified of each stored result.
    """

    def __init__(
        self, work: Callable[[Item], Result], store: Callable[[Item, Result], None], *, threads: int, name: str
    ) -> None:
        """`work` never raises. `store` is called with its result while `changed` is held."""
        self.changed = threading.Condition()
        self.waiting: deque[Item] = deque()
        self._work = work
        self._store = store
        self._threads = threads
        self._name = name
        self._running = 0

    def add(self, item: Item) -> None:
        """Add a waiting item, and start a thread if fewer than `threads` run. The caller holds `changed`."""
        self.waiting.append(item)
        if self._running < self._threads:
            threading.Thread(target=self._run, name=self._name, daemon=True).start()
            self._running += 1

    def _run(self) -> None:
        while True:
            with self.changed:
                if not self.waiting:
                    self._running -= 1
                    return
                item = self.waiting.popleft()
            result = self._work(item)
            with self.changed:
                self._store(item, result)
                self.changed.notify_all()
