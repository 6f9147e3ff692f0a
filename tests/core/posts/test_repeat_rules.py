"""Rules are valid once built, or refused with a hint."""

import pytest

from core.posts.repeat_rules import (
    ChosenWeekdays,
    CustomCron,
    MonthlyDate,
    MonthlyWeekday,
    NoDayChosen,
    NoSuchDay,
    NoSuchWeek,
    Weekday,
    ordinal,
)
from core.time.expressions import InvalidExpression


def test_chosen_weekdays_are_unique_and_start_on_monday():
    days = (Weekday.SUNDAY, Weekday.MONDAY, Weekday.SUNDAY)
    assert ChosenWeekdays(days=days).days == (Weekday.MONDAY, Weekday.SUNDAY)


def test_a_rule_without_a_day_is_refused():
    with pytest.raises(NoDayChosen, match="at least one") as refused:
        ChosenWeekdays(days=())
    assert refused.value.hint == "Choose at least one weekday."


@pytest.mark.parametrize("day", [0, 32, -1])
def test_a_day_that_no_month_has_is_refused(day):
    with pytest.raises(NoSuchDay, match=f"No month has a day {day}"):
        MonthlyDate(day=day)


@pytest.mark.parametrize("nth", [0, 5])
def test_a_weekday_number_that_not_every_month_has_is_refused(nth):
    with pytest.raises(NoSuchWeek):
        MonthlyWeekday(nth=nth, weekday=Weekday.MONDAY)


def test_a_custom_cron_may_omit_the_brackets():
    assert CustomCron(expression=" 0 9 ? * MON *").expression == "cron(0 9 ? * MON *)"


@pytest.mark.parametrize("text", ["", "*/30 * * * * ? *", "0 9 * * *", "rate(5 minutes)", "cron(61 * * * ? *)"])
def test_a_custom_cron_must_be_valid_on_aws(text):
    with pytest.raises(InvalidExpression, match="Invalid Schedule Expression"):
        CustomCron(expression=text)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1, "1st"),
        (2, "2nd"),
        (3, "3rd"),
        (4, "4th"),
        (11, "11th"),
        (12, "12th"),
        (13, "13th"),
        (21, "21st"),
        (31, "31st"),
    ],
)
def test_ordinals_have_english_suffixes(number, text):
    assert ordinal(number) == text
