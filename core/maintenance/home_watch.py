"""The watch over the home: notices within a moment that it was replaced or deleted."""

import threading
from collections.abc import Callable
from types import TracebackType

from core.storage.identity import CHECK_SECONDS, HomeReplaced


class HomeWatch:
    """A thread that looks at the home every CHECK_SECONDS, from `__enter__` to `__exit__`.

    Once the home was replaced, the thread calls `on_replaced` and ends.
    """

    def __init__(self, check_home: Callable[[], None], on_replaced: Callable[[HomeReplaced], None]) -> None:
        """`check_home` raises HomeReplaced if the home is no longer the open one."""
        self._check_home = check_home
        self._on_replaced = on_replaced
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="home-watch", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(CHECK_SECONDS):
            try:
                self._check_home()
            except HomeReplaced as error:
                self._on_replaced(error)
                return
