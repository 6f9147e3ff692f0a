"""The files of a home's worker: its lock, its record, its log and its last unexpected end."""

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from core.storage.private_files import write_private
from core.time.instants import from_utc_text, utc_text


class WorkerFiles:
    """The folder of the worker in a home. A backup does not copy it."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "worker"
        self.lock = self.folder / "worker.lock"
        """Locked while a worker runs."""
        self.record = self.folder / "record.json"
        """The record of the running worker, mode 0600."""
        self.log = self.folder / "worker.log"
        """The log of a worker that a dashboard started."""
        self.last_end = self.folder / "last-end.json"
        """The last unexpected end of such a worker."""
        self.dashboards = self.folder / "dashboards"
        """The presence files of the dashboards that keep the worker running."""


@dataclass(frozen=True, kw_only=True)
class WorkerRecord:
    """How other processes reach the worker: on two ports of 127.0.0.1, one for HTTP and one for datagrams.

    `supervised`: whether a dashboard started it, and so stops it. Who knows `secret` may stop it.
    """

    pid: int
    port: int
    control_port: int
    secret: str = field(repr=False)
    supervised: bool

    @property
    def url(self) -> str:
        """The address of the worker's server."""
        return f"http://127.0.0.1:{self.port}"

    def write(self, files: WorkerFiles) -> None:
        """Replace the record of the home. Raises HomeUnusable."""
        write_private(files.record, json.dumps(asdict(self)))

    @classmethod
    def read(cls, files: WorkerFiles) -> "WorkerRecord | None":
        """Return the record, or None if there is none. It may be that of a worker that was killed."""
        try:
            return cls(**json.loads(files.record.read_bytes()))
        except (OSError, ValueError, TypeError):  # missing, or of another version
            return None


@dataclass(frozen=True, kw_only=True)
class WorkerEnd:
    """An unexpected end of a worker: the instant, and the exit status or the signal in words."""

    at: datetime
    reason: str

    def write(self, files: WorkerFiles) -> None:
        """Replace the last end of the home. Raises HomeUnusable."""
        write_private(files.last_end, json.dumps({"at": utc_text(self.at), "reason": self.reason}))

    @classmethod
    def read(cls, files: WorkerFiles) -> "WorkerEnd | None":
        """Return the last unexpected end, or None if no worker ended unexpectedly."""
        try:
            found = json.loads(files.last_end.read_bytes())
            return cls(at=from_utc_text(found["at"]), reason=str(found["reason"]))
        except (OSError, ValueError, TypeError, KeyError):  # missing, or of another version
            return None
