"""The processor time of open Queue tabs, what is sent to them, and the lag of posts meanwhile.

`python -m benchmarks.tabs [TABS ...]`: by default 1, 5 and 20 tabs. A tab is a WebSocket client of the real dashboard
that asks for the runs that a browser asks for. What a browser needs to draw them is left out.
"""

import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from benchmarks.measuring import free_port, heading, percentile, process, row, scratch
from core.application import Application
from core.ledger.history import runs
from core.posts.models import Post, new_post_id
from core.publishing.composing import compose
from core.settings import Settings
from core.time.instants import real_clock

WAITING, DUE = 100, 10
"""Posts that wait for hours, and posts that are published during the second part."""
SECONDS = 15
"""The length of each of the two parts."""
SETTLE_SECONDS = 5
"""The time for the first runs of all tabs."""


class Tab(threading.Thread):
    """An open Queue page: repeats the fragments that the server asks to repeat, and counts what it gets."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self._port = port
        self._page, self._asked = "", 0
        self._timers: dict[str, tuple[float, float]] = {}
        self.messages = self.bytes = 0

    def run(self) -> None:
        """Receive until the server closes the connection."""
        origin = Origin(f"http://127.0.0.1:{self._port}")
        address = f"ws://127.0.0.1:{self._port}/_stcore/stream"
        with connect(address, origin=origin, subprotocols=[Subprotocol("streamlit")], max_size=None) as connection:
            connection.send(self._rerun(None))
            with suppress(ConnectionClosed):
                while True:
                    self._step(connection)

    def _step(self, connection: ClientConnection) -> None:
        try:
            content = connection.recv(timeout=max(0.0, self._next() - time.monotonic()))
            self._receive(content if isinstance(content, bytes) else content.encode())
        except TimeoutError:
            for fragment in self._due():
                connection.send(self._rerun(fragment))
                self._asked += 1

    def _receive(self, content: bytes) -> None:
        message = ForwardMsg.FromString(content)
        self.messages += 1
        self.bytes += len(content)
        if message.HasField("new_session"):
            if self._asked:
                self._asked -= 1  # the run of a fragment begins; it keeps the timers
            else:
                self._timers.clear()
        elif message.HasField("navigation"):
            self._page = message.navigation.page_script_hash
        elif message.HasField("auto_rerun"):
            interval = message.auto_rerun.interval
            self._timers[message.auto_rerun.fragment_id] = (interval, time.monotonic() + interval)

    def _next(self) -> float:
        return min((at for _, at in self._timers.values()), default=time.monotonic() + 1)

    def _due(self) -> list[str]:
        now = time.monotonic()
        due = [fragment for fragment, (_, at) in self._timers.items() if at <= now]
        self._timers |= {fragment: (self._timers[fragment][0], now + self._timers[fragment][0]) for fragment in due}
        return due

    def _rerun(self, fragment: str | None) -> bytes:
        message = BackMsg()
        message.rerun_script.context_info.timezone = "Europe/Berlin"
        message.rerun_script.page_script_hash = self._page
        if fragment is None:
            message.rerun_script.page_name = "queue"
        else:
            message.rerun_script.fragment_id, message.rerun_script.is_auto_rerun = fragment, True
        content: bytes = message.SerializeToString()
        return content


@contextmanager
def open_tabs(port: int, count: int) -> Iterator[list[Tab]]:
    """Open tabs, and yield them after their first runs."""
    tabs = [Tab(port) for _ in range(count)]
    for tab in tabs:
        tab.start()
    time.sleep(SETTLE_SECONDS + count / 4)
    yield tabs


def measure(count: int) -> None:
    """Print the figures of `count` tabs while nothing is due, and while posts are published."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "dashboard.py", "--server.headless", "true"]
    with tempfile.TemporaryDirectory(dir=scratch(), ignore_cleanup_errors=True) as home:
        application = Application(Settings(home=Path(home)))
        now = real_clock().replace(microsecond=0)
        for number in range(WAITING):
            application.schedules.schedule(_compose(application, now + timedelta(hours=2, minutes=number)))
        with (
            process([*command, "--server.port", str(port)], port, PUNCTUAL_HOME=home) as dashboard,
            open_tabs(port, count) as tabs,
        ):
            _part(f"{count} tabs, nothing due", dashboard.pid, tabs)
            soon = real_clock().replace(microsecond=0) + timedelta(seconds=3)
            for number in range(DUE):
                application.schedules.schedule(_compose(application, soon + timedelta(seconds=number)))
            _part(f"{count} tabs, a post each second", dashboard.pid, tabs)
            dashboard.terminate()
            dashboard.wait()
        lags = [run.lag_ms for run in runs(application.ledger, limit=DUE) if run.lag_ms is not None]
        application.close()
    row(f"{count} tabs, {len(lags)} of {DUE} posts: lag, median", f"{statistics.median(lags or [0]):,.0f} ms")
    row(f"{count} tabs, {len(lags)} of {DUE} posts: lag, worst", f"{percentile(lags or [0], 100):,.0f} ms")


def _part(label: str, pid: int, tabs: list[Tab]) -> None:
    before, messages, content = _cpu_seconds(pid), sum(tab.messages for tab in tabs), sum(tab.bytes for tab in tabs)
    time.sleep(SECONDS)
    per_minute = 60 / SECONDS / len(tabs)
    row(f"{label}: of one core", f"{(_cpu_seconds(pid) - before) / SECONDS:.1%}")
    row(f"{label}: messages a minute and tab", f"{(sum(tab.messages for tab in tabs) - messages) * per_minute:,.0f}")
    row(f"{label}: KB a minute and tab", f"{(sum(tab.bytes for tab in tabs) - content) * per_minute / 1e3:,.0f}")


def _cpu_seconds(pid: int) -> float:
    """Return the processor time of a process, without its worker's."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _compose(application: Application, due: datetime) -> Post:
    return compose(
        post_id=new_post_id(),
        text="x" * 280,
        destinations=["outbox"],
        wall=due.replace(tzinfo=None),
        zone="UTC",
        which=None,
        late_after_minutes=60,
        accounts=application.accounts,
        networks=application.networks,
    )


if __name__ == "__main__":
    heading("Open tabs")
    for tabs in map(int, sys.argv[1:] or ("1", "5", "20")):
        measure(tabs)
