"""The command line, on the same core as the dashboard: schedule, queue, cancel, history; export and import."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TextIO

from core.application import Application
from core.cli import transfer as moving
from core.cli.repeat_option import GRAMMAR, rule_asked
from core.errors import PunctualError
from core.ledger.history import GRACE, Run, runs
from core.posts.models import Post, new_post_id
from core.posts.payload import ScheduleName
from core.posts.recurrence import NeverRuns, in_words, preview, read
from core.posts.series import series
from core.publishing.composing import compose
from core.scheduling.listing import Scheduled
from core.scheduling.schedules import FURTHEST_AHEAD
from core.scheduling.upcoming import stranded
from core.settings import Settings
from core.time.instants import from_utc_text, instants, utc_text, wall_time
from core.time.phrases import excerpt

DONE, REFUSED, INTERRUPTED = 0, 1, 130
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
SHOWN = 1000
"""The most lines that one command prints unless asked for more."""
EXCERPT = 80
"""Characters of a text that a line shows; JSON has all of it."""


def main(arguments: Sequence[str], application: Callable[[], Application], out: TextIO, err: TextIO) -> int:
    """Run one command; return 0, or 1 when it was refused, with the reason on `err`. Wrong usage exits with 2."""
    grammar = parser()
    asked = grammar.parse_args(arguments)
    if "until" in asked and asked.until and not asked.repeat:
        grammar.error("--until is the last date of a repeating post: give --repeat too")
    try:
        opened = application()
        try:
            asked.command(opened, asked, out, err)
        finally:
            opened.close()
    except PunctualError as error:
        print(f"{error}\n{error.hint}", file=err)
        return REFUSED
    return DONE


def parser() -> argparse.ArgumentParser:
    """Return the grammar of the command line."""
    top = argparse.ArgumentParser(prog="python -m core", description="Schedule posts from the command line.")
    commands = top.add_subparsers(title="commands", required=True)

    schedule = commands.add_parser("schedule", help="schedule a post")
    schedule.add_argument("--text", required=True)
    when = schedule.add_mutually_exclusive_group(required=True)
    when.add_argument("--at", type=_wall, metavar="2026-11-24T09:00", help="wall time in the zone")
    when.add_argument("--in", dest="ahead", type=_duration, metavar="10s", help="from now: 10s, 5m, 2h, 3d")
    schedule.add_argument("--zone", help="IANA time zone; PUNCTUAL_TIMEZONE if not given")
    schedule.add_argument("--which", type=int, choices=(1, 2), help="which one, where the hour comes twice")
    schedule.add_argument(
        "--repeat", type=rule_asked, metavar="RULE", help=f"{GRAMMAR}; --at is the first date and time"
    )
    schedule.add_argument(
        "--until", type=date.fromisoformat, metavar="2027-01-31", help="the last date of a repeating post"
    )
    schedule.add_argument("--to", action="append", required=True, metavar="DESTINATION", help="may be repeated")
    schedule.set_defaults(command=_schedule)

    queue = commands.add_parser("queue", help="list what is still to go out, soonest first, and what lies there")
    queue.add_argument("--limit", type=_count, default=SHOWN)
    queue.set_defaults(command=_queue)

    cancel = commands.add_parser("cancel", help="take a post out of the queue")
    cancel.add_argument("name", metavar="NAME", help="the schedule's name or the post id")
    cancel.set_defaults(command=_cancel)

    history = commands.add_parser("history", help="list what went out, the latest first")
    history.add_argument("--limit", type=_count, default=SHOWN)
    history.set_defaults(command=_history)

    backup = commands.add_parser("backup", help="copy everything this machine keeps, while it is in use")
    backup.add_argument("folder", type=Path, metavar="FOLDER", help="empty, or not there yet")
    backup.set_defaults(command=_backup)

    for command in (schedule, queue, cancel, history, backup, *moving.add_to(commands)):
        command.add_argument("--json", action="store_true", help="print JSON")
    return top


def _schedule(application: Application, asked: argparse.Namespace, out: TextIO, err: TextIO) -> None:
    zone = asked.zone or application.settings.timezone
    now = application.clock()
    wall, which = _wall_asked(asked, zone, now)
    repeat = None
    if asked.repeat:
        repeat = series(asked.repeat, wall.time(), zone, first=wall.date(), last=asked.until, now=now)
    post = compose(
        post_id=new_post_id(),
        text=asked.text,
        destinations=asked.to,
        wall=wall,
        zone=zone,
        which=which,
        late_after_minutes=application.settings.late_after_minutes,
        accounts=application.accounts,
        networks=application.networks,
        repeat=repeat,
    )
    plan = application.schedules.schedule(post)
    if application.engine is not None and not application.engine.running():
        print("Nothing runs that would send it: start the dashboard, or python -m core.engine.", file=err)
    planned = _told(plan.post, "armed") | _repeating(plan.post, now)
    print(json.dumps(planned) if asked.json else _line(planned), file=out)
    if repeat and not asked.json:
        runs_ahead = [wall_time(from_utc_text(run), zone) for run in planned["next"]]
        print("\n".join(f"  {run:%a %d %b %Y, %H:%M} {zone}" for run in runs_ahead), file=out)


def _wall_asked(asked: argparse.Namespace, zone: str, now: datetime) -> tuple[datetime, int | None]:
    """Return the wall time that was asked for; one given as a duration is rounded up to the next whole second."""
    if asked.at is not None:
        return asked.at, asked.which
    due = (now + asked.ahead + timedelta(microseconds=999_999)).replace(microsecond=0)
    wall = wall_time(due, zone).replace(tzinfo=None)
    return wall, instants(wall, zone).index(due) + 1


def _queue(application: Application, asked: argparse.Namespace, out: TextIO, err: TextIO) -> None:
    now = application.clock()
    listed = application.queue.window(now - GRACE, now + FURTHEST_AHEAD, limit=asked.limit)
    rows = {found.listed.post_id: _queued(found, application, now) for found in application.queue.details(listed)}
    for each in stranded(application.ledger, now):
        if each.post is not None:
            rows[each.post_id] = _told(each.post, each.state) | _repeating(each.post, now)
    in_order = sorted(rows.values(), key=lambda row: (_next(row) or "~", row["name"]))
    _print(in_order, asked, out, "The queue is empty.")


def _cancel(application: Application, asked: argparse.Namespace, out: TextIO, err: TextIO) -> None:
    name = ScheduleName.read(asked.name)
    post_id = name.post_id if name else asked.name
    plan = application.schedules.cancel(application.schedules.plan(post_id))
    cancelled = _told(plan.post, plan.wish)
    print(json.dumps(cancelled) if asked.json else _line(cancelled), file=out)


def _history(application: Application, asked: argparse.Namespace, out: TextIO, err: TextIO) -> None:
    rows = [_ran(run) for run in runs(application.ledger, limit=asked.limit)]
    _print(rows, asked, out, "Nothing has gone out yet.")


def _backup(application: Application, asked: argparse.Namespace, out: TextIO, err: TextIO) -> None:
    folder = asked.folder.expanduser().absolute()
    application.back_up(folder)
    said = json.dumps({"folder": str(folder)}) if asked.json else f"Everything is in {folder}."
    print(said, file=out)


def _told(post: Post, state: str) -> dict[str, Any]:
    return {
        "name": str(ScheduleName.of(post)),
        "post_id": post.post_id,
        "text": post.text,
        "due_at": utc_text(post.due_at) if post.due_at else None,
        "zone": post.zone,
        "destinations": list(post.destinations),
        "state": state,
    }


def _repeating(post: Post, now: datetime) -> dict[str, Any]:
    """Return the rule of a repeating post, in words, and its next runs, if it has any."""
    if post.repeat is None:
        return {}
    rule, at = read(post.repeat.expression)
    try:
        runs_ahead = preview(post.repeat.expression, post.zone, post.repeat.starts_at, post.repeat.ends_at, after=now)
    except NeverRuns:
        runs_ahead = []
    return {"rule": in_words(rule, at, post.zone), "next": [utc_text(run) for run in runs_ahead]}


def _next(row: dict[str, Any]) -> str | None:
    """Return when a post goes out next; None if nothing is known of it."""
    due_at: str | None = next(iter(row.get("next", ())), row["due_at"])
    return due_at


def _queued(scheduled: Scheduled, application: Application, now: datetime) -> dict[str, Any]:
    listed, post = scheduled.listed, scheduled.post
    plan = None if listed.enabled else application.ledger.get(listed.post_id)
    held_back = "moved" if plan is not None and plan.wish == "moved" else "paused"
    return {
        "name": listed.name,
        "post_id": listed.post_id,
        "text": post.text if post else None,
        "due_at": utc_text(listed.due_at) if listed.due_at else None,
        "zone": post.zone if post else None,
        "destinations": list(post.destinations) if post else [],
        "state": "armed" if listed.enabled else held_back,
        **(_repeating(post, now) if post else {}),
    }


def _ran(run: Run) -> dict[str, Any]:
    return {
        "name": run.key,
        "post_id": run.post_id,
        "text": run.text,
        "due_at": utc_text(run.due_at),
        "zone": run.zone,
        "destinations": list(run.destinations),
        "state": run.state,
        "published_at": utc_text(run.published_at) if run.published_at else None,
        "lag_ms": run.lag_ms,
        "url": run.url,
        "error": run.error,
        "attempts": run.attempts,
    }


def _print(rows: list[dict[str, Any]], asked: argparse.Namespace, out: TextIO, empty: str) -> None:
    if asked.json:
        print(json.dumps(rows), file=out)
    else:
        print("\n".join(map(_line, rows)) or empty, file=out)


def _line(row: dict[str, Any]) -> str:
    said = [row["name"], ", ".join(row["destinations"]), *([row["rule"]] if "rule" in row else [])]
    return "  ".join(
        [f"{_next(row) or 'repeating':24}", f"{row['state']:12}", *said, excerpt(row["text"] or "", EXCERPT)]
    )


def _wall(text: str) -> datetime:
    try:
        wall = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time like 2026-11-24T09:00") from None
    if wall.tzinfo is not None:
        raise argparse.ArgumentTypeError(f"{text!r} names an offset; give the wall time alone and its --zone")
    return wall


def _duration(text: str) -> timedelta:
    number, unit = text[:-1], text[-1:]
    if unit not in UNITS or not number.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no duration like 10s, 5m, 2h or 3d")
    seconds = int(number) * UNITS[unit]
    if seconds > FURTHEST_AHEAD.total_seconds():
        raise argparse.ArgumentTypeError(f"{text!r} is more than three years")
    return timedelta(seconds=seconds)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return int(text)


def open_application() -> Application:
    """Open the home that the environment names."""
    return Application(Settings.read())


def run() -> int:
    """Run the command that this process was started with.

    What the terminal's encoding cannot write is written as an escape: a post is not to be scheduled and then hidden
    behind a traceback. JSON is ASCII in any case.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = main(sys.argv[1:], open_application, sys.stdout, sys.stderr)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads, such as head, has seen enough; Python is not to try once more at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except KeyboardInterrupt:
        return INTERRUPTED
    return status
