"""A worker without an engine, which starts at once: `python stand_in.py HOME [by-hand] [busy]`."""

import os
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from core.worker.control import ControlChannel
from core.worker.lock import worker_lock
from core.worker.record import WorkerFiles, WorkerRecord


def main(home: Path, *, supervised: bool, busy: bool) -> None:
    files, stop = WorkerFiles(home), threading.Event()
    with (
        worker_lock(files),
        ControlChannel(on_wake=lambda: None, on_stop=lambda: None if busy else stop.set()) as channel,
    ):
        WorkerRecord(
            pid=os.getpid(), port=0, control_port=channel.port, secret=channel.secret, supervised=supervised
        ).write(files)
        stop.wait()
        files.record.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]), supervised="by-hand" not in sys.argv, busy="busy" in sys.argv)
