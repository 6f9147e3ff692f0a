"""The fields for a table and its pictures."""

import streamlit as st

from core.bulk.reading import MAX_BYTES
from core.media.intake import MAX_VIDEO_BYTES
from ui.bulk.checking import check_again
from ui.bulk.example import example_csv, example_rows
from ui.frame.application import application
from ui.frame.state import IMPORT_CORRECTIONS, IMPORT_FILE, IMPORT_ROUND
from ui.frame.viewer import viewer_zone
from ui.frame.wording import escape

TABLE_TYPES = ["csv", "tsv", "txt", "jsonl", "ndjson", "json"]
PICTURE_TYPES = ["jpg", "jpeg", "png", "gif", "webp", "heic", "heif", "avif", "mp4", "m4v"]
"""The extensions that the browser offers. A table's video that needs a conversion is attached in Compose instead."""
SAMPLE_COLUMNS = ("Text", "Date and time", "Repeat", "Destinations")
"""The columns of the example that the page shows before there is a file."""


def upload_fields() -> tuple[str, bytes] | None:
    """Draw the fields and the example; return the name and the content of the table, or None."""
    number = import_round()
    st.file_uploader(
        "Table with posts",
        type=TABLE_TYPES,
        key=f"import-table-{number}",
        on_change=_take,
        args=(f"import-table-{number}",),
        max_upload_size=MAX_BYTES // 10**6,
        help="CSV, TSV or JSON lines, as spreadsheets, Buffer and Hootsuite save them.",
    )
    found: tuple[str, bytes] | None = st.session_state.get(IMPORT_FILE)
    if found is None:
        _introduction()
    return found


def picture_files() -> dict[str, bytes]:
    """Draw the field for pictures that the table names; return them by name."""
    found = st.file_uploader(
        "Pictures and videos named in the table",
        type=PICTURE_TYPES,
        accept_multiple_files=True,
        key=f"import-pictures-{import_round()}",
        max_upload_size=MAX_VIDEO_BYTES // 10**6,
        help="A row names a picture by its file name, or by a public address.",
    )
    return {each.name: each.getvalue() for each in found or ()}


def import_round() -> int:
    """Return the number of the import."""
    number: int = st.session_state.setdefault(IMPORT_ROUND, 0)
    return number


def begin_anew() -> None:
    """Empty the fields for another file."""
    st.session_state[IMPORT_ROUND] = import_round() + 1
    _forget()


def _introduction() -> None:
    now, zone = application().clock(), viewer_zone()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            "One row for each post: text, date and time, destinations. Nothing is scheduled before you have seen the"
            " result of each row.",
            width="stretch",
        )
        st.download_button(
            "Example file",
            lambda: example_csv(now, zone),
            "punctual-example.csv",
            "text/csv",
            key="example",
            icon=":material/download:",
            on_click="ignore",
        )
    with st.container(border=True, key="card-example"):
        st.markdown(_sample(example_rows(now, zone)))


def _sample(rows: list[dict[str, str]]) -> str:
    """Return the main columns of the rows with one line of text as a Markdown table."""
    lines = [f"| {' | '.join(SAMPLE_COLUMNS)} |", f"|{'---|' * len(SAMPLE_COLUMNS)}"]
    for row in rows:
        values = [escape(row.get(column, "")) for column in SAMPLE_COLUMNS]
        if "\n" not in row["Text"]:
            lines.append(f"| {' | '.join(values)} |")
    return "\n".join(lines)


def _take(key: str) -> None:
    """Keep the content: the uploader forgets it when its page is left."""
    _forget()
    uploaded = st.session_state.get(key)
    if uploaded is not None:
        st.session_state[IMPORT_FILE] = (uploaded.name, uploaded.getvalue())


def _forget() -> None:
    for name in (IMPORT_FILE, IMPORT_CORRECTIONS):
        st.session_state.pop(name, None)
    check_again()
