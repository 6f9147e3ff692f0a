"""Files with the posts of the queue, the drafts or the history. Writing one changes nothing."""

from datetime import datetime
from typing import Literal

from core.application import Application
from core.bulk.csv_export import posts_csv
from core.bulk.json_export import json_lines
from core.bulk.records import Source, records

ExportFormat = Literal["csv", "jsonl", "ics"]
FORMATS: dict[ExportFormat, str] = {"csv": "CSV", "jsonl": "JSON lines", "ics": "Calendar (ICS)"}
CONTENT_TYPES: dict[ExportFormat, str] = {
    "csv": "text/csv",
    "jsonl": "application/x-ndjson",
    "ics": "text/calendar",
}


def export_file(application: Application, source: Source, kind: ExportFormat) -> bytes:
    """Return the file of a source in a format."""
    if kind == "csv":
        return posts_csv(records(application, source))
    if kind == "jsonl":
        return json_lines(records(application, source))
    from core.bulk.ics_export import calendar_records, ics_file  # here, because icalendar takes long to load

    return ics_file(calendar_records(application, source), name=f"Punctual {source}", now=application.clock())


def file_name(source: Source, kind: ExportFormat, now: datetime) -> str:
    """Return a name such as `punctual-queue-2026-12-24.csv`."""
    return f"punctual-{source}-{now:%Y-%m-%d}.{kind}"
