"""An application, and the dry run of a table on it."""

from collections.abc import Callable

import pytest

from core.application import Application
from core.bulk.columns import guess_columns
from core.bulk.dry_run import DryRun, dry_run
from core.bulk.pictures import Pictures
from core.bulk.reading import read_table
from core.bulk.row_posts import LoadOptions
from core.bulk.rows import Corrections, post_rows


@pytest.fixture
def check(application) -> Callable[..., DryRun]:
    """Make the dry run of a table, with options."""

    def check(
        table: str | bytes,
        *,
        corrections: Corrections | None = None,
        pictures: Pictures | None = None,
        on: Application | None = None,
        **options,
    ) -> DryRun:
        content = table.encode() if isinstance(table, str) else table
        found = read_table(content)
        rows = post_rows(found, guess_columns(found.header), corrections)
        chosen = LoadOptions(**{"zone": "Europe/Berlin", "destinations": ("outbox",), **options})
        return dry_run(on or application, rows, chosen, pictures)

    return check
