"""The runs of the earlier expression are those of the rule a minute earlier, in every zone and over clock changes."""

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
import pytz
from hypothesis import given, settings
from hypothesis import strategies as st

from core.time.earlier_cron import EARLIER, earlier_cron
from core.time.expressions import InvalidExpression, parse_expression

BERLIN = "Europe/Berlin"
# Changes at 01:00, at 02:00, at midnight, by half an hour, by two hours and around Ramadan, beside the date line, none.
ZONES = [
    *(BERLIN, "Europe/London", "America/New_York", "America/Havana", "America/St_Johns", "America/Santiago"),
    *("Africa/Cairo", "Africa/Casablanca", "Asia/Beirut", "Asia/Kolkata", "Asia/Tokyo", "Antarctica/Troll"),
    *("Australia/Lord_Howe", "Pacific/Auckland", "Pacific/Chatham", "Atlantic/Azores", "UTC", "Europe/Dublin"),
]
RUNS = 40

minutes = st.sampled_from(["0", "0", "0", "1", "30", "59", "*", "0/15", "5/20", "0,30", "10-12", "58-2", "*/7"])
hours = st.sampled_from(["0", "0", "1", "2", "3", "4", "9", "23", "*", "0,12", "9-17", "*/6", "22-3", "1/2"])
dates = st.sampled_from(["*", "1", "2", "15", "28", "29", "30", "31", "1,15", "2-5", "L", "LW", "L-3", "15W", "*/2"])
weekdays = st.sampled_from(["*", "MON-FRI", "SUN", "7", "SAT,SUN", "FRI-MON", "MON#1", "3#5", "6L", "L"])
day_fields = dates.map(lambda date: (date, "?")) | weekdays.map(lambda weekday: ("?", weekday))
months = st.sampled_from(["*", "*", "*", "1", "2", "3", "JAN-MAR", "2,4,6", "NOV-FEB", "*/3", "12"])
years = st.sampled_from(["*", "*", "*", "*", "2027", "2026-2029", "2028/4"])


@st.composite
def rules(draw):
    date, weekday = draw(day_fields)
    return f"cron({draw(minutes)} {draw(hours)} {date} {draw(months)} {weekday} {draw(years)})"


def changes(zone):
    """Return the changes of the clocks of a zone, in UTC."""
    found = getattr(pytz.timezone(zone), "_utc_transition_times", [])
    return [each.replace(tzinfo=UTC) for each in found if each.year >= 2026]


@st.composite
def rules_at_changes(draw):
    """Return a rule at about the time that the clocks show before or after a change, the zone, and the change."""
    zone = draw(st.sampled_from([zone for zone in ZONES if changes(zone)]))
    change = draw(st.sampled_from(changes(zone)))
    shown = draw(st.sampled_from([change - timedelta(seconds=1), change])).astimezone(pytz.timezone(zone))
    wall = shown + timedelta(minutes=draw(st.sampled_from([-60, -30, -1, 0, 0, 1, 1, 2, 30, 60])))
    date, weekday = draw(
        st.sampled_from([("*", "?"), (f"{wall.day}", "?"), ("?", "SAT"), ("?", "SUN"), ("?", "MON-FRI")])
    )
    return f"cron({wall.minute} {wall.hour} {date} * {weekday} *)", zone, change


def runs(expression, zone, after):
    return list(islice(parse_expression(expression, zone).after(after), RUNS))


def assert_a_minute_earlier(rule, zone, start):
    earlier = earlier_cron(rule, zone)
    if earlier is not None:
        assert [run + EARLIER for run in runs(earlier, zone, start - EARLIER)] == runs(rule, zone, start)


