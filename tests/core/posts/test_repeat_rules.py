"""Rules are valid once built, or refused with a hint."""

import pytest

from core.posts.custom_cron import InvalidCron, NoCron
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


@pytest.mark.parametrize("text", ["cron(0 9 ? * MON *)  ", "\t0  9 ? * MON *\n", "CRON( 0 9 ? * MON * )"])
def test_a_pasted_cron_may_have_spaces_around(text):
    assert CustomCron(expression=text).expression == "cron(0 9 ? * MON *)"


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("0 9 * * *", "0 9 * * ? *"),
        ("*/15 9-17 * * 1-5", "*/15 9-17 ? * 2-6 *"),
        ("0 9 * * 0", "0 9 ? * 1 *"),
        ("0 9 * * mon,7", "0 9 ? * mon,1 *"),
        ("0 9 1 1 *", "0 9 1 1 ? *"),
    ],
)
def test_five_fields_are_answered_with_the_six_of_aws(text, offered):
    with pytest.raises(InvalidCron, match="is not a cron expression") as refused:
        CustomCron(expression=text)
    assert refused.value.hint.endswith(f"Write {offered}")
    assert CustomCron(expression=offered).expression == f"cron({offered})"


@pytest.mark.parametrize("text", ["0 9 1 * 1", "0 9 * *", "61 9 * * *", "rate(1 day)"])
def test_a_text_that_has_no_six_fields_is_answered_with_an_example(text):
    with pytest.raises(InvalidCron) as refused:
        CustomCron(expression=text)
    assert "0 9 ? * MON-FRI *" in refused.value.hint


def test_an_empty_cron_is_said_to_be_empty():
    with pytest.raises(NoCron, match="The cron expression is empty"):
        CustomCron(expression=" ")


@pytest.mark.parametrize("text", ["*/30 * * * * ? *", "0 9 * * *", "rate(5 minutes)", "cron(61 * * * ? *)"])
def test_a_custom_cron_must_be_valid_on_aws(text):
    with pytest.raises(InvalidExpression, match="is not a cron expression"):
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
