"""How soon `python -m core.engine` answers after it was started, in a home that is there already."""

import statistics
import sys
import tempfile
import time

from benchmarks.measuring import free_port, heading, process, row, scratch, verdict


def main() -> None:
    heading("Starting")
    took = []
    with tempfile.TemporaryDirectory(dir=scratch()) as home:
        for _ in range(6):
            port = free_port()
            begun = time.perf_counter()
            with process([sys.executable, "-m", "core.engine", "--port", str(port), "--home", home], port):
                took.append(time.perf_counter() - begun)
    median = statistics.median(took[1:])
    row("from the start to the first connection, in seconds", f"{median:.2f} s", verdict(median, at_most=1))


if __name__ == "__main__":
    main()
