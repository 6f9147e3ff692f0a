"""The table in a file: CSV, TSV or JSON lines, with its encoding and delimiter detected."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from core.bulk.cells import from_cell, join_values
from core.bulk.columns import OPTIONS, OWN_TEXTS, Column, known_names, option_column, own_text_column
from core.bulk.delimited import detect_delimiter, records
from core.bulk.encoding import decode
from core.errors import PunctualError
from core.publishing.options import written_value

MAX_BYTES = 20_000_000
MAX_ROWS = 10_000
MAX_COLUMNS = 100

TableKind = Literal["CSV", "TSV", "JSON lines"]
_DATE_LIKE = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}\b")
_ADDRESS = re.compile(r"https?://\S+")


class TableTooLarge(PunctualError):
    """The file has more bytes, rows or columns than one import takes."""

    hint = "Split it into several files, and import one after the other."

    def __init__(self, limit: int, what: str) -> None:
        super().__init__(f"The file has more than {limit:,} {what}.")


class EmptyTable(PunctualError):
    """The file has no rows."""

    hint = "Give it a first row with the names of the columns, such as text and date, and a row for each post."

    def __init__(self) -> None:
        super().__init__("The file has no rows.")


class NotJsonLines(PunctualError):
    """A line is no JSON object."""

    hint = "Write one JSON object on each line."

    def __init__(self, line: int) -> None:
        super().__init__(f"Line {line:,} is not a JSON object.")


@dataclass(frozen=True, kw_only=True)
class TableRow:
    """A row as it is in the file. `number` counts from 1, the header included. `problem` tells why it is unreadable."""

    number: int
    cells: Mapping[str, str]
    problem: str | None = None


@dataclass(frozen=True, kw_only=True)
class PostTable:
    """The rows of a file. `digest` identifies its content. `has_header` is false if its first row is a post."""

    digest: str
    kind: TableKind
    encoding: str
    delimiter: str | None
    has_header: bool
    header: tuple[str, ...]
    rows: tuple[TableRow, ...]


def read_table(content: bytes, *, encoding: str | None = None) -> PostTable:
    """Return the table of a file.

    Raises TableTooLarge, EmptyTable, UnknownEncoding, BrokenQuotes, CellTooLong or NotJsonLines.
    """
    if len(content) > MAX_BYTES:
        raise TableTooLarge(MAX_BYTES // 10**6, "megabytes")
    text, found_encoding = decode(content, encoding)
    digest = hashlib.sha256(content).hexdigest()
    if re.match(r"\s*(\{|\[\s*[{\]])", text):  # a JSON array is refused by its first line
        header, rows = _json_rows(text)
        kind: TableKind = "JSON lines"
        delimiter, has_header = None, True
    else:
        delimiter = detect_delimiter(text, known_names)
        kind = "TSV" if delimiter == "\t" else "CSV"
        has_header, header, rows = _delimited_rows(text, delimiter)
    if not rows:
        raise EmptyTable
    return PostTable(
        digest=digest,
        kind=kind,
        encoding=found_encoding,
        delimiter=delimiter,
        has_header=has_header,
        header=header,
        rows=rows,
    )


def columns_by_content(table: PostTable) -> dict[str, Column]:
    """Return what the columns of a table without names hold, by its first row: a date, links, and the longest text."""
    found: dict[str, Column] = {}
    rest: dict[str, str] = {}
    for name, cell in table.rows[0].cells.items():
        if _DATE_LIKE.match(cell.strip()) and Column.WHEN not in found.values():
            found[name] = Column.WHEN
        elif _ADDRESS.fullmatch(cell.strip()):
            found[name] = Column.LINK if Column.LINK not in found.values() else Column.PICTURES
        else:
            rest[name] = cell
    if rest:
        found[max(rest, key=lambda name: len(rest[name]))] = Column.TEXT
    return found


def _delimited_rows(text: str, delimiter: str) -> tuple[bool, tuple[str, ...], tuple[TableRow, ...]]:
    found = list(islice(enumerate(records(text, delimiter), 1), MAX_ROWS + 2))
    filled = [(number, each) for number, each in found if any(cell.strip() for cell in each)]
    if not filled:
        return True, (), ()
    first = filled[0][1]
    has_header = known_names(first) > 0 or not any(_DATE_LIKE.match(cell.strip()) for cell in first)
    header = _unique(first if has_header else [f"Column {place}" for place in range(1, len(first) + 1)])
    body = filled[1:] if has_header else filled
    _check_size(len(body), len(header))
    return has_header, header, tuple(_row(number, each, header) for number, each in body)


def _row(number: int, record: list[str], header: tuple[str, ...]) -> TableRow:
    cells = dict(zip(header, map(from_cell, record), strict=False))
    surplus = [each for each in record[len(header) :] if each.strip()]
    problem = None
    if surplus:
        problem = (
            f"The row has {len(record)} cells, and there are {len(header)} columns. Put a text with a separator between"
            " quotation marks."
        )
    return TableRow(number=number, cells=cells, problem=problem)


def _json_rows(text: str) -> tuple[tuple[str, ...], tuple[TableRow, ...]]:
    rows = []
    for number, line in _numbered_lines(text):
        try:
            found = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise NotJsonLines(number) from error
        if not isinstance(found, dict):
            raise NotJsonLines(number)
        rows.append(TableRow(number=number, cells=_cells(found)))
        if len(rows) > MAX_ROWS:
            break
    header = tuple(dict.fromkeys(name for row in rows for name in row.cells))
    _check_size(len(rows), len(header))
    return header, tuple(rows)


def _numbered_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not empty. Only a line feed ends a line, because JSON may contain other separators."""
    return ((number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip())


def _cells(found: Mapping[str, Any]) -> dict[str, str]:
    """Return the cells of an object. The texts and options by account, as an export writes them, have one for each."""
    own_texts, options = found.get(OWN_TEXTS), found.get(OPTIONS)
    taken_apart = {OWN_TEXTS} if isinstance(own_texts, dict) else set()
    taken_apart |= {OPTIONS} if isinstance(options, dict) else set()
    cells = {name: _cell(value) for name, value in found.items() if name not in taken_apart}
    if isinstance(own_texts, dict):
        cells |= {own_text_column(name): _cell(text) for name, text in own_texts.items()}
    for account, values in options.items() if isinstance(options, dict) else ():
        if isinstance(values, dict):
            cells |= {option_column(account, name): _option_cell(value) for name, value in values.items()}
    return cells


def _option_cell(value: Any) -> str:
    return written_value(value) if isinstance(value, bool) else _cell(value)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return join_values(_cell(each) for each in value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _check_size(rows: int, columns: int) -> None:
    if rows > MAX_ROWS:
        raise TableTooLarge(MAX_ROWS, "rows")
    if columns > MAX_COLUMNS:
        raise TableTooLarge(MAX_COLUMNS, "columns")


def _unique(names: list[str]) -> tuple[str, ...]:
    """Return the names of columns without spaces around them. An empty or repeated one gets a number."""
    found: list[str] = []
    for place, name in enumerate(names, 1):
        plain = " ".join(name.split()) or f"Column {place}"
        found.append(plain if plain not in found else f"{plain} ({place})")
    return tuple(found)
