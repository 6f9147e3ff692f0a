"""The time from the start of `python -m core engine` to its first connection, on an existing home."""

import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.measuring import heading, row, scratch, verdict, worker


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


if __name__ == "__main__":
    main()
