"""Time zones while the machine is short of file handles."""

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import MachineShortage
from core.time.instants import time_zone

ROOT = Path(__file__).parents[3]

NO_FREE_HANDLE = """
import os, resource
from core.errors import MachineShortage
from core.time.instants import UnknownZone, time_zone, utc_text, wall_time, from_utc_text

taken = []
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
while True:
    try:
        taken.append(os.open(os.devnull, os.O_RDONLY))
    except OSError:
        break
time_zone("UTC")
for name, error in {"Europe/Berlin": MachineShortage, "Atlantis": UnknownZone}.items():
    try:
        time_zone(name)
    except error as found:
        print(found)
for handle in taken:
    os.close(handle)
print(wall_time(from_utc_text("2026-11-30T12:00:00Z"), "Europe/Berlin").isoformat())
"""


def test_without_a_free_file_handle_a_zone_is_short_and_not_unknown_and_is_there_again_afterwards():
    process = subprocess.run(
        [sys.executable, "-c", NO_FREE_HANDLE], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert process.stdout.splitlines() == [
        "This machine is short of file handles: the rules of Europe/Berlin cannot be read.",
        "There is no time zone called 'Atlantis'.",
        "2026-11-30T13:00:00+01:00",
    ]


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "short of memory"),
        (MemoryError(), "short of memory"),
        (OSError(errno.EIO, "Input/output error"), "short of access to the time zone database"),
    ],
)
def test_a_zone_file_that_cannot_be_read_is_a_shortage(monkeypatch, error, message):
    def fail(name):
        raise error

    monkeypatch.setattr("pytz.timezone", fail)
    with pytest.raises(MachineShortage, match=message):
        time_zone("Europe/Berlin")
