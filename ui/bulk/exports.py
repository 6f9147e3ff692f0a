"""The downloads of the queue, the drafts and the history."""

from functools import partial

import streamlit as st

from core.bulk.exporting import CONTENT_TYPES, FORMATS, export_file, file_name
from core.bulk.records import Source
from ui.frame.application import application

SOURCES: dict[Source, tuple[str, str]] = {
    "queue": ("Queue", "The coming posts, and those that are paused or late."),
    "drafts": ("Drafts", "Drafts, ideas and templates."),
    "history": ("History", "Every run with its result, how late it was, and its address."),
}


def export_view() -> None:
    """Draw a card for each list, with a button for each format."""
    st.caption(
        "A download changes nothing here. To move a queue to another machine or to AWS, use `python -m core export`"
        " instead: it hands the posts over."
    )
    for source, (name, description) in SOURCES.items():
        with (
            st.container(border=True, key=f"card-export-{source}"),
            st.container(horizontal=True, vertical_alignment="center"),
        ):
            st.markdown(f"**{name}**  \n{description}", width="stretch")
            for kind, label in FORMATS.items():
                st.download_button(
                    label,
                    partial(export_file, application(), source, kind),
                    file_name(source, kind, application().clock()),
                    CONTENT_TYPES[kind],
                    key=f"export-{source}-{kind}",
                    icon=":material/download:",
                    on_click="ignore",
                )
