"""The selected posts as a file, like those of the page *Import and export*."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from core.bulk.csv_export import posts_csv
from core.bulk.exporting import CONTENT_TYPES, FORMATS, ExportFormat, file_name
from core.bulk.json_export import json_lines
from core.bulk.records import pending_records
from ui.frame.application import application


def export_buttons(post_ids: Sequence[str]) -> None:
    """Draw a button for each kind of file. The posts are read when a person clicks it."""
    kinds: tuple[ExportFormat, ...] = ("csv", "jsonl")
    for kind in kinds:
        st.download_button(
            FORMATS[kind],
            partial(selected_file, post_ids, kind),
            file_name("queue", kind, application().clock()),
            CONTENT_TYPES[kind],
            key=f"export-{kind}",
            on_click="ignore",
        )


def selected_file(post_ids: Sequence[str], kind: ExportFormat) -> bytes:
    """Return the file of the posts that are still pending, soonest due first."""
    write = posts_csv if kind == "csv" else json_lines
    return write(pending_records(application(), post_ids))
