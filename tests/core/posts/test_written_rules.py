"""Repeat rules as people write them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.posts.repeat_rules import (
    ChosenWeekdays,
    CustomCron,
    Daily,
    EveryNWeeks,
    EveryWeekday,
    MonthlyDate,
    MonthlyLastDay,
    MonthlyWeekday,
    Weekday,
    Yearly,
)
from core.posts.written_rules import read_rule, write_rule

DAYS = st.lists(st.sampled_from(Weekday), min_size=1).map(tuple)
RULES = st.one_of(
    st.sampled_from([Daily(), EveryWeekday(), MonthlyLastDay()]),
    st.builds(ChosenWeekdays, days=DAYS),
    st.builds(EveryNWeeks, weeks=st.integers(2, 52), days=DAYS),
    st.builds(MonthlyDate, day=st.integers(1, 31)),
    st.builds(MonthlyWeekday, nth=st.sampled_from([1, 2, 3, 4, None]), weekday=st.sampled_from(Weekday)),
    st.builds(Yearly, month=st.integers(1, 12), day=st.integers(1, 29)),
    st.builds(CustomCron, expression=st.sampled_from(["0,30 9 * * ? *", "cron(0 9 ? JAN-MAR 2 2027)"])),
)


@settings(max_examples=50, deadline=None, database=None)
@given(rule=RULES)
def test_a_written_rule_is_read_as_it_was(rule):
    assert read_rule(write_rule(rule)) == rule


@pytest.mark.parametrize(
    "text", ["cron:0 9 ? * 2 *", "cron:'0 9 ? * 2 *'", 'cron: "0 9 ? * 2 *"', "cron:cron(0 9 ? * 2 *)"]
)
def test_a_cron_expression_may_have_the_quotation_marks_of_a_shell(text):
    assert read_rule(text) == CustomCron(expression="0 9 ? * 2 *")
