"""The runs of a repeating post that the relay lets pass without posting."""

from datetime import UTC, datetime, timedelta

import pytest

from lambda_pkg.event import UnreadableEvent, read_event
from lambda_pkg.handler import relay_event
from lambda_pkg.run_exceptions import is_excluded

MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)
EVERY_SECOND = {"every_weeks": 2, "anchor": "2026-11-23T08:00:00Z"}
SKIPPED = {"skipped": ["2026-12-01T08:00:00.000Z", "2026-11-24T08:00:00Z"]}


@pytest.fixture
def run(payload):
    """Build the payload of a run of a series at 8:00 UTC on 24 November."""
    return lambda **members: payload | {"due_at": None, "occurrence": "2026-11-24T08:00:00Z"} | members


@pytest.mark.parametrize("hours", [-2, -1, 0, 1, 2])
@pytest.mark.parametrize("day", range(-14, 28))
def test_a_change_of_the_clocks_moves_no_run_into_another_week(day, hours):
    at = MONDAY + timedelta(days=day, hours=hours)
    assert is_excluded(at, every_weeks=2, anchor=MONDAY) == (day // 7 % 2 == 1)


def test_every_run_counts_without_exceptions(run):
    assert not read_event(run()).excluded
    assert not read_event(run(exceptions={})).excluded
    assert not read_event(run(exceptions=EVERY_SECOND)).excluded


@pytest.mark.parametrize(
    ("exceptions", "occurrence"),
    [(SKIPPED, "2026-11-24T08:00:00Z"), (EVERY_SECOND, "2026-12-01T08:00:00Z"), (SKIPPED, "2026-12-01T08:00:00Z")],
)
def test_a_run_that_does_not_count_is_not_sent_and_is_no_failure(
    run, deliver_post, configure, start_server, exceptions, occurrence
):
    server = start_server(200)
    receipt = deliver_post(configure(server.url), due_at=None, occurrence=occurrence, exceptions=exceptions)
    assert (receipt["kind"], receipt["error"], receipt["posted_at"]) == ("skipped", None, None)
    assert server.requests == []


def test_the_function_leaves_no_trace_of_such_a_run(
    run, relay_settings, clock, start_server, stored_receipts, stored_occurrences, capsys
):
    event = run(exceptions=SKIPPED)
    assert relay_event(event, relay_settings, clock=clock, sleep=clock.sleep) is None
    assert stored_receipts() == stored_occurrences() == []
    assert '"message": "skipped"' in capsys.readouterr().out


def test_a_one_time_post_has_no_exceptions(payload):
    assert not read_event(payload | {"exceptions": {"skipped": [payload["due_at"]]}}).excluded


@pytest.mark.parametrize(
    ("member", "exceptions"),
    [
        ("exceptions", []),
        ("every_weeks", {"every_weeks": "2", "anchor": "2026-11-23T08:00:00Z"}),
        ("anchor", {"every_weeks": 2, "anchor": "Monday"}),
        ("skipped", {"skipped": "2026-11-24T08:00:00Z"}),
        ("skipped", {"skipped": [7]}),
    ],
)
def test_the_error_names_an_unreadable_exception(run, member, exceptions):
    with pytest.raises(UnreadableEvent) as raised:
        read_event(run(exceptions=exceptions))
    assert raised.value.member == member
