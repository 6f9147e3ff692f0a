"""The cells of tables: several values in one cell, and texts that a spreadsheet would run as formulas."""

import re
from collections.abc import Iterable, Mapping

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""Spreadsheets run a cell that begins with one of these as a formula."""
_MARKED = re.compile(r"'+[=+\-@\t\r\n]")
_SEPARATORS = re.compile(r"[,;|]")


def as_cell(text: str) -> str:
    """Return a cell that a spreadsheet shows as text: one that begins like a formula gets an apostrophe before it."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) or _MARKED.match(text) else text


def as_cells(row: Mapping[str, object]) -> dict[str, object]:
    """Return a row with its texts as cells (`as_cell`). Numbers and empty values stay as they are."""
    return {name: as_cell(value) if isinstance(value, str) else value for name, value in row.items()}


def from_cell(cell: str) -> str:
    """Return the text of a cell: the opposite of `as_cell`."""
    return cell[1:] if _MARKED.match(cell) else cell


def join_values(values: Iterable[str]) -> str:
    """Return several values in one cell: after commas, or each on a line of its own if one has a separator."""
    found = [" ".join(each.split()) for each in values]
    if any(_SEPARATORS.search(each) for each in found):
        return "".join(f"{each}\n" for each in found)
    return ", ".join(found)


def split_values(cell: str) -> list[str]:
    """Return the values of a cell, which are on lines of their own, or else between commas, semicolons or bars."""
    parts = cell.splitlines() if "\n" in cell else _SEPARATORS.split(cell)
    return [each.strip() for each in parts if each.strip()]
