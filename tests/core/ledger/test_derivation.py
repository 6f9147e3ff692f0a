"""A post's instants follow from its wall time and zone; a doubled hour keeps the user's choice."""

from datetime import UTC, datetime, timedelta

import pytest

from core.ledger.derivation import NOT_NOTED, Derivation, derivation, derive_again
from core.posts.models import Post, Repeat

FIRST, SECOND = datetime(2027, 10, 31, 0, 30, tzinfo=UTC), datetime(2027, 10, 31, 1, 30, tzinfo=UTC)
ELSEWHERE = datetime(2027, 10, 31, 3, 30, tzinfo=UTC)
NINE = datetime(2026, 12, 7, 8, 30, tzinfo=UTC)
"""A Monday in Berlin."""


@pytest.fixture
def berlin(a_post):
    """Build a post in Berlin at a wall time, by default in the hour that comes twice."""

    def build(due_at: datetime, wall: str = "2027-10-31T02:30:00") -> Post:
        return a_post(zone="Europe/Berlin", wall=wall, due_at=due_at)

    return build


@pytest.mark.parametrize(("due_at", "which"), [(FIRST, 1), (SECOND, 2)])
def test_the_choice_of_a_doubled_hour_is_noted(berlin, due_at, which):
    assert derivation(berlin(due_at)).which == which


@pytest.mark.parametrize(("which", "due_at"), [(1, FIRST), (2, SECOND)])
def test_the_choice_is_kept_if_the_hour_is_still_doubled(berlin, which, due_at):
    assert derive_again(berlin(ELSEWHERE), Derivation("2020a", which)).due_at == due_at


def test_an_hour_that_is_doubled_now_has_no_choice(berlin):
    assert derive_again(berlin(FIRST), Derivation("2020a")) is None


def test_without_a_note_the_due_instant_was_the_choice(berlin):
    assert derive_again(berlin(SECOND), NOT_NOTED).due_at == SECOND
    assert derive_again(berlin(ELSEWHERE), NOT_NOTED) is None


def test_a_wall_time_that_the_clocks_skip_has_no_instant(berlin):
    assert derive_again(berlin(FIRST, wall="2027-03-28T02:30:00"), Derivation("2020a", 1)) is None


def test_a_choice_does_not_matter_once_the_hour_comes_once(berlin):
    once = berlin(ELSEWHERE, wall="2027-10-30T02:30:00")
    assert derive_again(once, Derivation("2020a", 2)).due_at == datetime(2027, 10, 30, 0, 30, tzinfo=UTC)


def test_a_wall_time_that_is_no_date_keeps_its_instant(berlin):
    post = berlin(FIRST, wall="2027-13-45T02:30:00")
    assert derive_again(post, NOT_NOTED) == post


@pytest.mark.parametrize(
    ("expression", "skipped", "again"),
    [
        ("cron(30 9 * * ? *)", NINE, NINE),
        ("cron(30 9 * * ? *)", NINE - timedelta(hours=1), NINE),  # it was 9:30 by the old rules
        ("cron(30 9 * * ? *)", NINE + timedelta(hours=1), NINE),
        ("cron(30 * * * ? *)", NINE, NINE),
        ("cron(30 9 1 1 ? *)", NINE, NINE),
    ],
)
def test_a_skipped_run_of_a_series_is_the_nearest_run_by_the_rules_in_force(a_series, expression, skipped, again):
    series = a_series(repeat=Repeat(expression=expression, skipped=(skipped,)))
    assert derive_again(series, Derivation("2020a")).repeat.skipped == (again,)


def test_a_series_keeps_its_weeks_when_its_dates_are_derived_again(a_series):
    repeat = Repeat(expression="cron(30 9 ? * MON *)", every_weeks=2, anchor=NINE, ends_at=NINE)
    again = derive_again(a_series(repeat=repeat), Derivation("2020a")).repeat
    assert (again.every_weeks, again.anchor) == (2, NINE)
    assert again.ends_at != NINE
