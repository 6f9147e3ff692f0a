"""A clock that jumps, forward or back, at any step of a post: no post is lost, and none goes out twice."""

import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from core.application import Application
from core.ledger.history import runs
from core.posts.models import Post, Repeat
from core.settings import Settings
from core.time.instants import real_clock
from tests.crash.conftest import new_post

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="libfaketime changes the clock of a process on Linux")


class Clock:
    """The clock of this process and, through libfaketime, of the processes with `variables`."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._ahead = timedelta()
        self.move(0)
        self.variables = {
            "LD_PRELOAD": _library(),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",  # as when the clock of a machine is set
        }

    def __call__(self) -> datetime:
        return real_clock() + self._ahead

    def move(self, seconds: float) -> None:
        """Set the clock forward or back."""
        self._ahead += timedelta(seconds=seconds)
        new = self._file.with_suffix(".new")
        new.write_text(f"{self._ahead.total_seconds():+.0f}\n")
        new.rename(self._file)


def _library() -> str:
    """Return the path of libfaketime. A machine without it fails, because a skipped test would go unnoticed."""
    try:
        command = ["faketime", "-f", "+0", "sh", "-c", 'echo "$LD_PRELOAD"']
        found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.fail(f"These tests need libfaketime; on Debian: apt-get install faketime ({error})")
    return found.replace("libfaketime.so", "libfaketimeMT.so")


@pytest.fixture
def clock(tmp_path):
    return Clock(tmp_path / "clock")


@pytest.fixture
def home(home_path, clock):
    """Open the home in this process, on the clock that jumps."""
    application = Application(Settings(home=home_path), clock)
    yield application
    application.close()


@pytest.fixture
def worker(engine, clock, pid):
    """Run a worker on that clock."""
    process = engine(**clock.variables)
    pid()
    return process


def test_posts_are_published_once_or_missed_when_the_clock_jumps_forward_over_their_instants(
    home, worker, clock, schedule, connect, accepting, waiting, observer, ends_as, eventually
):
    """One is in the hands of a slow webhook, one becomes due within its late limit, one is far too late."""
    connect(accepting.address)
    connect(waiting.address, name="slow")
    in_flight = schedule("webhook:slow")
    eventually(lambda: waiting.ids)
    too_late, late, later = (schedule("outbox", "webhook:shop", ahead=ahead) for ahead in (60, 3600, 9000))
    clock.move(7000)
    ends_as(too_late, "missed")
    assert 3_300_000 < ends_as(late, "published").lag_ms < 3_460_000
    assert observer.now(later) == "Queue: scheduled"
    waiting.release.set()
    ends_as(in_flight, "published")
    assert (waiting.ids, accepting.ids) == ([in_flight], [late])
    assert [entry.post_id for entry in home.outbox.feed(limit=10)] == [late]
    assert worker.poll() is None


def test_no_post_goes_out_twice_and_the_next_one_waits_for_its_time_when_the_clock_jumps_back(
    home, worker, clock, schedule, connect, accepting, waiting, observer, ends_as, eventually
):
    """One was published before, one is in the hands of a slow webhook, one becomes due once more."""
    connect(accepting.address)
    connect(waiting.address, name="slow")
    before, in_flight = schedule("outbox", "webhook:shop"), schedule("webhook:slow")
    ends_as(before, "published")
    eventually(lambda: waiting.ids)
    clock.move(-3600)
    waiting.release.set()
    ends_as(in_flight, "published")
    after = schedule("outbox", "webhook:shop")
    ends_as(after, "published")
    clock.move(3600)
    last = schedule("outbox", "webhook:shop")
    ends_as(last, "published")
    assert accepting.ids == [before, after, last]
    assert waiting.ids == [in_flight]
    assert len(home.outbox.feed(limit=10)) == 3


def test_a_run_of_a_series_goes_out_once_when_its_instant_comes_twice(
    home, worker, clock, eventually, connect, accepting
):
    connect(accepting.address)
    clock.move(_until_second(clock(), 56))
    post = new_post(home, "webhook:shop", ahead=3)
    series = Post.model_validate(post.model_dump() | {"due_at": None, "repeat": Repeat(expression="cron(* * * * ? *)")})
    home.schedules.schedule(series)
    eventually(lambda: len(accepting.ids) == 1)
    clock.move(-10)
    eventually(lambda: clock().second in range(2, 40))  # the instant has come again
    clock.move(_until_second(clock(), 57))
    eventually(lambda: len(accepting.ids) == 2)
    assert len(set(accepting.ids)) == 2
    eventually(lambda: [run.state for run in runs(home.ledger, limit=10)] == ["published"] * 2)
    last, first = runs(home.ledger, limit=10)
    assert last.due_at - first.due_at == timedelta(minutes=1)


def _until_second(now: datetime, second: int) -> int:
    """Return the whole seconds from an instant to the next one at this second of a minute."""
    return (second - now.second) % 60
