"""The dry run of the page: made again when the file, its columns, its options or its corrections change."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import streamlit as st

from core.bulk.columns import Column
from core.bulk.dry_run import DryRun, dry_run
from core.bulk.pictures import Pictures
from core.bulk.reading import PostTable
from core.bulk.row_posts import LoadOptions
from core.bulk.rows import post_rows
from ui.frame.application import application
from ui.frame.state import IMPORT_CHECKED, IMPORT_CORRECTIONS

KEPT_FOR = timedelta(minutes=5)
"""How old a dry run may be when the page is drawn. Times pass, and others schedule posts meanwhile."""


@dataclass(frozen=True, kw_only=True)
class _Kept:
    made_of: object
    pictures_of: object
    checked: DryRun


def corrections() -> dict[int, dict[Column, str]]:
    """Return the corrected values, by the number of the row."""
    found: dict[int, dict[Column, str]] = st.session_state.setdefault(IMPORT_CORRECTIONS, {})
    return found


def checked_rows(
    table: PostTable, columns: Mapping[str, Column], options: LoadOptions, files: Mapping[str, bytes]
) -> DryRun:
    """Return the dry run of a table, the last one if it still holds. The pictures are read once."""
    now = application().clock()
    given = tuple(sorted((name, len(content)) for name, content in files.items()))
    made_of = (
        *(table.digest, table.encoding, tuple(columns.items()), options, given, repr(corrections())),
        application().second_look.settings(),
        now.timestamp() // KEPT_FOR.total_seconds(),
    )
    kept: _Kept | None = st.session_state.get(IMPORT_CHECKED)
    if kept is not None and kept.made_of == made_of:
        return kept.checked
    pictures = kept.checked.pictures if kept and kept.pictures_of == (table.digest, given) else _pictures(files)
    rows = post_rows(table, columns, corrections())
    bar = st.progress(0.0, "Checking the rows")

    def show(count: int) -> None:
        if count % 50 == 0:
            bar.progress(count / len(rows), f"Checking row {count:,} of {len(rows):,}")

    checked = dry_run(application(), rows, options, pictures, show)
    bar.empty()
    st.session_state[IMPORT_CHECKED] = _Kept(made_of=made_of, pictures_of=(table.digest, given), checked=checked)
    return checked


def check_again() -> None:
    """Make the next dry run from scratch, with the pictures read again."""
    st.session_state.pop(IMPORT_CHECKED, None)


def _pictures(files: Mapping[str, bytes]) -> Pictures:
    return Pictures({name: (lambda content=content: content) for name, content in files.items()})  # type: ignore[misc]
