"""CSV and TSV: the delimiter, and the records of a text."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import islice

from core.errors import PunctualError

DELIMITERS = (",", ";", "\t", "|")
"""The delimiters that are looked for, the most common first."""
_SAMPLE = 50
"""Records by which the delimiter is chosen."""
FIELD_LIMIT = 131_072
"""Characters of one cell, as the module csv has it. No network accepts a text of this length."""


class BrokenQuotes(PunctualError):
    """A quotation mark has no partner, so the rows after it have no clear limits."""

    hint = (
        "Write two quotation marks for one inside a text, and one before and after the text. A spreadsheet does this"
        " when it saves CSV."
    )

    def __init__(self, line: int) -> None:
        super().__init__(f"The quotation marks of the row that begins on line {line:,} do not match.")


class CellTooLong(PunctualError):
    """A cell exceeds FIELD_LIMIT."""

    hint = "Look for a quotation mark that has no partner."

    def __init__(self, line: int) -> None:
        super().__init__(f"The row that begins on line {line:,} has a cell of more than {FIELD_LIMIT:,} characters.")


def records(text: str, delimiter: str) -> Iterator[list[str]]:
    """Yield the records of a text, without the empty ones. Raises BrokenQuotes or CellTooLong."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for record in reader:
            yield record
            line = reader.line_num + 1
    except csv.Error as error:
        raise (CellTooLong if "limit" in str(error) else BrokenQuotes)(line) from error


def detect_delimiter(text: str, known: Callable[[Sequence[str]], int]) -> str:
    """Return the delimiter of a text: the one whose first record has most `known` names.

    Of several, it is the one that gives most records as many cells as the first one has, and more than one.
    """
    return max(DELIMITERS, key=lambda delimiter: _score(text, delimiter, known))


def _score(text: str, delimiter: str, known: Callable[[Sequence[str]], int]) -> tuple[int, float, int]:
    found: list[list[str]] = []
    with suppress(PunctualError):  # the records before a broken one tell it as well
        found.extend(islice(records(text, delimiter), _SAMPLE))
    rows = [each for each in found if each]
    if not rows:
        return 0, 0.0, 0
    width = len(rows[0])
    equal = sum(1 for each in rows if len(each) == width) / len(rows) if width > 1 else 0.0
    return known(rows[0]), equal, -DELIMITERS.index(delimiter)
