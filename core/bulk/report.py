"""The report on an import, row by row, as CSV."""

import csv
import io
from collections.abc import Iterable

from core.bulk.cells import as_cells, join_values
from core.bulk.dry_run import CheckedRow
from core.bulk.loading import LoadReport
from core.posts.models import Post
from core.posts.series import describe_timing
from core.time.instants import utc_text

REPORT_COLUMNS = (
    *("row", "result", "due_at", "wall", "zone", "repeats", "destinations", "text"),
    *("reason", "remedy", "cautions", "post_id"),
)
RESULTS = {
    "create": "will be scheduled",
    "created": "scheduled",
    "noted": "scheduled, not armed yet",
    "there": "already there",
    "duplicate": "duplicate",
    "refused": "refused",
    "not tried": "not tried",
}
"""The words for verdicts and results."""


def report_rows(report: LoadReport) -> list[dict[str, str]]:
    """Return the rows of a report."""
    return [_row(each.checked, each.result, each.post, each.reason, each.hint) for each in report.rows]


def dry_run_rows(rows: Iterable[CheckedRow]) -> list[dict[str, str]]:
    """Return the rows of the report on a dry run."""
    return [_row(each, each.verdict, each.post, each.reason, each.hint) for each in rows]


def as_csv(rows: Iterable[dict[str, str]], columns: tuple[str, ...] = REPORT_COLUMNS) -> bytes:
    """Return rows as CSV in UTF-8 with a byte order mark, which spreadsheets need. No cell runs as a formula."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns, extrasaction="ignore", restval="")
    writer.writeheader()
    writer.writerows(map(as_cells, rows))
    return out.getvalue().encode("utf-8-sig")


def _row(checked: CheckedRow, result: str, post: Post | None, reason: str, hint: str) -> dict[str, str]:
    return {
        "row": str(checked.number),
        "result": RESULTS[result],
        "due_at": utc_text(post.due_at) if post and post.due_at else "",
        "wall": post.wall if post else "",
        "zone": post.zone if post else "",
        "repeats": describe_timing(post) if post and post.repeats else "",
        "destinations": join_values(post.destinations if post else checked.row.destinations),
        "text": post.text if post else checked.row.text,
        "reason": reason,
        "remedy": hint,
        "cautions": " ".join(f"{each.problem} {each.remedy}" for each in checked.cautions),
        "post_id": checked.post_id,
    }
