from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.calendar.periods import EARLIEST, LATEST, period

SUNDAY, MONDAY = 6, 0
days = st.dates(date(1990, 1, 1), date(2110, 1, 1))


@given(on=days, first_weekday=st.integers(0, 6))
def test_a_month_is_shown_in_whole_weeks_that_begin_on_the_first_weekday(on, first_weekday):
    month = period("month", on, first_weekday)
    assert len(month.days) % 7 == 0
    assert month.days[0].weekday() == first_weekday
    assert sum(map(month.holds, month.days)) >= 28
    assert [each for each in month.days if each.day == 1 and month.holds(each)]


@given(on=days, first_weekday=st.integers(0, 6), view=st.sampled_from(["month", "week", "list"]))
def test_the_next_and_the_previous_period_follow_without_a_gap(on, first_weekday, view):
    shown = period(view, on, first_weekday)
    following = period(view, shown.moved(1), first_weekday)
    if EARLIEST < shown.on < LATEST - timedelta(days=31):
        assert following.days[0] <= shown.days[-1] + timedelta(days=1)
        assert following.days[-1] > shown.days[-1]
        assert shown.on in period(view, following.moved(-1), first_weekday).days


@pytest.mark.parametrize(
    ("view", "on", "title"),
    [
        ("month", date(2026, 12, 24), "December 2026"),
        ("week", date(2026, 12, 24), "21 – 27 Dec 2026"),
        ("week", date(2026, 12, 1), "30 Nov – 6 Dec 2026"),
        ("week", date(2027, 1, 1), "28 Dec 2026 – 3 Jan 2027"),
        ("list", date(2026, 12, 24), "24 Dec 2026 – 6 Jan 2027"),
    ],
)
def test_the_title_names_the_period(view, on, title):
    assert period(view, on, MONDAY).title == title


def test_a_week_begins_on_sunday_where_people_count_so():
    assert period("week", date(2026, 12, 1), SUNDAY).days[0] == date(2026, 11, 29)
