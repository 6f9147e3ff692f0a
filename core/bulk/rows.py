"""The rows of a table by what their columns mean, and the corrections that a person made to them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from core.bulk.cells import split_values
from core.bulk.columns import Column, account_named, option_named
from core.bulk.reading import PostTable, TableRow

EDITED = (
    *(Column.TEXT, Column.WHEN, Column.ZONE, Column.DESTINATIONS),
    *(Column.LABELS, Column.PICTURES, Column.ALT, Column.REPEAT, Column.LAST_DATE, Column.RUNS, Column.SKIPPED),
)
"""What a row has once its columns are mapped. A date and a time are one value, and a link is part of the text."""
_PICTURES = re.compile(r"[\n|]+|[,;]\s+|[,;\s]\s*(?=https?://)")
_ALTS = re.compile(r"[\n|]+")

Corrections = Mapping[int, Mapping[Column, str]]
"""The corrected values, by the number of the row."""


@dataclass(frozen=True, kw_only=True)
class PostRow:
    """One post of a table, as text. `number` is that of its row in the file.

    `own_texts` and `options` are those of single accounts, by the name of the account. `written` are the values without
    corrections.
    """

    number: int
    values: Mapping[Column, str] = field(default_factory=dict)
    written: Mapping[Column, str] = field(default_factory=dict)
    own_texts: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    problem: str | None = None

    def get(self, column: Column) -> str:
        """Return a value without spaces around it, empty if there is none."""
        return self.values.get(column, "").strip()

    @property
    def text(self) -> str:
        """The text of the post."""
        return self.get(Column.TEXT)

    @property
    def destinations(self) -> list[str]:
        """The names of the destinations."""
        return split_values(self.values.get(Column.DESTINATIONS, ""))

    @property
    def labels(self) -> list[str]:
        """The names of the labels."""
        return split_values(self.values.get(Column.LABELS, ""))

    @property
    def pictures(self) -> list[str]:
        """The addresses or file names of the pictures and videos."""
        return picture_names(self.get(Column.PICTURES))

    @property
    def alts(self) -> list[str]:
        """The alternative text of each picture. The cell of a single picture is one text."""
        cell = self.get(Column.ALT)
        if not cell or len(self.pictures) < 2:
            return [cell] if cell else []
        return [each.strip() for each in _ALTS.split(cell)]


def picture_names(cell: str) -> list[str]:
    """Return the addresses or file names in a cell."""
    return [each.strip() for each in _PICTURES.split(cell) if each.strip()]


def post_rows(table: PostTable, columns: Mapping[str, Column], corrections: Corrections | None = None) -> list[PostRow]:
    """Return the rows of a table, with the corrections."""
    found = [_post_row(row, columns) for row in table.rows]
    return [_corrected(each, (corrections or {}).get(each.number, {})) for each in found]


def _post_row(row: TableRow, columns: Mapping[str, Column]) -> PostRow:
    cells: dict[Column, list[str]] = {}
    for name, column in columns.items():
        if row.cells.get(name, "").strip():
            cells.setdefault(column, []).append(row.cells[name])
    values = {column: _joined(each) for column, each in cells.items() if column in EDITED}
    link = next((each.strip() for each in cells.get(Column.LINK, [])), "")
    text = values.get(Column.TEXT, "")
    if link and link not in text:
        values[Column.TEXT] = f"{text.rstrip()} {link}".strip()
    if Column.WHEN not in values and (parts := _joined_time(cells)):
        values[Column.WHEN] = parts
    own_texts = {
        account_named(name): row.cells[name]
        for name, column in columns.items()
        if column == Column.OWN_TEXT and row.cells.get(name, "").strip()
    }
    options: dict[str, dict[str, str]] = {}
    for name, column in columns.items():
        if column == Column.OPTION and row.cells.get(name, "").strip():
            account, option = option_named(name)
            options.setdefault(account, {})[option] = row.cells[name]
    return PostRow(
        number=row.number, values=values, written=values, own_texts=own_texts, options=options, problem=row.problem
    )


def _joined(cells: Sequence[str]) -> str:
    return cells[0] if len(cells) == 1 else "".join(f"{each.strip()}\n" for each in cells)


def _joined_time(cells: Mapping[Column, list[str]]) -> str:
    """Return a date and a time in one value."""
    day = next(iter(cells.get(Column.DATE, [])), "").strip()
    clock = next(iter(cells.get(Column.TIME, [])), "").strip()
    return f"{day} {clock}".strip()


def _corrected(row: PostRow, corrected: Mapping[Column, str]) -> PostRow:
    return replace(row, values={**row.values, **corrected}, problem=None) if corrected else row
