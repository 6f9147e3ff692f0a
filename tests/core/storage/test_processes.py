import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core.storage.home import HomeUnusable
from core.storage.processes import Presence

ROOT = Path(__file__).parents[3]
BE_THERE = """
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
    """Another process that is present until its input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", BE_THERE, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        process.token = process.stdout.readline().strip()
        yield process
        process.stdin.close()


def test_a_folder_that_cannot_be_made_is_refused_in_words(tmp_path):
    folder = tmp_path / "processes"
    folder.write_text("not a folder")
    with pytest.raises(HomeUnusable, match="processes"):
        Presence(folder)


def test_a_process_lives_in_its_own_eyes_and_in_others(presence, other):
    assert presence.lives(presence.token)
    assert presence.lives(other.token)
    assert presence.others() == [other.token]


def test_a_killed_process_is_dead_at_once(presence, other):
    other.send_signal(signal.SIGKILL)
    other.wait()
    assert not presence.lives(other.token)
    assert presence.others() == []


def test_asking_does_not_end_a_life(presence, other):
    for _ in range(10):
        assert presence.lives(other.token)
    assert other.poll() is None


def test_a_token_that_nobody_holds_is_dead(presence):
    assert not presence.lives("0123456789abcdef")


def test_leaving_is_seen_by_others(tmp_path, presence):
    second = Presence(tmp_path)
    assert presence.lives(second.token)
    second.leave()
    assert not presence.lives(second.token)


def test_what_dead_processes_left_behind_is_tidied_away(tmp_path, presence, other):
    other.send_signal(signal.SIGKILL)
    other.wait()
    presence.others()
    assert [path.stem for path in tmp_path.glob("*.lock")] == [presence.token]


def test_a_process_of_which_nobody_can_tell_counts_as_alive(tmp_path, presence):
    """A lock file of another user, say: a folder in its place refuses even root."""
    (tmp_path / "0123456789abcdef.lock").mkdir()
    assert presence.lives("0123456789abcdef")
    assert presence.others() == ["0123456789abcdef"]
