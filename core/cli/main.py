"""Runs a command and returns its exit status."""

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from io import TextIOWrapper
from typing import TextIO

from core.application import Application
from core.cli.parser import build_parser
from core.errors import PunctualError
from core.settings import Settings

DONE, REFUSED, INTERRUPTED = 0, 1, 130


def main(arguments: Sequence[str], open_application: Callable[[], Application], out: TextIO, err: TextIO) -> int:
    """Run one command and return its status, 0 if it has none, or 1 with the error and its hint on `err`.

    Wrong usage exits with 2.
    """
    parser = build_parser()
    options = parser.parse_args(arguments)
    if "until" in options and options.until and not options.repeat:
        parser.error("--until is the last date of a repeating post: give --repeat too")
    if "which" in options and options.which and options.at is None:
        parser.error("--which selects one of two times of day: give --at, not --in")
    try:
        if "server" in options:
            options.server(options, out)
        else:
            with closing(open_application()) as application:
                status: int | None = options.command(application, options, out, err)
                return status or DONE
    except PunctualError as error:
        print(f"{error}\n{error.hint}", file=err)
        return REFUSED
    return DONE


def run() -> int:
    """Run the command of this process and return its exit status, 130 after an interrupt.

    Characters that the terminal's encoding lacks are written as escapes, so that a scheduled post is always reported.
    JSON is ASCII.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = main(sys.argv[1:], lambda: Application(Settings.read()), sys.stdout, sys.stderr)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as head, has closed the pipe; keep Python from flushing again at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except KeyboardInterrupt:
        return INTERRUPTED
    return status
