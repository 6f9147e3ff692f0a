"""The history as CSV: a row for each destination of each run."""

from collections.abc import Iterable, Iterator

from core.bulk.csv_file import csv_file
from core.ledger.history import Run, lag_of
from core.ledger.states import DestinationOutcome
from core.time.instants import utc_text

HISTORY_COLUMNS = (
    *("due_at", "zone", "state", "published_at", "lag_ms", "text", "destination"),
    *("url", "error", "attempts", "key"),
)


def history_csv(found: Iterable[Run]) -> bytes:
    """Return runs as CSV, with instants in UTC."""
    return csv_file(_rows(found), HISTORY_COLUMNS)


def _rows(found: Iterable[Run]) -> Iterator[dict[str, object]]:
    return (_row(run, each) for run in found for each in run.outcome.destinations)


def _row(run: Run, each: DestinationOutcome) -> dict[str, object]:
    return {
        "due_at": utc_text(run.due_at),
        "zone": run.zone,
        "state": each.state,
        "published_at": utc_text(each.at) if each.state == "published" and each.at else None,
        "lag_ms": lag_of(run, each),
        "text": run.payload.text_for(each.destination),
        "destination": each.destination,
        "url": each.url,
        "error": each.reason,
        "attempts": run.attempts,
        "key": run.key,
    }
