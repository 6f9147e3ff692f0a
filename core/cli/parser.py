"""The commands and options of `python -m core`."""

import argparse
import importlib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from core.cli.option_values import account_option, any_port, duration, port, positive, post_id, wall_time
from core.posts.repeat_syntax import REPEAT_SYNTAX

DEFAULT_LIMIT = 1000
"""Rows that a command prints without `--limit`."""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line.

    The parsed options hold the function to run: in `command` if it takes an application, in `reader` if the ledger is
    enough, in `server` if it opens its own. The function loads its module when it is called, because each command needs
    other parts of Punctual.
    """
    parser = argparse.ArgumentParser(prog="python -m core", description="Schedule posts from the command line.")
    group = parser.add_subparsers(title="commands", required=True)
    json_option = argparse.ArgumentParser(add_help=False)
    json_option.add_argument("--json", action="store_true", help="print JSON")

    def add(name: str, description: str, **run: Callable[..., Any]) -> argparse.ArgumentParser:
        command = group.add_parser(name, help=description, parents=[json_option])
        command.set_defaults(**run)
        return command

    _add_schedule_options(add("schedule", "schedule a post", command=_later("schedule", "schedule_post")))
    queue = add(
        "queue", "list pending posts, soonest first, and overdue posts", command=_later("commands", "list_queue")
    )
    cancel = add("cancel", "remove a post from the queue", command=_later("commands", "cancel_post"))
    cancel.add_argument("name", metavar="NAME", help="schedule name or post id")
    queue.add_argument("--cancelled", action="store_true", help="list the posts cancelled in the last 30 days instead")
    waiting = "print the posts that wait for you; exit 1 if there are any, or if posts are due and no worker runs"
    add("status", waiting, reader=_later("status", "show_status"))
    add("pause-all", "pause every post until resume-all", command=_later("hold", "pause_all"))
    add("resume-all", "resume the posts that pause-all paused", command=_later("hold", "resume_all"))
    history = add("history", "list past runs, latest first", reader=_later("history", "list_history"))
    drafts = add("drafts", "list drafts, latest change first", command=_later("drafts", "list_drafts"))
    which = drafts.add_mutually_exclusive_group()
    which.add_argument("--templates", action="store_true", help="list the templates instead")
    which.add_argument("--deleted", action="store_true", help="list the drafts deleted in the last 30 days instead")
    for listing in (queue, history, drafts):
        listing.add_argument("--limit", type=positive, default=DEFAULT_LIMIT, help="maximum number of rows")
    times = add("times", "print the posting times and what is due then", command=_later("times", "show_times"))
    times.add_argument("--to", action="append", default=[], metavar="DESTINATION", help="of these; may be repeated")
    times.add_argument("--limit", type=positive, default=10, help="how many of the next times (default: 10)")
    copied = "copy all data of this machine while it is in use"
    backup = add("backup", copied, command=_later("commands", "back_up"))
    backup.add_argument("folder", type=Path, metavar="FOLDER", help="an empty or new folder")
    _add_restore_options(group.add_parser("restore", help="replace the data folder by a backup", parents=[json_option]))
    exported = "write pending posts to a file and disable them here"
    export = add("export", exported, command=_later("transfer", "run_export"))
    imported = "schedule the posts that another deployment exported"
    import_ = add("import", imported, command=_later("transfer", "run_import"))
    for command in (export, import_):
        command.add_argument("file", type=Path, metavar="FILE", help="JSON lines")

    dump = add("dump", "write the queue, the drafts or the history to a file", command=_later("dump", "dump"))
    dump.add_argument("source", choices=["queue", "drafts", "history"])
    dump.add_argument("file", type=Path, metavar="FILE", help="- for the standard output")
    dump.add_argument("--format", choices=["csv", "jsonl", "ics"], help="default: by the end of FILE's name")
    _add_load_options(add("load", "schedule the posts of a table", command=_later("load", "load_posts")))
    _add_engine_options(group.add_parser("engine", help="run the worker, which fires and publishes, with no dashboard"))
    _add_receive_options(
        group.add_parser("receive", help="run only the posting server, for a relay on another machine")
    )
    stored = "give this home's signing secret to the functions on AWS"
    group.add_parser("store-secret", help=stored, parents=[json_option]).set_defaults(
        server=_later("store_secret", "store_secret")
    )
    return parser


def _add_schedule_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--text", required=True)
    time = command.add_mutually_exclusive_group(required=True)
    time.add_argument(
        "--at",
        type=wall_time,
        metavar="TIME",
        help="wall time in the zone: 2026-11-24T09:00, or words such as 'tomorrow 9am'",
    )
    time.add_argument("--in", dest="delay", type=duration, metavar="10s", help="time from now: 10s, 5m, 2h, 3d")
    time.add_argument("--next-free", action="store_true", help="the next free posting time; `times` prints it")
    command.add_argument("--zone", help="IANA time zone (default: PUNCTUAL_TIMEZONE)")
    command.add_argument("--which", type=int, choices=(1, 2), help="first or second pass of an hour that comes twice")
    command.add_argument(
        "--repeat",
        type=_later("repeat_option", "parse_repeat"),
        metavar="RULE",
        help=f"{REPEAT_SYNTAX}; --at is the first date and time",
    )
    end = command.add_mutually_exclusive_group()
    end.add_argument("--until", type=date.fromisoformat, metavar="2027-01-31", help="last date of the repetition")
    end.add_argument("--runs", type=positive, metavar="N", help="end of the repetition after so many runs")
    command.add_argument(
        "--label",
        action="append",
        default=[],
        dest="labels",
        metavar="NAME",
        help="a label of the post, created if it is new; may be repeated",
    )
    command.add_argument(
        "--option",
        action="append",
        default=[],
        dest="options",
        type=account_option,
        metavar="DESTINATION:NAME=VALUE",
        help="an option of one destination, such as mastodon:ada@example.social:language=de; may be repeated",
    )
    command.add_argument(
        "--id", type=post_id, metavar="ID", help="id of the post: the same id and post again schedules nothing twice"
    )
    command.add_argument("--to", action="append", required=True, metavar="DESTINATION", help="may be repeated")
    command.add_argument("--no-card", action="store_true", help="fetch no link card")


def _add_load_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", type=Path, metavar="FILE", help="CSV, TSV or JSON lines")
    command.add_argument("--dry-run", action="store_true", help="print what would be scheduled, and write nothing")
    command.add_argument("--zone", help="time zone of rows that name none (default: PUNCTUAL_TIMEZONE)")
    command.add_argument(
        "--to", action="append", default=[], metavar="DESTINATION", help="for rows that name none; may be repeated"
    )
    command.add_argument(
        "--label", action="append", default=[], dest="labels", metavar="NAME", help="added to each row; may be repeated"
    )
    command.add_argument(
        "--column",
        action="append",
        default=[],
        dest="columns",
        type=_later("option_values", "column"),
        metavar="NAME=text",
        help="what a column holds: text, datetime, date, time, zone, destinations, labels, pictures, alt, link,"
        " repeat, until, runs, skipped, none",
    )
    command.add_argument("--dates", type=_later("option_values", "order"), metavar="day-first|month-first")
    command.add_argument("--encoding", help="encoding of the file (default: detected)")
    command.add_argument("--pictures", type=Path, metavar="FOLDER", help="folder of pictures (default: that of FILE)")
    command.add_argument("--duplicates", action="store_true", help="schedule duplicates too")
    command.add_argument("--no-card", action="store_true", help="fetch no link cards")
    command.add_argument("--report", type=Path, metavar="REPORT", help="write the report to this CSV file")


def _add_restore_options(restore: argparse.ArgumentParser) -> None:
    restore.add_argument("folder", type=Path, metavar="FOLDER", help="the folder of the backup")
    restore.add_argument("--home", help="data folder (default: PUNCTUAL_HOME)")
    restore.set_defaults(server=_later("restore", "run_restore"))


def _add_engine_options(engine: argparse.ArgumentParser) -> None:
    engine.add_argument("--port", type=any_port, default=0, help="port on 127.0.0.1 (default: any free one)")
    engine.add_argument("--home", help="data folder (default: PUNCTUAL_HOME)")
    engine.add_argument("--log", type=Path, metavar="FILE", help="log file, which is rotated (default: standard error)")
    engine.add_argument("--wait", action="store_true", help="wait while another worker runs, then take its place")
    engine.add_argument("--supervised", action="store_true", help=argparse.SUPPRESS)  # a dashboard stops it
    engine.set_defaults(server=_later("engine", "run_engine"))


def _add_receive_options(receive: argparse.ArgumentParser) -> None:
    receive.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    receive.add_argument("--port", type=port, default=8600, help="port (default: 8600)")
    receive.set_defaults(server=_later("posting_server", "run_posting_server"))


def _later(module: str, name: str) -> Callable[..., Any]:
    """Return a function of `core.cli` that loads its module at its first call."""

    def run(*arguments: object) -> Any:
        return getattr(importlib.import_module(f"core.cli.{module}"), name)(*arguments)

    return run
