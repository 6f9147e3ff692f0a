"""A home without data, for its worker's files."""

import time
from collections.abc import Callable

import pytest

from core.worker.record import WorkerFiles


@pytest.fixture
def files(tmp_path) -> WorkerFiles:
    """Return the files of the worker of an empty home."""
    return WorkerFiles(tmp_path)


@pytest.fixture
def eventually() -> Callable[[Callable[[], object]], object]:
    """Wait until a condition is truthy, at most 20 seconds; return its value."""

    def wait(holds: Callable[[], object]) -> object:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if found := holds():
                return found
            time.sleep(0.01)
        raise AssertionError("not within 20 s")

    return wait
