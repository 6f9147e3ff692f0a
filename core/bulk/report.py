"""The report on an import, row by row."""

from collections.abc import Iterable

from core.bulk.cells import join_values
from core.bulk.csv_file import csv_file
from core.bulk.dry_run import CheckedRow
from core.bulk.loading import LoadReport
from core.posts.models import Post
from core.posts.series import describe_timing
from core.time.instants import utc_text

REPORT_COLUMNS = (
    *("row", "result", "due_at", "wall", "zone", "repeats", "destinations", "text"),
    *("reason", "remedy", "cautions", "link_card", "no_link_card", "post_id"),
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


def report_csv(rows: Iterable[dict[str, str]]) -> bytes:
    """Return the rows of a report as CSV."""
    return csv_file(rows, REPORT_COLUMNS)


def report_rows(report: LoadReport) -> list[dict[str, str]]:
    """Return the rows of a report."""
    return [_row(each.checked, each.result, each.post, each.reason, each.hint) for each in report.rows]


def dry_run_rows(rows: Iterable[CheckedRow]) -> list[dict[str, str]]:
    """Return the rows of the report on a dry run."""
    return [_row(each, each.verdict, each.post, each.reason, each.hint) for each in rows]


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
        "link_card": (post.card.title or post.card.url) if post and post.card else "",
        "no_link_card": checked.no_card,
        "post_id": checked.post_id,
    }
