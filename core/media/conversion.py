"""Conversions of pictures and videos into formats that networks accept, each in a process of its own.

The decoders of HEIC, AVIF and of videos are written in C and read files of strangers. A file that crashes one of them,
or makes it use too much memory or time, ends that process alone.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import Literal
from weakref import finalize

from core.errors import MachineShortage, PunctualError, disk_shortage, memory_shortage, shortage_of
from core.media.content import Content, pieces
from core.media.conversion_results import (
    NOT_ENOUGH_DISK,
    NOT_ENOUGH_MEMORY,
    OUT_OF_TIME,
    TOO_LARGE,
)

ROOT = Path(__file__).resolve().parents[2]
VIDEO_REQUIREMENTS = "requirements-video.txt"
REPORTED_LENGTH = 20
"""The most bytes of a line of progress."""

ConvertedKind = Literal["picture", "video", "poster"]
_AFFECTED = "the file cannot be converted now"


class CannotConvert(PunctualError):
    """A file could not be converted."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.hint = hint


def can_convert_videos() -> bool:
    """Return whether the optional requirement for the conversion of videos is installed."""
    return find_spec("av") is not None


class _Progress:
    """The part of a conversion that is done. It is apart from `Conversion`, so that its thread does not keep that."""

    def __init__(self) -> None:
        self.part = 0.0

    def report(self, part: float) -> None:
        self.part = min(1.0, max(self.part, part))


class Conversion:
    """A running conversion of one file. It ends, and its files are deleted, when the object is forgotten."""

    def __init__(self, content: Content, kind: ConvertedKind) -> None:
        """Start the process. Raises MachineShortage if none can be started, or if the disk is full."""
        self._kind: ConvertedKind = kind
        self._progress = _Progress()
        folder = Path(tempfile.mkdtemp(prefix="punctual-convert-"))
        self._target = folder / "converted"
        try:
            with (folder / "source").open("wb") as source:
                source.writelines(pieces(content))
            self._process = _start(kind, folder)
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise shortage_of(error, _AFFECTED) or memory_shortage(_AFFECTED) from error
        self._end = finalize(self, _end, self._process, folder)
        self._reader = Thread(target=_read_progress, args=(self._process, self._progress.report), daemon=True)
        self._reader.start()

    @property
    def progress(self) -> float:
        """The part that is done, from 0 to 1."""
        return self._progress.part

    @property
    def done(self) -> bool:
        """Whether the process has ended, so that `result` returns at once."""
        return self._process.poll() is not None

    def result(self) -> bytes:
        """Wait for the end and return the converted file. Raises CannotConvert or MachineShortage."""
        try:
            code = self._process.wait()
            self._reader.join()  # its pipe has ended with the process
            if code == 0:
                return self._target.read_bytes()
            raise self._error(code)
        finally:
            self._end()

    def cancel(self) -> None:
        """End the process and delete its files."""
        self._end()

    def _error(self, code: int) -> CannotConvert | MachineShortage:
        if code == NOT_ENOUGH_MEMORY:
            return memory_shortage(_AFFECTED)
        if code == NOT_ENOUGH_DISK:
            return disk_shortage(_AFFECTED)
        if code == TOO_LARGE:
            limits = "50 million pixels" if self._kind == "picture" else "100 MB after its conversion"
            return CannotConvert(f"The {self._kind} has more than {limits}.", "Attach a smaller or shorter version.")
        if code in OUT_OF_TIME:
            return CannotConvert(f"The conversion of the {self._kind} takes too long.", "Attach a shorter version.")
        kind = "picture" if self._kind == "picture" else "video"
        hint = f"Open it in another program. If it shows, export it as {_REMEDIES[self._kind]} and attach that."
        return CannotConvert(f"The {kind} is damaged, or of a kind that Punctual cannot read.", hint)


_REMEDIES = {"picture": "JPEG", "video": "MP4 with H.264 and AAC", "poster": "MP4 with H.264 and AAC"}


def _start(kind: ConvertedKind, folder: Path) -> "subprocess.Popen[bytes]":
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NO_WINDOW
    return subprocess.Popen(
        [sys.executable, "-m", f"core.media.convert_{kind}", str(folder / "source"), str(folder / "converted")],
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.PIPE,  # it closes when this process ends, and the conversion ends too
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        creationflags=flags,
    )


def _end(process: "subprocess.Popen[bytes]", folder: Path) -> None:
    process.kill()
    process.wait()
    if process.stdin is not None:
        process.stdin.close()
    shutil.rmtree(folder, ignore_errors=True)


def _read_progress(process: "subprocess.Popen[bytes]", report: Callable[[float], None]) -> None:
    assert process.stdout is not None
    with process.stdout as lines:
        for line in iter(lambda: lines.readline(REPORTED_LENGTH), b""):
            if line.strip().replace(b".", b"", 1).isdigit():
                report(float(line))
