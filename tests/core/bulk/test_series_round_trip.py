"""A series of the queue as a table, and the series that an import makes of the row."""

from datetime import date, datetime, timedelta

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from core.bulk.columns import guess_columns
from core.bulk.csv_export import posts_csv
from core.bulk.json_export import json_lines
from core.bulk.reading import read_table
from core.bulk.records import of_entry
from core.bulk.row_posts import LoadOptions, RowPosts
from core.bulk.rows import post_rows
from core.errors import PunctualError
from core.posts.models import new_post_id
from core.posts.recurrence import rule_of
from core.posts.series import build_series, runs_of
from core.publishing.composing import compose
from core.scheduling.skipping import with_skipped
from core.scheduling.upcoming import QueueEntry
from tests.core.posts.test_written_rules import RULES

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca")
COMPARED = 40
"""Runs of a series that are compared. Together, they pass clock changes and months without a 31st."""


@settings(max_examples=150, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rule=RULES,
    at=st.times().map(lambda each: each.replace(second=0, microsecond=0)),
    zone=st.sampled_from(ZONES),
    first=st.dates(date(2026, 10, 1), date(2027, 12, 31)),
    end=st.one_of(st.none(), st.integers(1, 30), st.integers(0, 800).map(lambda days: timedelta(days=days))),
    skipped=st.sets(st.integers(0, 12), max_size=4),
    write=st.sampled_from([posts_csv, json_lines]),
)
def test_a_series_of_each_rule_has_the_same_runs_after_an_export_and_an_import(
    application, rule, at, zone, first, end, skipped, write
):
    now = application.clock()
    try:
        repeat = build_series(
            rule,
            at,
            zone,
            first=first,
            last=first + end if isinstance(end, timedelta) else None,
            runs=end if isinstance(end, int) else None,
            now=now,
        )
    except PunctualError:  # it has no run at all, or fewer than wished: Compose refuses it
        assume(False)
    post = compose(
        post_id=new_post_id(),
        text="Again",
        destinations=["outbox"],
        wall=datetime.combine(first, at),
        zone=zone,
        which=1,
        late_after_minutes=60,
        accounts=application.accounts,
        networks=application.networks,
        repeat=repeat,
    )
    for run in [run for number, run in enumerate(_runs(post, now)) if number in skipped]:
        post = post.model_copy(update={"repeat": with_skipped(post, run, now)})
    runs = _runs(post, now)
    assume(runs)

    content = write([of_entry(QueueEntry(post_id=post.post_id, due_at=runs[0], state="scheduled", post=post))])
    table = read_table(content)
    rows = post_rows(table, guess_columns(table.header), None)
    [row] = rows
    read = RowPosts(application, rows, LoadOptions(zone="UTC")).post(row, new_post_id())
    assert _runs(read, now) == runs
    assert rule_of(read.repeat) == rule_of(post.repeat)


def _runs(post, now):
    return runs_of(post, after=now, count=COMPARED)
