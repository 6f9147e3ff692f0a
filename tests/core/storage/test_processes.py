import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from filelock import FileLock

from core.storage import processes
from core.storage.home_errors import HomeUnusable
from core.storage.processes import Presence

ROOT = Path(__file__).parents[3]
PRESENT_PROCESS = """
import sys
from pathlib import Path
from core.storage.processes import Presence
presence = Presence(Path(sys.argv[1]))
print(presence.token, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def presence(tmp_path):
    presence = Presence(tmp_path)
    yield presence
    presence.leave()


@pytest.fixture
def other(tmp_path):
    """Start another process that is present until its input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", PRESENT_PROCESS, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        process.token = process.stdout.readline().strip()
        yield process
        process.stdin.close()


@pytest.fixture
def tokens(tmp_path):
    """List the tokens of the lock files in the folder."""
    return lambda: {path.stem for path in tmp_path.glob("*.lock")}


def test_a_folder_that_cannot_be_created_is_refused_and_named(tmp_path):
    folder = tmp_path / "processes"
    folder.write_text("not a folder")
    with pytest.raises(HomeUnusable, match="processes"):
        Presence(folder)


def test_repeated_checks_find_this_process_and_another_one_alive(presence, other):
    for _ in range(10):
        assert presence.is_alive(presence.token)
        assert presence.is_alive(other.token)
    assert other.poll() is None


def test_a_killed_process_is_dead_at_once(presence, other):
    other.send_signal(signal.SIGKILL)
    other.wait()
    assert not presence.is_alive(other.token)


def test_a_token_without_a_file_is_dead(presence):
    assert not presence.is_alive("0123456789abcdef")


def test_a_process_that_has_left_is_dead(tmp_path, presence):
    second = Presence(tmp_path)
    assert presence.is_alive(second.token)
    second.leave()
    assert not presence.is_alive(second.token)


def test_a_start_deletes_the_files_of_dead_processes_and_keeps_those_of_live_ones(tmp_path, presence, other, tokens):
    (tmp_path / "0123456789abcdef.lock").touch()
    third = Presence(tmp_path)
    assert tokens() == {presence.token, other.token, third.token}
    other.send_signal(signal.SIGKILL)
    other.wait()
    third.leave()
    fourth = Presence(tmp_path)
    assert tokens() == {presence.token, fourth.token}
    assert fourth.is_alive(presence.token)
    fourth.leave()


def test_processes_that_start_together_do_not_delete_each_others_files(tmp_path, tokens):
    """Threads replace processes here: file locks of one process exclude each other too."""
    barrier = Barrier(8)

    def start(_):
        barrier.wait()
        return Presence(tmp_path)

    for _ in range(10):
        (tmp_path / "0123456789abcdef.lock").touch()
        with ThreadPoolExecutor(8) as pool:
            started = list(pool.map(start, range(8)))
        assert tokens() == {each.token for each in started}
        assert all(one.is_alive(other.token) for one in started for other in started)
        for each in started:
            each.leave()


def test_a_start_creates_its_file_again_if_another_process_deletes_it_before_it_is_locked(tmp_path, monkeypatch):
    class DeletedOnce(FileLock):
        """A lock whose file is deleted between its opening and its locking, once."""

        def _acquire(self):
            if not deleted:
                deleted.append(self.lock_file)
                with FileLock(self.lock_file):
                    super()._acquire()
                    Path(self.lock_file).unlink()
            else:
                super()._acquire()

    deleted = []
    monkeypatch.setattr(processes, "FileLock", DeletedOnce)
    presence = Presence(tmp_path)
    monkeypatch.undo()
    second = Presence(tmp_path)
    assert deleted == [str(tmp_path / f"{presence.token}.lock")]
    assert second.is_alive(presence.token)
    for each in (presence, second):
        each.leave()


def test_a_file_that_cannot_be_locked_counts_as_a_live_process(tmp_path, presence, tokens):
    """A file of another user cannot be locked. The test uses a folder, which even root cannot lock."""
    (tmp_path / "0123456789abcdef.lock").mkdir()
    assert presence.is_alive("0123456789abcdef")
    second = Presence(tmp_path)
    assert "0123456789abcdef" in tokens()
    second.leave()
