"""Processes on one home: the engine and the dashboard, as a person starts them."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
ENGINE = (sys.executable, "-m", "core", "engine", "--port", "0")
DASHBOARD = (sys.executable, "-m", "streamlit", "run", "dashboard.py", "--server.headless", "true")


def free_port() -> int:
    """Return a free port on 127.0.0.1."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def start(command: Sequence[str], home: Path, variables: Mapping[str, str], **options: Any) -> subprocess.Popen[str]:
    """Start a process on a home."""
    return subprocess.Popen(command, cwd=ROOT, env=environment_of(home, variables), text=True, **options)


def environment_of(home: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a process on a home. Of the settings in this process's environment it gets none."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("PUNCTUAL_")}
    return others | {"PUNCTUAL_HOME": str(home)} | dict(variables)


def limited(command: Sequence[str], files: int) -> list[str]:
    """Return a command that runs another one with a limit of open files, as after `ulimit -n`."""
    return ["sh", "-c", f'ulimit -n {files}; exec "$@"', "sh", *command]


class Dashboard:
    """`streamlit run dashboard.py`."""

    def __init__(self, home: Path, *, files: int | None = None, **variables: str) -> None:
        self.port = free_port()
        command = [*DASHBOARD, "--server.port", str(self.port)]
        self.process = start(
            limited(command, files) if files else command,
            home,
            variables,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )

    def answers(self) -> bool:
        """Return whether its server responds."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/_stcore/health", timeout=1) as response:
                return response.status == 200
        except OSError:
            return False

    def end(self, number: int = signal.SIGTERM) -> None:
        """Send a signal, and wait for the end."""
        self.process.send_signal(number)
        self.process.wait(60)
