"""The commands that list and cancel pending posts, and the backup."""

import argparse
import json
from typing import TextIO

from core.application import Application
from core.cli.printed_rows import (
    cancelled_row,
    due_next,
    entry_row,
    post_row,
    print_row,
    print_rows,
)
from core.posts.payload import ScheduleName
from core.scheduling.cancelled import cancelled
from core.scheduling.time_limits import PLANNING_HORIZON
from core.scheduling.upcoming import queue


def list_queue(application: Application, options: argparse.Namespace, out: TextIO, err: TextIO) -> None:
    """Print pending posts, soonest first, and overdue posts; with `--cancelled`, the cancelled ones instead."""
    now = application.clock()
    if options.cancelled:
        gone = [cancelled_row(each) for each in cancelled(application.ledger, now, limit=options.limit)]
        print_rows(gone, out, as_json=options.json, empty="No post was cancelled in the last 30 days.")
        return
    found = queue(application.listing, application.ledger, now, now + PLANNING_HORIZON, limit=options.limit)
    rows = [entry_row(each, now, application.backend.target) for each in found.entries]
    in_order = sorted(rows, key=lambda row: (due_next(row) or "~", row["name"]))
    print_rows(in_order, out, as_json=options.json, empty="The queue is empty.")


def cancel_post(application: Application, options: argparse.Namespace, out: TextIO, err: TextIO) -> None:
    """Cancel a post, given its schedule name or post id, and print it."""
    name = ScheduleName.parse(options.name)
    post_id = name.post_id if name else options.name
    plan = application.schedules.cancel(application.schedules.plan(post_id))
    row = post_row(plan.post, plan.desired)
    print_row(row, out, as_json=options.json)


def back_up(application: Application, options: argparse.Namespace, out: TextIO, err: TextIO) -> None:
    """Copy all data of this machine into a folder. On AWS, say what is not on this machine."""
    folder = options.folder.expanduser().absolute()
    application.back_up(folder)
    print(json.dumps({"folder": str(folder)}) if options.json else f"The backup is in {folder}.", file=out)
    if application.aws is not None:
        kept = "Schedules" if application.aws.deployment.is_small else "Posts, results, accounts and media"
        print(f"{kept} on AWS are not in it (docs/backups.md).", file=err)
