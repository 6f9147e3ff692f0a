"""CSV files for spreadsheets. Every CSV file of Punctual is written here."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from core.bulk.cells import as_cells


def csv_file(rows: Iterable[Mapping[str, object]], columns: Sequence[str]) -> bytes:
    """Return rows as CSV in UTF-8 with a byte order mark, which spreadsheets need. No cell runs as a formula."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns, extrasaction="ignore", restval="")
    writer.writeheader()
    writer.writerows(map(as_cells, rows))
    return out.getvalue().encode("utf-8-sig")
