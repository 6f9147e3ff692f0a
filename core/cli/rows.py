"""The rows that commands print, as JSON or as lines of text."""

import json
from datetime import datetime
from typing import Any, TextIO

from core.ledger.history import Run
from core.ledger.port import Ledger, Plan
from core.posts.models import Post
from core.posts.payload import ScheduleName
from core.posts.recurrence import NeverRuns, describe_rule, next_runs, parse_rule
from core.scheduling.listing import ScheduleDetail
from core.time.instants import utc_text
from core.time.phrases import excerpt

Row = dict[str, Any]
EXCERPT_LENGTH = 80
"""Characters of a post's text in a line; JSON has the whole text."""


def post_row(post: Post, state: str) -> Row:
    """Return the row of a post in a state."""
    return {
        "name": str(ScheduleName.of(post)),
        "post_id": post.post_id,
        "text": post.text,
        "due_at": utc_text(post.due_at) if post.due_at else None,
        "zone": post.zone,
        "destinations": list(post.destinations),
        "state": state,
    }


def repeat_columns(post: Post, now: datetime) -> Row:
    """Return the rule as text and the next runs of a repeating post; an empty row for a one-time post."""
    if post.repeat is None:
        return {}
    rule, at = parse_rule(post.repeat.expression)
    try:
        runs_ahead = next_runs(post.repeat.expression, post.zone, post.repeat.starts_at, post.repeat.ends_at, after=now)
    except NeverRuns:
        runs_ahead = []
    return {"rule": describe_rule(rule, at, post.zone), "next": [utc_text(run) for run in runs_ahead]}


def listed_row(scheduled: ScheduleDetail, ledger: Ledger, now: datetime) -> Row:
    """Return the row of a schedule. A disabled schedule is `moved`, `needs a time` or `paused`, as its plan says."""
    listed, post = scheduled.listed, scheduled.post
    disabled_state = "paused" if listed.enabled else _disabled_state(ledger.get(listed.post_id))
    return {
        "name": listed.name,
        "post_id": listed.post_id,
        "text": post.text if post else None,
        "due_at": utc_text(listed.due_at) if listed.due_at else None,
        "zone": post.zone if post else None,
        "destinations": list(post.destinations) if post else [],
        "state": "armed" if listed.enabled else disabled_state,
        **(repeat_columns(post, now) if post else {}),
    }


def _disabled_state(plan: Plan | None) -> str:
    if plan is None or (plan.desired != "moved" and not plan.needs_time):
        return "paused"
    return "moved" if plan.desired == "moved" else "needs a time"


def run_row(run: Run) -> Row:
    """Return the row of a past run."""
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


def due_next(row: Row) -> str | None:
    """Return the next due instant of a row, as UTC text; None if it has none."""
    due_at: str | None = next(iter(row.get("next", ())), row["due_at"])
    return due_at


def print_row(row: Row, out: TextIO, *, as_json: bool) -> None:
    """Print a row as a JSON object or as a line."""
    print(json.dumps(row) if as_json else _line(row), file=out)


def print_rows(rows: list[Row], out: TextIO, *, as_json: bool, empty: str) -> None:
    """Print rows as a JSON array, or one line each; without rows, print the sentence `empty`."""
    if as_json:
        print(json.dumps(rows), file=out)
    else:
        print("\n".join(map(_line, rows)) or empty, file=out)


def _line(row: Row) -> str:
    """Return a row as one line: due instant, state, name, destinations, rule and the start of the text."""
    columns = [f"{due_next(row) or 'repeating':24}", f"{row['state']:12}", row["name"], ", ".join(row["destinations"])]
    if "rule" in row:
        columns.append(row["rule"])
    return "  ".join([*columns, excerpt(row["text"] or "", EXCERPT_LENGTH)])
