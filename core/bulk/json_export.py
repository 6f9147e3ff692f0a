"""Posts as JSON lines, for programs: everything that is known of each post."""

import json
from collections.abc import Iterable
from typing import Any

from core.bulk.columns import OPTIONS, OWN_TEXTS
from core.bulk.records import PostRecord
from core.time.instants import utc_text


def json_lines(records: Iterable[PostRecord]) -> bytes:
    """Return a JSON object for each record, on lines of their own, in UTF-8."""
    return "".join(f"{json.dumps(_members(each), ensure_ascii=False)}\n" for each in records).encode()


def _members(record: PostRecord) -> dict[str, Any]:
    return {
        "text": record.text,
        "date_time": record.wall,
        "time_zone": record.zone,
        "destinations": list(record.destinations),
        "labels": list(record.labels),
        OWN_TEXTS: record.variants,
        OPTIONS: {str(account): values for account, values in record.options.items()},
        "link_card": record.card.model_dump() if record.card is not None else None,
        "stored_files": [each.model_dump(mode="json") for each in record.media],
        "state": record.state,
        "repeat": record.series.rule if record.series else None,
        "last_date": record.series.last_date.isoformat() if record.series and record.series.last_date else None,
        "skipped_runs": list(record.series.skipped) if record.series else [],
        "utc": utc_text(record.due_at) if record.due_at else None,
        "published": utc_text(record.published_at) if record.published_at else None,
        "late_ms": record.lag_ms,
        "published_address": record.url,
        "error": record.error,
        "post": record.key,
    }
