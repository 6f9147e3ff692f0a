"""The dry run as a table whose values can be corrected in place."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from core.bulk.columns import Column
from core.bulk.dry_run import CheckedRow, DryRun, Verdict
from core.bulk.rows import EDITED
from core.posts.series import describe_timing
from core.time.phrases import plural
from ui.bulk.checking import corrections
from ui.bulk.reasons import reasons_list
from ui.bulk.upload import import_round
from ui.frame.wording import slack_of

NUMBER, RESULT, DUE = "Row", "Result", "Goes out"
LABELS: dict[Verdict, str] = {
    "create": "✓ Will be scheduled",
    "refused": "✕ Refused",
    "duplicate": "≡ Duplicate",
    "there": "• Already there",
}
WITH_WARNING = "⚠ Will be scheduled"
FILTERS: dict[str, Callable[[CheckedRow], bool]] = {
    "All": lambda each: True,
    "To schedule": lambda each: each.verdict == "create",
    "Warnings": lambda each: bool(each.cautions),
    "Refused": lambda each: each.verdict == "refused",
    "Duplicates": lambda each: each.verdict == "duplicate",
    "Already there": lambda each: each.verdict == "there",
}
ROWS_SHOWN = 2000
"""The most rows of the table; the filter reaches the others."""


def preview(checked: DryRun) -> None:
    """Draw the filter, the table, and the reasons of refusals and warnings."""
    counts = {name: sum(map(belongs, checked.rows)) for name, belongs in FILTERS.items()}
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
    belongs, corrected = FILTERS[chosen or "All"], corrections()
    # A corrected row stays where it is, so that no row moves under the cursor.
    found = [each for each in checked.rows if belongs(each) or each.number in corrected]
    shown = found[:ROWS_SHOWN]
    editor = f"import-rows-{import_round()}-{chosen}"
    own_texts = sorted({name for each in checked.rows for name in each.row.own_texts})
    st.data_editor(
        _frame(shown, own_texts),
        key=editor,
        hide_index=True,
        disabled=[NUMBER, RESULT, DUE, *map(_own_text, own_texts)],
        column_config=_column_config(checked.rows),
        on_change=_correct,
        args=(editor, [each.number for each in shown]),
        height=min(460, 38 + 35 * max(1, len(shown))),
        alt="The rows of the table: the result of each, and its values, which can be corrected",
    )
    if len(found) > len(shown):
        st.caption(f"The first {len(shown):,} of {len(found):,} rows. All of them are scheduled.")
    _reasons(checked)


def _reasons(checked: DryRun) -> None:
    refused = [each for each in checked.rows if each.verdict in ("refused", "duplicate")]
    reasons_list(
        f"{plural(len(refused), 'row')} left out",
        [(each.number, each.reason, each.hint) for each in refused],
        icon=":material/block:",
    )
    without_card = [each for each in checked.rows if each.no_card]
    reasons_list(
        f"{plural(len(without_card), 'row')} scheduled without a link card",
        [(each.number, each.no_card, "The post goes out with its link.") for each in without_card],
        icon=":material/link_off:",
    )
    warned = [each for each in checked.rows if each.cautions]
    reasons_list(
        f"{plural(len(warned), 'row')} scheduled with a warning",
        [(each.number, caution.problem, caution.remedy) for each in warned for caution in each.cautions],
        icon=":material/warning:",
    )


def _frame(rows: Sequence[CheckedRow], own_texts: Sequence[str]) -> dict[str, list[object]]:
    found = [_values(each, own_texts) for each in rows]
    names = [NUMBER, RESULT, DUE, *map(str, EDITED), *map(_own_text, own_texts)]
    return {name: [values[name] for values in found] for name in names}


def _values(each: CheckedRow, own_texts: Sequence[str]) -> dict[str, object]:
    due = describe_timing(each.post, slack_of(each.post.repeat, each.post.zone)) if each.post else ""
    if each.takes_free_time and due:
        due = f"{due}, next free time"
    values = {str(column): each.row.values.get(column, "") for column in EDITED}
    values |= {_own_text(name): each.row.own_texts.get(name, "") for name in own_texts}
    result = WITH_WARNING if each.cautions else LABELS[each.verdict]
    return {NUMBER: each.number, RESULT: result, DUE: due, **values}


def _own_text(account: str) -> str:
    return f"Text of {account}"


def _column_config(rows: Sequence[CheckedRow]) -> dict[str, Any]:
    used = {column for each in rows for column, value in each.row.values.items() if value.strip()}
    config: dict[str, Any] = {
        NUMBER: st.column_config.NumberColumn(width=52, pinned=True),
        RESULT: st.column_config.TextColumn(width=145),
        DUE: st.column_config.TextColumn(width=262) if any(each.post for each in rows) else None,
        Column.TEXT: st.column_config.TextColumn(width=172),
        Column.WHEN: st.column_config.TextColumn(width=145, help="Like 2026-12-24 09:00. Empty: next free time."),
        Column.DESTINATIONS: st.column_config.TextColumn(width=130),
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
