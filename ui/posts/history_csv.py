"""The rows of History's CSV file."""

from collections.abc import Iterable

from core.ledger.history import Run
from core.ledger.states import DestinationOutcome
from core.time.instants import utc_text
from ui.posts.run_card import lag

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""Spreadsheets run a cell that begins with one of these as a formula."""


def csv_rows(found: Iterable[Run]) -> Iterable[dict[str, object]]:
    """Return a row for each destination of each run."""
    return (
        {name: as_text(value) for name, value in _csv_row(run, each).items()}
        for run in found
        for each in run.outcome.destinations
    )


def _csv_row(run: Run, each: DestinationOutcome) -> dict[str, object]:
    return {
        "due_at": utc_text(run.due_at),
        "zone": run.zone,
        "state": each.state,
        "published_at": utc_text(each.at) if each.state == "published" and each.at else None,
        "lag_ms": lag(run, each),
        "text": run.payload.text_for(each.destination),
        "destination": each.destination,
        "url": each.url,
        "error": each.reason,
        "attempts": run.attempts,
        "key": run.key,
    }


def as_text(value: object) -> object:
    """Return a cell that a spreadsheet shows as text: one that begins like a formula gets an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value