@settings(deadline=None, database=None, max_examples=100)
@given(
    rules(),
    st.sampled_from(ZONES) | st.sampled_from(pytz.common_timezones),
    st.datetimes(datetime(2026, 1, 1), datetime(2037, 12, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_the_runs_are_a_minute_earlier_and_none_is_lost_or_added(rule, zone, start):
    assert_a_minute_earlier(rule, zone, start)


@settings(deadline=None, database=None, max_examples=100)
@given(rules_at_changes())
def test_no_run_is_lost_or_added_where_the_clocks_change(rule_zone_and_change):
    rule, zone, change = rule_zone_and_change
    assert_a_minute_earlier(rule, zone, change - timedelta(days=9))


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("0 9 * * ? *", "59 8 * * ? *"),
        ("30 9 ? * MON-FRI *", "29 9 ? * MON-FRI *"),
        ("0,30 9 * * ? *", None),  # 08:59 and 09:29 have different hours
        ("5,35 9-17 * * ? *", "4,34 9-17 * * ? *"),
        ("0 9,12,18 * * ? *", "59 8,11,17 * * ? *"),
        ("0/15 * * * ? *", "14,29,44,59 * * * ? *"),
        ("0 0/6 * * ? *", "59 5,11,17,23 * * ? *"),
        ("0 0 * * ? *", "59 23 * * ? *"),
        ("0 0 ? * MON-FRI *", "59 23 ? * 1,2,3,4,5 *"),
        ("0 0 ? * SUN *", "59 23 ? * 7 *"),
        ("0 0 1 * ? *", "59 23 L * ? *"),
        ("0 0 1 1 ? *", "59 23 L 12 ? *"),
        ("0 0 1 1 ? 2027", "59 23 L 12 ? 2026"),
        ("0 0 1 3 ? 2027", "59 23 L 2 ? 2027"),
        ("0 0 1 */3 ? *", "59 23 L 3,6,9,12 ? *"),
        ("0 0 15 * ? *", "59 23 14 * ? *"),
        ("0 0 15 6 ? 2027", "59 23 14 6 ? 2027"),
        ("0 0 30 * ? *", "59 23 29 1,3,4,5,6,7,8,9,10,11,12 ? *"),
        ("0 0 31 * ? *", "59 23 30 1,3,5,7,8,10,12 ? *"),
        ("0 0 24 12 ? *", "59 23 23 12 ? *"),
        ("0 9 L * ? *", "59 8 L * ? *"),
        ("0 9 15W * ? *", "59 8 15W * ? *"),
        ("0 9 ? * MON#1 *", "59 8 ? * MON#1 *"),
        ("0 9 ? * 6L *", "59 8 ? * 6L *"),
        ("0 9 ? * MON 2027", "59 8 ? * MON 2027"),
        ("0 0 L * ? *", None),
        ("0 0 LW * ? *", None),
        ("0 0 15W * ? *", None),
        ("0 0 29 * ? *", None),
        ("0 0 15,31 * ? *", None),
        ("0 0 1,15 * ? *", None),
        ("0 0 30 2 ? *", None),
        ("0 0 * 6 ? *", None),
        ("0 0 1 * ? 2027", None),
        ("0 0 ? * MON#2 *", None),
        ("0 0 ? * 6L *", None),
        ("0 0 ? * MON 2027", None),
        ("0 0,12 ? * MON-FRI *", None),
    ],
)
def test_a_minute_earlier(rule, expected):
    assert earlier_cron(f"cron({rule})", "UTC") == (expected and f"cron({expected})")


EVERYDAY_RULES = [
    *("* * ?", "? * MON-FRI", "? * MON", "? * SUN", "? * MON,WED,FRI", "1 * ?", "15 * ?", "31 * ?", "L * ?"),
    *("? * TUE#2", "? * FRIL", "24 12 ?", "29 2 ?"),
]


@pytest.mark.parametrize("zone", ZONES)
def test_everyday_rules_have_a_lead_away_from_the_clock_changes(zone):
    times = ["1 6", "30 6", "0 7", "0 9", "15 12", "0 18", "45 20", "0 23", "59 23"]
    lacking = [
        f"{at} {days}" for at in times for days in EVERYDAY_RULES if earlier_cron(f"cron({at} {days} *)", zone) is None
    ]
    assert lacking == []


@pytest.mark.parametrize("zone", [BERLIN, "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"])
@pytest.mark.parametrize("days", ["* * ?", "? * MON-FRI", "? * MON", "1 * ?", "15 * ?", "31 * ?", "1 1 ?"])
def test_everyday_rules_at_midnight_have_a_lead(days, zone):
    assert earlier_cron(f"cron(0 0 {days} *)", zone) is not None


@pytest.mark.parametrize(
    ("rule", "zone"),
    [
        ("0 3 * * ? *", BERLIN),  # spring skips 02:59
        ("0 2 * * ? *", BERLIN),  # spring skips 02:00, and not 01:59
        ("0 * * * ? *", BERLIN),
        ("0 3 ? * SUN *", BERLIN),
        ("0 3 29 3 ? *", BERLIN),  # a Sunday of spring in 2026
        ("0 2 * * ? *", "America/New_York"),  # autumn repeats 01:59
        ("0 0 * * ? *", "America/Havana"),  # spring skips 00:00
        ("0 1 * * ? *", "America/Havana"),
        ("30 2 * * ? *", "Australia/Lord_Howe"),  # by half an hour
        ("0 3 * * ? *", "Africa/Casablanca"),
    ],
)
def test_a_rule_that_a_clock_change_divides_has_no_lead(rule, zone):
    assert earlier_cron(f"cron({rule})", zone) is None


@pytest.mark.parametrize(
    ("rule", "zone"),
    [
        ("0 3 * * ? *", "UTC"),
        ("0 3 ? * MON-FRI *", BERLIN),  # the clocks change on Sundays
        ("0 3 24 12 ? *", BERLIN),
        ("30 2 * * ? *", BERLIN),  # both minutes are skipped, or both are repeated
        ("1 3 * * ? *", BERLIN),
        ("0 4 * * ? *", BERLIN),
    ],
)
def test_a_rule_beside_the_clock_changes_has_a_lead(rule, zone):
    assert earlier_cron(f"cron({rule})", zone) is not None


def test_a_rule_that_changed_clocks_only_in_the_past_has_a_lead():
    assert earlier_cron("cron(0 3 * * ? *)", "America/Mexico_City") == "cron(59 2 * * ? *)"  # until 2022


def test_an_expression_that_would_be_too_long_for_aws_has_no_lead():
    long = "cron(1-58 1-22 2-31 1-11 ? 2026-2050)"
    assert earlier_cron(long, "UTC") is not None
    assert earlier_cron("cron(1-59 0-22 " + ",".join(map(str, range(2, 31))) + " 1-11 ? 2026-2050)", "UTC") is None


def test_a_rate_has_no_lead_and_another_text_is_refused():
    assert earlier_cron("rate(1 day)", "UTC") is None
    with pytest.raises(InvalidExpression):
        earlier_cron("cron(0 9 * * * *)", "UTC")
