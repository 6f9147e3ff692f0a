"""Why rows are not scheduled, and warnings about rows: each reason once, with the numbers of its rows."""

from collections import defaultdict
from collections.abc import Iterable

import streamlit as st

from core.time.phrases import plural
from ui.frame.wording import escape

GROUPS_SHOWN = 30
"""The most reasons that are listed. The file that can be downloaded has all of them."""
OPEN_GROUPS = 8
"""The most reasons whose list is open at first."""
NUMBERS_SHOWN = 12


def reasons_list(title: str, found: Iterable[tuple[int, str, str]], *, icon: str) -> None:
    """Draw a list of reasons, in the order of the rows. Each is the number of a row, a problem and a remedy."""
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, problem, remedy in found:
        groups[problem, remedy].append(number)
    if not groups:
        return
    with st.expander(title, icon=icon, expanded=len(groups) <= OPEN_GROUPS):
        lines = [_line(numbers, *reason) for reason, numbers in list(groups.items())[:GROUPS_SHOWN]]
        st.markdown("\n".join(lines))
        if len(groups) > GROUPS_SHOWN:
            st.caption(f"{plural(len(groups) - GROUPS_SHOWN, 'more reason')}: download the table to see all of them.")


def _line(numbers: list[int], problem: str, remedy: str) -> str:
    shown = ", ".join(f"{number:,}" for number in numbers[:NUMBERS_SHOWN])
    others = len(numbers) - NUMBERS_SHOWN
    rows = f"Row {shown}" if len(numbers) == 1 else f"Rows {shown}"
    rows += f" and {others:,} more" if others > 0 else ""
    return f"- **{rows}:** {escape(problem)} :gray[{escape(remedy)}]" if remedy else f"- **{rows}:** {escape(problem)}"
