from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from core.storage.home_errors import HomeUnusable
from core.storage.locks import locked


def test_threads_that_change_one_file_exclude_each_other(tmp_path):
    path, barrier = tmp_path / "count", Barrier(4)
    path.write_text("0")

    def add(_):
        barrier.wait()
        for _ in range(25):
            with locked(path):
                path.write_text(str(int(path.read_text()) + 1))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(4)))
    assert path.read_text() == "100"


def test_a_file_that_cannot_be_locked_is_refused_and_named(tmp_path):
    (tmp_path / "home").write_text("not a folder")
    with pytest.raises(HomeUnusable, match="accounts.json"), locked(tmp_path / "home" / "accounts.json"):
        pytest.fail("there is no such folder")
