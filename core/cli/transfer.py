"""The commands that move a queue: `export FILE` at its source, `import FILE` at its destination."""

import argparse
import json
from typing import Any, TextIO

from core.application import Application
from core.errors import PunctualError
from core.time.instants import utc_text
from core.time.phrases import excerpt, plural
from core.transfer.exporting import export_posts
from core.transfer.importing import import_posts
from core.transfer.report import Remark, TransferReport

EXCERPT_LENGTH = 60


class TransferUnfinished(PunctualError):
    """Some posts have not moved."""

    hint = "Run the same command again. Posts that have moved stay moved."

    def __init__(self, count: int) -> None:
        super().__init__(f"{plural(count, 'post')} could not be moved.")


def run_export(application: Application, options: argparse.Namespace, out: TextIO, err: TextIO) -> None:
    """Export the pending posts. Raises TransferUnfinished or the errors of `export_posts`."""
    report = export_posts(application, options.file)
    _print_report(report, out, as_json=options.json)
    if not options.json:
        moved = plural(report.moved, "post")
        print(f"Exported {moved}. At the destination, run: python -m core import {options.file}", file=out)


def run_import(application: Application, options: argparse.Namespace, out: TextIO, err: TextIO) -> None:
    """Import the posts of a file. Raises TransferUnfinished or the errors of `import_posts`."""
    report = import_posts(application, options.file)
    _print_report(report, out, as_json=options.json)
    if not options.json:
        print(f"Imported {plural(report.moved, 'post')}.", file=out)


def _print_report(report: TransferReport, out: TextIO, *, as_json: bool) -> None:
    """Print the remarks and the unfinished posts. Raises TransferUnfinished if a post is unfinished."""
    remarks, unfinished = [*map(_row, report.remarks)], [*map(_row, report.unfinished)]
    if as_json:
        print(json.dumps({"moved": report.moved, "remarks": remarks, "unfinished": unfinished}), file=out)
    else:
        for row in (*remarks, *unfinished):
            text = excerpt(row["text"], EXCERPT_LENGTH)
            print(f"{row['due_at'] or 'repeating':24}  {row['post_id']}  {text}\n  {row['reason']}", file=out)
    if unfinished:
        raise TransferUnfinished(len(unfinished))


def _row(remark: Remark) -> dict[str, Any]:
    post = remark.post
    return {
        "post_id": remark.post_id,
        "text": post.text if post else "",
        "due_at": utc_text(post.due_at) if post and post.due_at else None,
        "reason": remark.reason,
    }
