"""Work in several threads that do not keep a process from ending, as those of a ThreadPoolExecutor do."""

import threading
from collections.abc import Callable, Iterable
from typing import TypeVar

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
