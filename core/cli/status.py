"""The command that monitoring runs: the posts that wait for a person, and whether due posts are published."""

import argparse
import json
from datetime import datetime, timedelta
from typing import TextIO

from core.cli.exit_status import DONE, POSTS_WAIT
from core.cli.ledger_reader import LedgerReader
from core.cli.printed_rows import print_rows, waiting_row
from core.ledger.history import due_unbegun
from core.ledger.port import Ledger
from core.scheduling.missing_runs import SERIES_LIMIT
from core.scheduling.time_limits import PLANNING_HORIZON
from core.scheduling.upcoming import next_run
from core.scheduling.waiting_posts import WaitingPosts
from core.time.instants import utc_text
from core.time.phrases import plural
from core.worker.lock import START_HINT

ONE_TIME_LIMIT = 1000
"""The most one-time posts that are searched for one that is still to be published."""


def show_status(reader: LedgerReader, options: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Print the posts that wait for a person, and how many have each state.

    Print first whether all posts are paused, and whether posts are due and no worker runs on this machine. Return
    POSTS_WAIT if a post waits for a person or for a worker.
    """
    hold = reader.hold()
    waiting = WaitingPosts(reader.ledger, reader.clock, timedelta()).read()
    unpublished = reader.lacks_worker() and _is_post_due(reader.ledger, reader.clock())
    rows = [waiting_row(each) for each in waiting.posts]
    status = POSTS_WAIT if rows or unpublished else DONE
    if options.json:
        held = {"phase": hold.phase, "since": utc_text(hold.began_at), "posts": len(hold.posts)} if hold else None
        found = {"waiting": len(rows), "states": dict(waiting.states), "posts": rows, "hold": held}
        print(json.dumps(found | {"worker_needed": unpublished}), file=out)
        return status
    if hold is not None:
        paused = plural(len(hold.posts), "post")
        print(f"All posts are paused since {utc_text(hold.began_at)} ({paused}). Resume with resume-all.", file=out)
    if unpublished:
        print(f"No worker runs: due posts are not published. {START_HINT}", file=out)
    if rows:
        counts = ", ".join(f"{count} {state}" for state, count in waiting.states.most_common())
        print(f"{plural(len(rows), 'post')} to look at: {counts}.", file=out)
        print_rows(rows, out, as_json=False, empty="")
    else:
        print("No post waits for you.", file=out)
    if waiting.runs_searched is not None:
        print(f"Only the latest {waiting.runs_searched:,} runs were searched for posts that wait.", file=out)
    return status


def _is_post_due(ledger: Ledger, now: datetime) -> bool:
    """Return whether an active post is due, or becomes due."""
    one_time = due_unbegun(ledger, now, until=now + PLANNING_HORIZON, limit=ONE_TIME_LIMIT)
    return any(plan.desired == "active" for plan in one_time) or any(
        plan.desired == "active" and next_run(plan.post, now) is not None for plan in ledger.series(limit=SERIES_LIMIT)
    )
