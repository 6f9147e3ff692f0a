"""The selected posts as a file: CSV for spreadsheets, JSON lines for programs."""

import csv
import io
import json
from collections.abc import Sequence
from functools import partial

import streamlit as st

from core.cli.rows import Row, post_row
from core.ledger.port import OPEN_STATES
from ui.frame.application import application
from ui.posts.history_csv import as_text

COLUMNS = ("post_id", "text", "due_at", "wall", "zone", "destinations", "labels", "state")


def export_buttons(post_ids: Sequence[str]) -> None:
    """Draw a button for each kind of file. The posts are read when a person clicks it."""
    for label, suffix, kind, write in (
        ("CSV", "csv", "text/csv", csv_file),
        ("JSON lines", "jsonl", "application/jsonl", json_lines),
    ):
        st.download_button(
            label,
            partial(write, post_ids),
            f"punctual-queue.{suffix}",
            kind,
            key=f"export-{suffix}",
            on_click="ignore",
        )


def csv_file(post_ids: Sequence[str]) -> bytes:
    """Return the posts as CSV, which spreadsheets open as UTF-8. A cell that begins like a formula is text."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, extrasaction="ignore")
    writer.writeheader()
    for row in _rows(post_ids):
        joined = {name: ", ".join(value) if isinstance(value, list) else value for name, value in row.items()}
        writer.writerow({name: as_text(value) for name, value in joined.items()})
    return out.getvalue().encode("utf-8-sig")


def json_lines(post_ids: Sequence[str]) -> bytes:
    """Return the posts as one JSON object a line."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in _rows(post_ids)).encode()


def _rows(post_ids: Sequence[str]) -> list[Row]:
    """Return the rows of the posts that are still pending, soonest due first and repeating ones last."""
    plans = [plan for plan in application().ledger.pending(post_ids).values() if plan and plan.desired in OPEN_STATES]
    rows = [
        post_row(plan.post, plan.desired) | {"wall": plan.post.wall, "labels": list(plan.post.labels)} for plan in plans
    ]
    return sorted(rows, key=lambda row: (row["due_at"] or "~", row["post_id"]))
