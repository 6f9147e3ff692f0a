"""The runs of repeating posts on AWS are compared with our zone rules."""

from datetime import UTC, datetime

import pytest

from core.ledger.port import Receipt
from core.posts.payload import invocation_of

CHECK = "Rules of repeating posts"
MORNING = datetime(2026, 11, 2, 8, tzinfo=UTC)
"""09:00 in Berlin."""


@pytest.fixture
def series(application, a_series):
    """Schedule a post that repeats at 09:00 in Berlin."""
    return application.schedules.schedule(a_series()).post


@pytest.fixture
def ran(application, series, clock):
    """Record a run of the post."""

    def record(at: datetime) -> None:
        application.ledger.record(invocation_of(series, at), Receipt(kind="handed_over", at=clock(), revision=1))

    return record


def test_without_repeating_posts_the_check_is_good(check):
    assert check(CHECK).status == "good"


@pytest.mark.usefixtures("series")
def test_before_the_first_run_nothing_is_known(check):
    assert check(CHECK).status == "unknown"
    assert "does not tell" in check(CHECK).message


def test_a_run_at_the_time_of_the_rule_agrees(check, ran):
    ran(MORNING)
    assert check(CHECK).status == "good"
    assert "The last runs of 1 repeating post agree" in check(CHECK).message


def test_a_run_an_hour_off_is_a_warning(check, ran):
    ran(MORNING.replace(hour=7))
    result = check(CHECK)
    assert result.status == "warning"
    assert "Mon 2 Nov 2026, 08:00 Europe/Berlin" in result.message
