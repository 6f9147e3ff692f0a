"""The commands and options of `python -m core`."""

import argparse
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TextIO

from core.cli import commands, schedule, transfer
from core.cli.repeat_option import REPEAT_SYNTAX, parse_repeat
from core.posts.models import ID_ALPHABET, new_post_id
from core.scheduling.time_limits import PLANNING_HORIZON

UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
DEFAULT_LIMIT = 1000
"""Rows that a command prints without `--limit`."""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line.

    The parsed options hold the function to run: in `command` if it takes an application, in `server` if it serves and
    opens its own.
    """
    parser = argparse.ArgumentParser(prog="python -m core", description="Schedule posts from the command line.")
    group = parser.add_subparsers(title="commands", required=True)
    json_option = argparse.ArgumentParser(add_help=False)
    json_option.add_argument("--json", action="store_true", help="print JSON")

    def add(name: str, run: object, description: str) -> argparse.ArgumentParser:
        command = group.add_parser(name, help=description, parents=[json_option])
        command.set_defaults(command=run)
        return command

    _add_schedule_options(add("schedule", schedule.schedule_post, "schedule a post"))
    queue = add("queue", commands.list_queue, "list pending posts, soonest first, and overdue posts")
    cancel = add("cancel", commands.cancel_post, "remove a post from the queue")
    cancel.add_argument("name", metavar="NAME", help="schedule name or post id")
    queue.add_argument("--cancelled", action="store_true", help="list the posts cancelled in the last 30 days instead")
    add("status", commands.show_status, "print the posts that wait for you; exit 1 if there are any")
    history = add("history", commands.list_history, "list past runs, latest first")
    for listing in (queue, history):
        listing.add_argument("--limit", type=_positive, default=DEFAULT_LIMIT, help="maximum number of rows")
    backup = add("backup", commands.back_up, "copy all data of this machine while it is in use")
    backup.add_argument("folder", type=Path, metavar="FOLDER", help="an empty or new folder")
    _add_restore_options(group.add_parser("restore", help="replace the data folder by a backup", parents=[json_option]))
    export = add("export", transfer.run_export, "write pending posts to a file and disable them here")
    import_ = add("import", transfer.run_import, "schedule the posts that another deployment exported")
    for command in (export, import_):
        command.add_argument("file", type=Path, metavar="FILE", help="JSON lines")

    _add_engine_options(group.add_parser("engine", help="run the worker, which fires and publishes, with no dashboard"))
    _add_receive_options(
        group.add_parser("receive", help="run only the posting server, for a relay on another machine")
    )
    return parser


def _add_schedule_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--text", required=True)
    time = command.add_mutually_exclusive_group(required=True)
    time.add_argument("--at", type=_wall_time, metavar="2026-11-24T09:00", help="wall time in the zone")
    time.add_argument("--in", dest="delay", type=_duration, metavar="10s", help="time from now: 10s, 5m, 2h, 3d")
    command.add_argument("--zone", help="IANA time zone (default: PUNCTUAL_TIMEZONE)")
    command.add_argument("--which", type=int, choices=(1, 2), help="first or second pass of an hour that comes twice")
    command.add_argument(
        "--repeat", type=parse_repeat, metavar="RULE", help=f"{REPEAT_SYNTAX}; --at is the first date and time"
    )
    command.add_argument("--until", type=date.fromisoformat, metavar="2027-01-31", help="last date of the repetition")
    command.add_argument(
        "--id", type=_post_id, metavar="ID", help="id of the post: the same id and post again schedules nothing twice"
    )
    command.add_argument("--to", action="append", required=True, metavar="DESTINATION", help="may be repeated")


def _add_restore_options(restore: argparse.ArgumentParser) -> None:
    restore.add_argument("folder", type=Path, metavar="FOLDER", help="the folder of the backup")
    restore.add_argument("--home", help="data folder (default: PUNCTUAL_HOME)")
    restore.set_defaults(server=_run_restore)


def _add_engine_options(engine: argparse.ArgumentParser) -> None:
    engine.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: any free one)")
    engine.add_argument("--home", help="data folder (default: PUNCTUAL_HOME)")
    engine.add_argument("--log", type=Path, metavar="FILE", help="log file, which is rotated (default: standard error)")
    engine.add_argument("--wait", action="store_true", help="wait while another worker runs, then take its place")
    engine.add_argument("--supervised", action="store_true", help=argparse.SUPPRESS)  # a dashboard stops it
    engine.set_defaults(server=_run_engine)


def _add_receive_options(receive: argparse.ArgumentParser) -> None:
    receive.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    receive.add_argument("--port", type=int, default=8600, help="port (default: 8600)")
    receive.set_defaults(server=_run_posting_server)


def _run_restore(options: argparse.Namespace, out: TextIO) -> None:
    from core.cli.restore import run_restore  # here, because the other commands restore nothing

    run_restore(options, out)


def _run_engine(options: argparse.Namespace, out: TextIO) -> None:
    from core.cli.engine import run_engine  # here, because the other commands need no web server

    run_engine(options, out)


def _run_posting_server(options: argparse.Namespace, out: TextIO) -> None:
    from core.cli.posting_server import run_posting_server  # here, because the other commands need no web server

    run_posting_server(options, out)


def _wall_time(text: str) -> datetime:
    try:
        wall = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time like 2026-11-24T09:00") from None
    if wall.tzinfo is not None:
        raise argparse.ArgumentTypeError(f"{text!r} has an offset; give the wall time and --zone")
    if _is_date(text):
        raise argparse.ArgumentTypeError(f"{text!r} has no time of day; give one, like {text}T09:00")
    return wall


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _post_id(text: str) -> str:
    if len(text) != len(new_post_id()) or not set(text) <= set(ID_ALPHABET):
        raise argparse.ArgumentTypeError(f"{text!r} is not 12 of the characters {ID_ALPHABET}")
    return text


def _duration(text: str) -> timedelta:
    number, unit = text[:-1], text[-1:]
    if unit not in UNIT_SECONDS or not number.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a duration like 10s, 5m, 2h or 3d")
    seconds = int(number) * UNIT_SECONDS[unit]
    if seconds > PLANNING_HORIZON.total_seconds():
        raise argparse.ArgumentTypeError(f"{text!r} is more than three years")
    return timedelta(seconds=seconds)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive whole number")
    return int(text)
