"""Posts as CSV, for spreadsheets. `load` reads the file of a queue or of drafts again."""

from collections.abc import Iterable

from core.bulk.cells import join_values
from core.bulk.columns import option_column, own_text_column
from core.bulk.csv_file import csv_file
from core.bulk.records import PostRecord, WrittenSeries, media_note
from core.publishing.options import written_value
from core.time.instants import utc_text

CSV_COLUMNS = (
    *("Text", "Date and time", "Time zone", "Destinations", "Labels", "Repeat", "Last date", "Skipped runs", "State"),
    *("UTC", "Stored files", "Published", "Late ms", "Published address", "Error", "Post"),
)
"""The names of the first columns are those that an import finds; the others mean nothing to it."""


def posts_csv(records: Iterable[PostRecord]) -> bytes:
    """Return records as CSV in UTF-8 with a byte order mark. No cell runs as a formula.

    Each account that has a text of its own in one of the posts has a column, and so has each option of an account.
    """
    rows = list(map(_row, records))
    of_accounts = sorted({name for row in rows for name in row} - set(CSV_COLUMNS))
    return csv_file(rows, (*CSV_COLUMNS, *of_accounts))


def _row(record: PostRecord) -> dict[str, str]:
    return {
        "Text": record.text,
        "Date and time": record.wall,
        "Time zone": record.zone,
        "Destinations": join_values(record.destinations),
        "Labels": join_values(record.labels),
        **(_series(record.series) if record.series else {}),
        "State": record.state,
        "UTC": utc_text(record.due_at) if record.due_at else "",
        "Stored files": media_note(record.media),
        "Published": utc_text(record.published_at) if record.published_at else "",
        "Late ms": "" if record.lag_ms is None else str(record.lag_ms),
        "Published address": record.url or "",
        "Error": record.error or "",
        "Post": record.key,
        **{own_text_column(name): text for name, text in record.variants.items()},
        **{
            option_column(account, name): written_value(value)
            for account, values in record.options.items()
            for name, value in values.items()
        },
    }


def _series(series: WrittenSeries) -> dict[str, str]:
    return {
        "Repeat": series.rule,
        "Last date": series.last_date.isoformat() if series.last_date else "",
        "Skipped runs": join_values(series.skipped),
    }
