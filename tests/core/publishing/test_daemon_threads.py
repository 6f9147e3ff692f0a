"""Work in threads that do not keep a process from ending."""

import subprocess
import sys
import threading

import pytest

from core.publishing.daemon_threads import map_in_threads


def test_the_results_are_in_the_order_of_the_items():
    assert map_in_threads(lambda item: item * 2, range(10), threads=3) == [item * 2 for item in range(10)]
    assert map_in_threads(str, [], threads=3) == []


def test_at_most_so_many_items_are_worked_on_at_once():
    barrier, names = threading.Barrier(3), set()

    def work(item):
        names.add(threading.current_thread().name)
        barrier.wait(10)

    map_in_threads(work, range(6), threads=3)
    assert len(names) == 3


def test_the_first_error_is_raised_after_all_items():
    done = []

    def work(item):
        done.append(item)
        if item in (1, 3):
            raise ValueError(item)

    with pytest.raises(ValueError, match="1"):
        map_in_threads(work, range(5), threads=2)
    assert sorted(done) == list(range(5))


def test_a_process_ends_while_work_hangs():
    program = (
        "import threading; from core.publishing.daemon_threads import map_in_threads;"
        "begun = threading.Event();"
        "hang = lambda item: (begun.set(), threading.Event().wait());"
        "threading.Thread(target=map_in_threads, args=(hang, [1]), kwargs={'threads': 1}, daemon=True).start();"
        "begun.wait()"
    )
    assert subprocess.run([sys.executable, "-c", program], timeout=60, check=False).returncode == 0
