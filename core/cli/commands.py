"""The commands that schedule, list and cancel posts, and the backup."""

import argparse
import json
from datetime import datetime, timedelta
from typing import TextIO

from core.application import Application
from core.cli.rows import due_next, listed_row, post_row, print_row, print_rows, repeat_columns, run_row
from core.ledger.history import START_GRACE, runs
from core.posts.models import new_post_id
from core.posts.payload import ScheduleName
from core.posts.series import build_series
from core.publishing.composing import compose
from core.scheduling.time_limits import PLANNING_HORIZON
from core.scheduling.upcoming import without_schedule
from core.time.instants import from_utc_text, instants, wall_time


def schedule_post(application: Application, options: argparse.Namespace, out: TextIO, err: TextIO) -> None:
    """Schedule a post and print it; warn on `err` when no engine runs."""
    zone = options.zone or application.settings.timezone
    now = application.clock()
    wall, which = _wall_time(options, zone, now)
    repeat = None
    if options.repeat:
        repeat = build_series(options.repeat, wall.time(), zone, first=wall.date(), last=options.until, now=now)
    post = compose(
        post_id=new_post_id(),
        text=options.text,
        destinations=options.to,
        wall=wall,
        zone=zone,
        which=which,
        late_after_minutes=application.settings.late_after_minutes,
        accounts=application.accounts,
        networks=application.networks,
        repeat=repeat,
    )
    plan = application.schedules.schedule(post)
    if application.one_machine is not None and not application.one_machine.has_live_runner():
        print("No engine is running: start the dashboard, or run `python -m core engine`.", file=err)
    row = post_row(plan.post, "armed") | repeat_columns(plan.post, now)
    print_row(row, out, as_json=options.json)
    if repeat and not options.json:
        for run in row["next"]:
            print(f"  {wall_time(from_utc_text(run), zone):%a %d %b %Y, %H:%M} {zone}", file=out)


def _wall_time(options: argparse.Namespace, zone: str, now: datetime) -> tuple[datetime, int | None]:
    """Return the wall time, and the pass (1 or 2) if its hour comes twice.

    A time given by `--in` is rounded up to a whole second.
    """
    if options.at is not None:
        return options.at, options.which
    due = (now + options.delay + timedelta(microseconds=999_999)).replace(microsecond=0)
    wall = wall_time(due, zone).replace(tzinfo=None)
    return wall, instants(wall, zone).index(due) + 1


def list_queue(application: Application, options: argparse.Namespace, out: TextIO, err: TextIO) -> None:
    """Print pending posts, soonest first, and overdue posts."""
    now = application.clock()
    listed = application.listing.window(now - START_GRACE, now + PLANNING_HORIZON, limit=options.limit)
    rows = {
        each.listed.post_id: listed_row(each, application.ledger, now) for each in application.listing.details(listed)
    }
    for each in without_schedule(application.ledger, now):
        if each.post is not None:
            rows[each.post_id] = post_row(each.post, each.state) | repeat_columns(each.post, now)
    in_order = sorted(rows.values(), key=lambda row: (due_next(row) or "~", row["name"]))
    print_rows(in_order, out, as_json=options.json, empty="The queue is empty.")


def cancel_post(application: Application, options: argparse.Namespace, out: TextIO, err: TextIO) -> None:
    """Cancel a post, given its schedule name or post id, and print it."""
    name = ScheduleName.parse(options.name)
    post_id = name.post_id if name else options.name
    plan = application.schedules.cancel(application.schedules.plan(post_id))
    row = post_row(plan.post, plan.desired)
    print_row(row, out, as_json=options.json)


def list_history(application: Application, options: argparse.Namespace, out: TextIO, err: TextIO) -> None:
    """Print past runs, latest due first."""
    rows = [run_row(run) for run in runs(application.ledger, limit=options.limit)]
    print_rows(rows, out, as_json=options.json, empty="No post has been due yet.")


def back_up(application: Application, options: argparse.Namespace, out: TextIO, err: TextIO) -> None:
    """Copy all data of this machine into a folder."""
    folder = options.folder.expanduser().absolute()
    application.back_up(folder)
    print(json.dumps({"folder": str(folder)}) if options.json else f"The backup is in {folder}.", file=out)
