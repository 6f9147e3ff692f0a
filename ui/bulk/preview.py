"""The dry run as a table whose values can be corrected in place."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.bulk.columns import Column
from core.bulk.dry_run import CheckedRow, DryRun, Verdict
from core.bulk.rows import EDITED
from core.time.phrases import date_and_time
from ui.bulk.checking import corrections
from ui.bulk.upload import import_round

NUMBER, RESULT, DUE, REASON = "Row", "Result", "Goes out", "Why"
LABELS: dict[Verdict, str] = {
    "create": "✓ Will be scheduled",
    "refused": "✕ Refused",
    "duplicate": "≡ Duplicate",
    "there": "• Already there",
}
FILTERS: dict[str, tuple[Verdict, ...]] = {
    "All": ("create", "refused", "duplicate", "there"),
    "To schedule": ("create",),
    "Refused": ("refused",),
    "Duplicates": ("duplicate",),
    "Already there": ("there",),
}
ROWS_SHOWN = 2000
"""The most rows of the table; the filter reaches the others."""


def preview(checked: DryRun) -> None:
    """Draw the filter and the table."""
    counts = {name: sum(checked.count(each) for each in verdicts) for name, verdicts in FILTERS.items()}
    key = f"import-filter-{import_round()}"
    offered = [name for name, count in counts.items() if count or name in ("All", st.session_state.get(key))]
    chosen = st.segmented_control(
        "Rows",
        offered,
        default="All",
        required=True,
        format_func=lambda name: f"{name} ({counts[name]:,})",
        key=key,
        label_visibility="collapsed",
    )
    verdicts, corrected = FILTERS[chosen or "All"], corrections()
    # A corrected row stays where it is, so that no row moves under the cursor.
    found = [each for each in checked.rows if each.verdict in verdicts or each.number in corrected]
    shown = found[:ROWS_SHOWN]
    editor = f"import-rows-{import_round()}-{chosen}"
    st.data_editor(
        _frame(shown),
        key=editor,
        hide_index=True,
        disabled=[NUMBER, RESULT, DUE, REASON],
        column_config=_column_config(checked.rows),
        on_change=_correct,
        args=(editor, [each.number for each in shown]),
        height=min(460, 38 + 35 * max(1, len(shown))),
        alt="The rows of the table: the result of each, and its values, which can be corrected",
    )
    if len(found) > len(shown):
        st.caption(f"The first {len(shown):,} of {len(found):,} rows. All of them are scheduled.")


def _frame(rows: Sequence[CheckedRow]) -> dict[str, list[object]]:
    names = [NUMBER, RESULT, DUE, REASON, *map(str, EDITED)]
    found = [_values(each) for each in rows]
    return {name: [values[name] for values in found] for name in names}


def _values(each: CheckedRow) -> dict[str, object]:
    due = date_and_time(each.post.due_at, each.post.zone) if each.post and each.post.due_at else ""
    if each.takes_free_time and due:
        due = f"{due}, next free time"
    values = {str(column): each.row.values.get(column, "") for column in EDITED}
    reason = f"{each.reason} {each.hint}".strip()
    return {NUMBER: each.number, RESULT: LABELS[each.verdict], DUE: due, REASON: reason, **values}


def _column_config(rows: Sequence[CheckedRow]) -> dict[str, Any]:
    used = {column for each in rows for column, value in each.row.values.items() if value.strip()}
    config: dict[str, Any] = {
        NUMBER: st.column_config.NumberColumn(width=52, pinned=True),
        RESULT: st.column_config.TextColumn(width=145),
        DUE: st.column_config.TextColumn(width=250) if any(each.post for each in rows) else None,
        REASON: st.column_config.TextColumn(width=240) if any(each.reason for each in rows) else None,
        Column.TEXT: st.column_config.TextColumn(width=250),
        Column.WHEN: st.column_config.TextColumn(width=150, help="Like 2026-12-24 09:00. Empty: next free time."),
    }
    always = {Column.TEXT, Column.WHEN, Column.DESTINATIONS}
    return {str(name): value for name, value in config.items()} | {
        str(column): None for column in EDITED if column not in used | always
    }


def _correct(key: str, numbers: Sequence[int]) -> None:
    """Keep the values that were changed in the table. Without them, the dry run would be made of the file alone."""
    edited: dict[int, dict[str, object]] = st.session_state[key].get("edited_rows", {})
    kept = corrections()
    for place, values in edited.items():
        row = kept.setdefault(numbers[int(place)], {})
        row |= {Column(name): str(value or "") for name, value in values.items() if name in map(str, EDITED)}
