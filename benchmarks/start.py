"""The start of `python -m core engine`, up to its first connection on an existing home, and how long imports take."""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measuring import ROOT, heading, row, scratch, verdict, worker


def main() -> None:
    """Run the benchmark."""
    heading("Starting")
    durations = []
    with tempfile.TemporaryDirectory(dir=scratch()) as home:
        for _ in range(6):
            start = time.perf_counter()
            with worker(Path(home)):
                durations.append(time.perf_counter() - start)
    median = statistics.median(durations[1:])
    row("from start to first connection", f"{median:.2f} s", verdict(median, at_most=1))
    seconds = min(relay_import_seconds() for _ in range(5))
    row("import of the relay with boto3, processor time", f"{seconds * 1000:.0f} ms", verdict(seconds, at_most=0.5))
    seconds = min(command_import_seconds() for _ in range(5))
    row("imports of a small command, processor time", f"{seconds * 1000:.0f} ms", verdict(seconds, at_most=0.25))


def relay_import_seconds() -> float:
    """Return the processor time in which a fresh interpreter imports the entry module of the relay."""
    return _import_seconds("import lambda_pkg.handler")


def command_import_seconds() -> float:
    """Return the processor time in which a fresh interpreter imports the modules of `python -m core queue`.

    Like the command, it looks for no garbage meanwhile.
    """
    modules = "core.cli.main, core.cli.commands, core.backends.one_machine"
    return _import_seconds(f"import gc; gc.disable(); import {modules}")


def _import_seconds(imports: str) -> float:
    code = (
        f"import sys, time; sys.path.append({str(ROOT)!r}); began = time.process_time(); "
        f"{imports}; print(time.process_time() - began)"
    )
    return float(subprocess.run([sys.executable, "-I", "-c", code], check=True, text=True, stdout=-1).stdout)


if __name__ == "__main__":
    main()
