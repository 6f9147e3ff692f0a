"""The rows that commands print, as JSON or as lines of text."""

import json
import unicodedata
from datetime import datetime, timedelta
from typing import Any, TextIO

from core.drafts.draft import DraftContent
from core.ledger.history import Run
from core.posts.models import Post, Revision
from core.posts.payload import ScheduleName, TargetSettings
from core.posts.series import describe_timing, runs_of
from core.scheduling.cancelled import CancelledPost
from core.scheduling.upcoming import QueueEntry
from core.scheduling.waiting_posts import WaitingPost
from core.time.instants import utc_text
from core.time.phrases import excerpt, plural

Row = dict[str, Any]
EXCERPT_LENGTH = 80
"""Characters of a post's text in a line; JSON has the whole text."""
_NOT_PRINTED = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_JOINERS = "\u200c\u200d" + "".join(map(chr, range(0xE0020, 0xE0080)))
"""Characters of the category Cf that are part of words and emoji."""


def not_armed(count: int) -> str:
    """Return the sentence about changes that are in the ledger and not yet in the scheduler."""
    return f"{plural(count, 'post')}: noted, not armed yet. Punctual tries again every minute while it runs."


def post_row(post: Post, state: str) -> Row:
    """Return the row of a post in a state."""
    return {
        "name": str(ScheduleName.of(post)),
        "post_id": post.post_id,
        "text": post.text,
        "due_at": utc_text(post.due_at) if post.due_at else None,
        "zone": post.zone,
        "destinations": list(post.destinations),
        "labels": list(post.labels),
        "state": state,
    } | content_columns(post)


def content_columns(post: Revision | DraftContent) -> Row:
    """Return the options of a post by account, and its link card; an empty row without any."""
    options = {str(account): values for account, values in post.options.items()}
    card = {"link_card": post.card.model_dump()} if post.card is not None else {}
    return ({"options": options} if options else {}) | card


def timing_columns(post: Post, now: datetime, target: TargetSettings) -> Row:
    """Return the rule as text and the next runs of a repeating post.

    `within_seconds` is how long after its times a post may go out; it is left out if it goes out to the second.
    """
    slack = target.slack_of(post.repeat, post.zone)
    within: Row = {"within_seconds": slack.seconds} if slack else {}
    return within | _repeat_columns(post, now, slack)


def _repeat_columns(post: Post, now: datetime, slack: timedelta) -> Row:
    if post.repeat is None:
        return {}
    skipped = [utc_text(run) for run in post.repeat.skipped if run > now]
    runs = {"rule": describe_timing(post, slack), "next": [utc_text(run) for run in runs_of(post, after=now)]}
    return runs | ({"skipped": skipped} if skipped else {})


def entry_row(entry: QueueEntry, now: datetime, target: TargetSettings) -> Row:
    """Return the row of a post in the queue. A post in the state *scheduled* is `armed`.

    A repeating post has a due instant only if its last run is missing.
    """
    state = "armed" if entry.state == "scheduled" else entry.state
    if entry.post is not None:
        missing = {"due_at": utc_text(entry.due_at)} if entry.state == "missing" else {}
        return post_row(entry.post, state) | timing_columns(entry.post, now, target) | missing
    return {
        "name": str(ScheduleName(post_id=entry.post_id, due_at=entry.due_at)),
        "post_id": entry.post_id,
        "text": None,
        "due_at": utc_text(entry.due_at),
        "zone": None,
        "destinations": [],
        "labels": [],
        "state": state,
    }


def cancelled_row(cancelled: CancelledPost) -> Row:
    """Return the row of a cancelled post or an ended series."""
    return post_row(cancelled.post, cancelled.state) | {"at": utc_text(cancelled.at)}


def waiting_row(waiting: WaitingPost) -> Row:
    """Return the row of a post that waits for a person."""
    return {
        "name": waiting.key,
        "post_id": waiting.post_id,
        "text": waiting.text,
        "due_at": utc_text(waiting.due_at) if waiting.due_at else None,
        "destinations": list(waiting.destinations),
        "state": waiting.state,
        "error": waiting.reason,
        "page": waiting.place,
    }


def run_row(run: Run) -> Row:
    """Return the row of a past run."""
    return {
        "name": run.key,
        "post_id": run.post_id,
        "text": run.text,
        "due_at": utc_text(run.due_at),
        "zone": run.zone,
        "destinations": list(run.destinations),
        "labels": list(run.labels),
        "state": run.state,
        "published_at": utc_text(run.published_at) if run.published_at else None,
        "lag_ms": run.lag_ms,
        "url": run.url,
        "error": run.error,
        "attempts": run.attempts,
    } | content_columns(run.payload)


def due_next(row: Row) -> str | None:
    """Return the due instant of a row, or the next one of a series, as UTC text; None if it has none."""
    due_at: str | None = row["due_at"] or next(iter(row.get("next", ())), None)
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
    """Return a row as one line: due instant, state, name, destinations, labels, rule and the start of the text."""
    no_instant = row.get("wall") or ("no time" if "wall" in row else "repeating")
    columns = [f"{due_next(row) or no_instant:24}", f"{row['state']:12}", row["name"], ", ".join(row["destinations"])]
    columns += [f"[{label}]" for label in row.get("labels", ())]
    if "rule" in row:
        columns.append(row["rule"])
    elif "within_seconds" in row:
        columns.append("within a minute")
    return printable("  ".join([*columns, excerpt(row["text"] or "", EXCERPT_LENGTH)]))


def printable(line: str) -> str:
    """Return a line with control characters and direction marks as escapes, so that no text controls the terminal."""
    return "".join(_escape(each) if unicodedata.category(each) in _NOT_PRINTED else each for each in line)


def _escape(character: str) -> str:
    return character if character in _JOINERS else character.encode("unicode_escape").decode()
