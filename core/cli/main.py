"""Runs a command and returns its exit status."""

import gc
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from io import TextIOWrapper
from typing import Protocol, TextIO

from core.cli.exit_status import DONE, FAILED, INCOMPLETE, INTERRUPTED
from core.cli.parser import build_parser
from core.errors import PunctualError


class Opened(Protocol):
    """What a command works with: the application, or a part of it."""

    def close(self) -> None:
        """Close every file."""
        ...


def main(
    arguments: Sequence[str],
    open_application: Callable[[], Opened],
    out: TextIO,
    err: TextIO,
    *,
    open_ledger: Callable[[], Opened] | None = None,
) -> int:
    """Run one command and return its status, DONE if it has none, or FAILED with the error and its hint on `err`.

    The status of an error is INCOMPLETE if the change is noted.
    A command that only reads the ledger gets `open_ledger`, by default the application too. Wrong usage exits with 2.
    """
    parser = build_parser()
    options = parser.parse_args(arguments)
    if "until" in options and (options.until or options.runs) and not options.repeat:
        parser.error("--until and --runs end a repeating post: give --repeat too")
    if "which" in options and options.which and options.at is None:
        parser.error("--which selects one of two times of day: give it with --at only")
    if "next_free" in options and options.next_free and (options.zone or options.repeat):
        parser.error("--next-free schedules one post in the zone of the posting times: leave out --zone and --repeat")
    try:
        if "server" in options:
            gc.enable()
            options.server(options, out)
            return DONE
        reads = "reader" in options
        opening = open_ledger if reads and open_ledger else open_application
        with closing(opening()) as opened:
            gc.enable()
            status: int | None = (options.reader if reads else options.command)(opened, options, out, err)
            return status or DONE
    except PunctualError as error:
        print(f"{error}\n{error.remedy}", file=err)
        return INCOMPLETE if error.noted else FAILED


def run() -> int:
    """Run the command of this process and return its exit status, INTERRUPTED after an interrupt.

    Characters that the terminal's encoding lacks are written as escapes, so that a scheduled post is always reported.
    JSON is ASCII.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = main(sys.argv[1:], _open_application, sys.stdout, sys.stderr, open_ledger=_open_ledger)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as head, has closed the pipe; keep Python from flushing again at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except KeyboardInterrupt:
        return INTERRUPTED
    return status


def _open_application() -> Opened:
    from core.application import Application  # here, because some commands need only a part of it
    from core.settings import Settings

    return Application(Settings.read())


def _open_ledger() -> Opened:
    from core.cli.ledger_reader import open_ledger  # here, because help needs no ledger
    from core.settings import Settings

    return open_ledger(Settings.read())
