"""The rows of History's CSV file."""

from collections.abc import Iterable

from core.bulk.cells import as_cells
from core.ledger.history import Run
from core.ledger.states import DestinationOutcome
from core.time.instants import utc_text
from ui.posts.run_card import lag


def csv_rows(found: Iterable[Run]) -> Iterable[dict[str, object]]:
    """Return a row for each destination of each run."""
    return (as_cells(_csv_row(run, each)) for run in found for each in run.outcome.destinations)


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
