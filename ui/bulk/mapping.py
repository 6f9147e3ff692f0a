"""The fields that say what the columns of a table hold, and what applies to all of its rows."""

from collections.abc import Mapping

import streamlit as st

from core.bulk.columns import Column, guess_columns
from core.bulk.encoding import GUESSED
from core.bulk.reading import PostTable, columns_by_content
from core.bulk.row_posts import LoadOptions
from core.bulk.row_times import DateOrder
from core.time.phrases import excerpt, plural
from ui.bulk.upload import import_round
from ui.frame import zone_choices
from ui.frame.application import application
from ui.frame.viewer import viewer_zone
from ui.frame.wording import escape

NOTHING = "Not used"
CELL_LENGTH = 40
ENCODINGS = ("Detected", "utf-8", "utf-16", *GUESSED)
ORDERS: dict[str, DateOrder | None] = {
    "Detected": None,
    "Day first: 24/12/2026": "day first",
    "Month first: 12/24/2026": "month first",
}


def chosen_encoding() -> str | None:
    """Return the encoding that the field names, None for the detected one."""
    chosen = st.session_state.get(_key("encoding"), ENCODINGS[0])
    return None if chosen == ENCODINGS[0] else str(chosen)


def encoding_field() -> None:
    """Draw the field for the encoding."""
    st.selectbox("Encoding", ENCODINGS, key=_key("encoding"), width=220)


def options_fields() -> LoadOptions:
    """Draw the fields for all rows, and return what they say."""
    accounts = {each.destination: each.label for each in application().accounts.all() if each.enabled}
    zone = st.session_state.setdefault(_key("zone"), viewer_zone())
    labels = zone_choices.labels(application().clock().replace(tzinfo=None, microsecond=0, second=0), zone)
    left, right = st.columns(2)
    left.selectbox(
        "Time zone of rows that name none",
        labels,
        key=_key("zone"),
        format_func=lambda name: labels.get(name, name),
        filter_mode="contains",
        required=True,
        help=zone_choices.HELP,
    )
    # The only account takes the rows that name none, as it takes the posts of Compose.
    st.session_state.setdefault(_key("destinations"), list(accounts) if len(accounts) == 1 else [])
    right.pills(
        "Destinations of rows that name none",
        accounts,
        selection_mode="multi",
        wrap=True,
        format_func=lambda name: accounts.get(name, name),
        key=_key("destinations"),
    )
    return chosen_options()


def chosen_options() -> LoadOptions:
    """Return what applies to all rows."""
    state = st.session_state
    return LoadOptions(
        zone=state.get(_key("zone")) or viewer_zone(),
        destinations=tuple(state.get(_key("destinations")) or ()),
        order=ORDERS[state.get(_key("dates")) or "Detected"],
        duplicates=bool(state.get(_key("duplicates"))),
        cards=bool(state.get(_key("cards"), True)),
    )


def column_fields(table: PostTable) -> dict[str, Column]:
    """Draw the meaning of each column, to be corrected, and return it."""
    guessed = guess_columns(table.header) if table.has_header else columns_by_content(table)
    read_as = f"{table.kind}, {table.encoding.upper()}"
    known = f"{len(guessed)} of {plural(len(table.header), 'column')} found by name"
    with st.expander(f"Columns: {known} · {read_as}", icon=":material/view_column:", expanded=not _has_text(guessed)):
        places = st.columns(3)
        for number, name in enumerate(table.header):
            with places[number % 3]:
                _column_field(table, name, guessed)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            encoding_field()
            st.selectbox("Dates such as 04/05/2026", list(ORDERS), key=_key("dates"), width=260)
            st.toggle(
                "Schedule duplicates too",
                key=_key("duplicates"),
                help="Rows with the text, the account and the time of a queued post or of a row before.",
            )
            st.session_state.setdefault(_key("cards"), True)
            st.toggle(
                "Make link cards",
                key=_key("cards"),
                help="Reads the page of each post's first link once, for networks that show a card with the post.",
            )
    chosen = {name: st.session_state.get(_key(f"column-{name}")) for name in table.header}
    return {name: Column(value) for name, value in chosen.items() if value and value != NOTHING}


def _column_field(table: PostTable, name: str, guessed: Mapping[str, Column]) -> None:
    first = next((row.cells[name] for row in table.rows if row.cells.get(name, "").strip()), "")
    key = _key(f"column-{name}")
    st.session_state.setdefault(key, str(guessed.get(name, NOTHING)))
    st.selectbox(
        escape(excerpt(name, CELL_LENGTH)),
        [NOTHING, *map(str, Column)],
        key=key,
        help=f"First value: {escape(excerpt(first, CELL_LENGTH))}" if first else "The column is empty.",
    )


def _has_text(columns: Mapping[str, Column]) -> bool:
    return Column.TEXT in columns.values()


def _key(name: str) -> str:
    return f"import-{name}-{import_round()}"
