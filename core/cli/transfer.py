"""The two commands that move a queue: `export FILE` where it is, `import FILE` where it goes."""

import argparse
import json
from pathlib import Path
from typing import Any, TextIO

from core.application import Application
from core.errors import PunctualError
from core.time.instants import utc_text
from core.time.phrases import excerpt
from core.transfer.exporting import leave
from core.transfer.importing import arrive
from core.transfer.report import Remark, Report


class Unfinished(PunctualError):
    """Some posts could not be moved this time."""

    hint = "Run the same command again; what is done already stays done."

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} posts are not moved yet.")


def export_posts(application: Application, asked: argparse.Namespace, out: TextIO, err: TextIO) -> None:
    """Let every post leave into a file. Raises Unfinished, or what `leave` raises."""
    report = leave(application, asked.file)
    _tell(report, asked, out)
    if not asked.json:
        print(f"{report.moved} posts left. Now, where they are to go: python -m core import {asked.file}", file=out)


def import_posts(application: Application, asked: argparse.Namespace, out: TextIO, err: TextIO) -> None:
    """Plan and arm here what a file holds. Raises Unfinished, or what `arrive` raises."""
    report = arrive(application, asked.file)
    _tell(report, asked, out)
    if not asked.json:
        print(f"{report.moved} posts are here.", file=out)


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> list[argparse.ArgumentParser]:
    """Add both commands to a grammar."""
    export = commands.add_parser("export", help="let every post leave into a file; it is disabled and marked here")
    export.set_defaults(command=export_posts)
    arriving = commands.add_parser("import", help="plan and arm here what another deployment exported")
    arriving.set_defaults(command=import_posts)
    for command in (export, arriving):
        command.add_argument("file", type=Path, metavar="FILE", help="JSON lines")
    return [export, arriving]


def _tell(report: Report, asked: argparse.Namespace, out: TextIO) -> None:
    if asked.json:
        members = {"remarks": report.remarks, "unfinished": report.unfinished}
        found = {name: [*map(_as_json, remarks)] for name, remarks in members.items()}
        print(json.dumps({"moved": report.moved} | found), file=out)
    else:
        for remark in (*report.remarks, *report.unfinished):
            row = _as_json(remark)
            text = excerpt(row["text"], 60)
            print(f"{row['due_at'] or 'repeating':24}  {row['post_id']}  {text}\n  {row['reason']}", file=out)
    if report.unfinished:
        raise Unfinished(len(report.unfinished))


def _as_json(remark: Remark) -> dict[str, Any]:
    post = remark.post
    return {
        "post_id": remark.post_id,
        "text": post.text if post else "",
        "due_at": utc_text(post.due_at) if post and post.due_at else None,
        "reason": remark.reason,
    }
