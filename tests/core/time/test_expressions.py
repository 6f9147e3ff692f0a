"""Expressions against tables of expected instants, and crons against every minute of two years."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest
import pytz
from hypothesis import given, settings
from hypothesis import strategies as st

from core.time.expressions import InvalidExpression, parse_expression
from core.time.instants import UnknownZone, utc_text

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# Invalid expressions


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "cron()",
        "rate()",
        "at()",
        "cron(INVALID)",
        "cron(0 1 * * * *)",
        "cron(0 9 * * ? *)\n",
        "Cron(0 9 * * ? *)",
        "cron (0 9 * * ? *)",
        "cron(0 9 * * ? *",
        "cron(*/30 * * * * ? *)",  # recorded from AWS, as most of the rates and ats below
        "rate(10 seconds)",
        "rate(30 seconds)",
        "rate(10 years)",
        "rate(10)",
        "rate(10 minutess)",
        "rate(foo minutes)",
        "rate(-10 minutes)",
        "rate( 10 minutes )",
        " rate(10 minutes)",
        "rate(0 minutes)",
        "rate(10  minutes)",
        "rate(1.5 hours)",
        "rate(10 MINUTES)",
        "rate(٣ minutes)",
        "rate(9999999999 days)",
        "at(2021-12-31T23:59:59Z)",
        "at(2021-12-31)",
        "at(2021-12-31T23:59)",
        "at(2026-09-08T03:54:26.439)",
        "at(2026-09-08 03:54:26)",
        "at(2026-09-08T03:54:26+01:00)",
        "at(2026-02-30T00:00:00)",
        "at(2026-01-01T24:00:00)",
        "at(2026-01-01T23:59:60)",
        "at(0000-01-01T00:00:00)",
        "at(9999-12-31T23:59:59)",  # no instant in some zones
    ],
)
def test_an_expression_that_aws_rejects_is_rejected_with_its_message(text):
    with pytest.raises(InvalidExpression) as refused:
        parse_expression(text)
    assert str(refused.value) == f"Invalid Schedule Expression {text}."
    assert "at(" in refused.value.hint
    assert "cron(" in refused.value.hint


def test_an_unknown_zone_is_named_in_the_error():
    with pytest.raises(UnknownZone, match="Mars/Olympus"):
        parse_expression("rate(1 hour)", "Mars/Olympus")


# at()


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("at(2026-11-24T08:00:00)", "UTC", "2026-11-24T08:00:00Z"),
        ("at(2026-11-24T08:00:01)", "Asia/Kathmandu", "2026-11-24T02:15:01Z"),
        ("at(2026-07-01T09:00:00)", "Europe/Berlin", "2026-07-01T07:00:00Z"),
        ("at(2026-10-25T02:30:00)", "Europe/Berlin", "2026-10-25T00:30:00Z"),  # doubled: the first
        ("at(2026-03-29T02:30:15)", "Europe/Berlin", "2026-03-29T01:30:15Z"),  # skipped: 03:30:15
        ("at(2026-10-04T02:15:00)", "Australia/Lord_Howe", "2026-10-03T15:45:00Z"),  # a gap of half an hour: 02:45
        ("at(2011-12-30T12:00:00)", "Pacific/Apia", "2011-12-30T22:00:00Z"),  # a skipped day: noon of the 31st
    ],
)
def test_an_at_has_this_instant_to_the_second(text, zone, expected):
    once = parse_expression(text, zone)
    first = once.first(NOW)
    assert utc_text(first) == expected
    assert once.next(5, after=first - timedelta(microseconds=1)) == [first]
    assert once.next(5, after=first) == []


def test_an_at_runs_although_it_is_past_or_out_of_bounds():
    once = parse_expression("at(2020-01-01T00:00:00)", start=NOW, end=NOW)
    assert once.first(NOW) == instant("2020-01-01T00:00:00")


# rate()


def test_a_rate_without_start_runs_at_once_and_counts_from_its_creation():
    created = instant("2026-11-22T10:00:07.250")
    rate = parse_expression("rate(5 minutes)", created=created)
    assert rate.first(created) == created
    assert rate.next(2, after=created) == [created + timedelta(minutes=5), created + timedelta(minutes=10)]
    assert rate.next(1, after=created + timedelta(minutes=12)) == [created + timedelta(minutes=15)]


def test_a_rate_has_no_run_before_its_creation():
    assert parse_expression("rate(1 hour)", created=NOW).next(2, after=NOW - timedelta(days=1)) == [
        NOW,
        NOW + timedelta(hours=1),
    ]


def test_a_rate_counts_from_its_start():
    rate = parse_expression("rate(2 hours)", start=NOW + timedelta(hours=1), created=NOW)
    assert rate.first(NOW) == NOW + timedelta(hours=1)
    assert rate.next(2, after=NOW - timedelta(days=1)) == [NOW + timedelta(hours=1), NOW + timedelta(hours=3)]


def test_a_rate_runs_on_whole_milliseconds():
    rate = parse_expression("rate(1 hour)", start=NOW + timedelta(microseconds=400))
    first = rate.first(NOW)
    assert first == NOW + timedelta(milliseconds=1)
    assert rate.next(1, after=first) == [first + timedelta(hours=1)]


def test_a_start_within_the_tolerance_is_the_first_run():
    start = NOW - timedelta(minutes=4)
    assert parse_expression("rate(1 day)", start=start).first(NOW) == start


@pytest.mark.parametrize("since_a_run", [timedelta(hours=1), timedelta(minutes=2)])
def test_a_start_before_the_tolerance_yields_no_missed_run(since_a_run):
    start = NOW - timedelta(days=3) - since_a_run
    assert parse_expression("rate(1 day)", start=start).first(NOW) == NOW + timedelta(days=1) - since_a_run


def test_a_day_of_a_rate_has_24_hours_across_a_clock_change():
    rate = parse_expression("rate(1 day)", "Europe/Berlin", start=instant("2026-10-24T07:00:00"))
    assert rate.next(1, after=instant("2026-10-24T07:00:00")) == [instant("2026-10-25T07:00:00")]


@pytest.mark.parametrize(
    "text", ["rate(1 minute)", "rate(1 minutes)", "rate(60 minute)", "rate(1 hours)", "rate(1 day)"]
)
def test_the_unit_may_be_singular_or_plural(text):
    assert len(parse_expression(text, created=NOW).next(3, after=NOW)) == 3


def test_a_rate_ends_at_the_end_of_the_calendar():
    assert parse_expression("rate(999999999 days)", created=NOW).next(5, after=NOW) == []
    assert len(parse_expression("rate(1000000 days)", created=NOW).next(5, after=NOW)) == 2


# cron()


@pytest.mark.parametrize(
    ("text", "zone", "after", "expected"),
    [
        ("cron(0 9 ? * MON-FRI *)", "Europe/Berlin", "2026-10-23T12:00", ["2026-10-26T08:00", "2026-10-27T08:00"]),
        # A skipped time has no run that day. A doubled time has one run, the first time.
        ("cron(30 2 * * ? *)", "Europe/Berlin", "2026-03-27T12:00", ["2026-03-28T01:30", "2026-03-30T00:30"]),
        ("cron(30 2 * * ? *)", "Europe/Berlin", "2026-10-24T12:00", ["2026-10-25T00:30", "2026-10-26T01:30"]),
        ("cron(0,30 * * * ? *)", "Europe/Berlin", "2026-10-25T00:15", ["2026-10-25T00:30", "2026-10-25T02:00"]),
        # At the second 02:15, the run of the first 02:45 is past.
        ("cron(45 2 * * ? *)", "Europe/Berlin", "2026-10-25T01:15", ["2026-10-26T01:45"]),
        # Half an hour: 02:00-02:30 is skipped, 01:30-02:00 is doubled.
        ("cron(0,30 2 * * ? *)", "Australia/Lord_Howe", "2026-10-03T12:00", ["2026-10-03T15:30", "2026-10-04T15:00"]),
        ("cron(45 1 * * ? *)", "Australia/Lord_Howe", "2026-04-04T12:00", ["2026-04-04T14:45", "2026-04-05T15:15"]),
        # Samoa skipped 30 December 2011.
        ("cron(0 12 * * ? *)", "Pacific/Apia", "2011-12-29T00:00", ["2011-12-29T22:00", "2011-12-30T22:00"]),
        ("cron(0 12 30 12 ? *)", "Pacific/Apia", "2011-01-01T00:00", ["2012-12-29T22:00"]),
        # Midnight itself is skipped.
        ("cron(0 0 * * ? *)", "America/Sao_Paulo", "2018-11-03T12:00", ["2018-11-05T02:00"]),
        ("cron(0 9 LW * ? *)", "UTC", "2026-01-01T00:00", ["2026-01-30T09:00", "2026-02-27T09:00"]),
        ("cron(15 10 ? * 6L 2002-2005)", "UTC", "2005-11-01T00:00", ["2005-11-25T10:15", "2005-12-30T10:15"]),
        ("cron(0 9 29 2 ? *)", "UTC", "2096-03-01T00:00", ["2104-02-29T09:00", "2108-02-29T09:00"]),
        ("cron(59 23 31 12 ? 2199)", "UTC", "2026-01-01T00:00", ["2199-12-31T23:59"]),
    ],
)
def test_a_cron_has_these_next_runs(text, zone, after, expected):
    runs = parse_expression(text, zone).next(2, after=instant(after))
    assert runs[: len(expected)] == [instant(run) for run in expected]


def test_a_cron_without_further_runs_ends():
    assert parse_expression("cron(15 10 ? * 6L 2002-2005)").next(1, after=NOW) == []
    assert parse_expression("cron(0 9 31 2 ? *)", "Europe/Berlin").first(NOW) is None
    assert parse_expression("cron(* * * * ? *)").next(1, after=datetime.max.replace(tzinfo=UTC)) == []


def test_a_cron_starts_with_1970():
    assert parse_expression("cron(0 0 1 1 ? *)").next(1, after=datetime.min.replace(tzinfo=UTC)) == [
        instant("1970-01-01T00:00")
    ]


def test_start_and_end_are_inclusive():
    daily = parse_expression("cron(0 9 * * ? *)", start=instant("2026-12-01T09:00"), end=instant("2026-12-03T09:00"))
    assert daily.first(NOW) == instant("2026-12-01T09:00")
    assert [run.day for run in daily.next(10, after=NOW)] == [1, 2, 3]


def test_a_schedule_created_between_two_runs_starts_with_the_later_one():
    daily = parse_expression("cron(45 2 * * ? *)", "Europe/Berlin")
    assert daily.first(instant("2026-12-01T01:45:00.001")) == instant("2026-12-02T01:45")
    second_02_15 = instant("2026-10-25T01:15")  # the run of 02:45 was at the first 02:45
    assert daily.first(second_02_15) == instant("2026-10-26T01:45")


def test_next_excludes_the_given_instant():
    nine = instant("2026-12-01T09:00")
    assert parse_expression("cron(0 9 * * ? *)").next(1, after=nine) == [nine + timedelta(days=1)]
    assert parse_expression("cron(0 9 * * ? *)").next(1, after=nine - timedelta(microseconds=1)) == [nine]


# Every minute of two years

WINDOWS = {
    "Europe/Berlin": 2026,
    "America/New_York": 2026,
    "America/St_Johns": 2010,  # changed its clocks at 00:01
    "America/Sao_Paulo": 2017,  # changed at midnight
    "Africa/Casablanca": 2026,  # changes around Ramadan
    "Antarctica/Troll": 2026,  # changes by two hours
    "Asia/Pyongyang": 2015,  # changed by half an hour permanently
    "Australia/Lord_Howe": 2026,  # changes by half an hour
    "Pacific/Apia": 2011,  # skipped a day
    "Pacific/Chatham": 2026,  # changes at 02:45
}


@dataclass
class Minutes:
    """The minutes of two years at which a clock in the zone shows a wall time for the first time."""

    instants: np.ndarray  # minutes since 1970, UTC
    of_day: np.ndarray  # the wall time in minutes since midnight
    day: np.ndarray  # the row of its date in `days`
    days: pd.DataFrame
    changes: list[datetime]


@lru_cache
def minutes_of(zone: str) -> Minutes:
    year = WINDOWS[zone]
    utc = pd.date_range(f"{year}-01-01", f"{year + 2}-01-01", freq="min", inclusive="left", tz="UTC")
    walls = utc.tz_convert(pytz.timezone(zone)).tz_localize(None).to_numpy().astype("M8[m]").astype(np.int64)
    instants = utc.tz_localize(None).to_numpy().astype("M8[m]").astype(np.int64)
    latest_before = np.concatenate(([-1], np.maximum.accumulate(walls)[:-1]))
    jumps = np.flatnonzero(np.diff(walls) != 1) + 1
    first_time = walls > latest_before
    walls, instants_of_first_time = walls[first_time], instants[first_time]
    day = walls // 1440
    first_row, last_row = np.array([f"{year - 1}-12-01", f"{year + 2}-01-31"], "M8[D]").astype(int)  # whole months
    return Minutes(
        instants=instants_of_first_time,
        of_day=walls % 1440,
        day=day - first_row,
        days=calendar_of(np.arange(first_row, last_row + 1)),
        changes=[datetime.fromtimestamp(int(instants[jump]) * 60, UTC) for jump in jumps],
    )


def calendar_of(numbers: np.ndarray) -> pd.DataFrame:
    """Return the calendar fields of days, given as numbers of days since 1970."""
    dates = numbers.astype("M8[D]")
    months = dates.astype("M8[M]")
    return pd.DataFrame(
        {
            "year": dates.astype("M8[Y]").astype(int) + 1970,
            "month": months.astype(int) % 12 + 1,
            "number": (dates - months).astype(int) + 1,
            "last": ((months + np.timedelta64(1, "M")).astype("M8[D]") - months).astype(int),
            "weekday": (numbers + 4) % 7 + 1,
        }
    )


def nearest_workday(days: pd.DataFrame, number: int | None) -> np.ndarray:
    """Mark the workday of each month that is nearest to a date, or to the last day for None."""
    wanted = days["last"] if number is None else number
    distances = (days["number"] - wanted).abs()[days["weekday"].between(2, 6) & (wanted <= days["last"])]
    nearest = distances.groupby([days["year"], days["month"]]).idxmin()
    return days.index.isin(nearest)


def numbers(low: int, high: int, width: int = 1):
    """Generate the text of a field together with its values."""
    value = st.integers(low, high)
    everything = st.just(("*", set(range(low, high + 1))))
    lists = st.sets(value, min_size=1, max_size=4).map(lambda some: (",".join(f"{n:0{width}}" for n in some), some))
    ranges = st.tuples(value, value).map(
        lambda ends: (
            (f"{ends[0]}-{ends[1]}", {*range(ends[0], ends[1] + 1)})
            if ends[0] <= ends[1]
            else (f"{ends[0]}-{ends[1]}", {*range(ends[0], high + 1), *range(low, ends[1] + 1)})
        )
    )
    return st.one_of(everything, lists, ranges)


def stepped(low: int, high: int):
    """Generate the text of a field, with or without a step, together with its values."""
    steps = st.tuples(st.integers(low, high), st.integers(1, max(high // 2, 2)))
    return st.one_of(
        numbers(low, high, width=2),
        steps.map(lambda step: (f"{step[0]}/{step[1]}", {*range(step[0], high + 1, step[1])})),
        steps.map(lambda step: (f"*/{step[1]}", {*range(low, high + 1, step[1])})),
    )


DAYS = st.one_of(
    stepped(1, 31).map(lambda field: (f"{field[0]} {{}} ?", lambda days: days["number"].isin(field[1]))),
    st.integers(0, 30).map(lambda n: (f"L-{n} {{}} ?" if n else "L {} ?", lambda d: d["number"] == d["last"] - n)),
    st.integers(1, 31).map(lambda n: (f"{n}W {{}} ?", lambda days: nearest_workday(days, n))),
    st.just(("LW {} ?", lambda days: nearest_workday(days, None))),
    numbers(1, 7).map(lambda field: (f"? {{}} {field[0]}", lambda days: days["weekday"].isin(field[1]))),
    st.just(("? {} MON-FRI", lambda days: days["weekday"].between(2, 6))),
    st.tuples(st.integers(1, 7), st.integers(1, 5)).map(
        lambda nth: (
            f"? {{}} {nth[0]}#{nth[1]}",
            lambda days: (days["weekday"] == nth[0]) & ((days["number"] + 6) // 7 == nth[1]),
        )
    ),
    st.integers(1, 7).map(
        lambda n: (f"? {{}} {n}L", lambda days: (days["weekday"] == n) & (days["number"] + 7 > days["last"]))
    ),
)

MINUTES = stepped(0, 59)
SMALL_HOURS = st.integers(0, 4).map(lambda hour: (str(hour), {hour}))  # where clocks change
HOURS = st.one_of(SMALL_HOURS, stepped(0, 23))
MONTHS = st.one_of(st.just(("*", set(range(1, 13)))), stepped(1, 12))


@settings(max_examples=600, deadline=None, database=None)
@given(data=st.data(), zone=st.sampled_from(sorted(WINDOWS)))
def test_a_cron_runs_in_exactly_the_minutes_that_it_selects(data, zone):
    minutes = minutes_of(zone)
    minute_text, minute = data.draw(MINUTES)
    hour_text, hour = data.draw(HOURS)
    month_text, month = data.draw(MONTHS)
    day_text, day_test = data.draw(DAYS)
    year_text, year = data.draw(st.sampled_from([("*", None), (str(WINDOWS[zone]), WINDOWS[zone])]))
    text = f"cron({minute_text} {hour_text} {day_text.format(month_text)} {year_text})"

    days = minutes.days
    day = np.asarray(day_test(days)) & days["month"].isin(month).to_numpy()
    if year is not None:
        day &= (days["year"] == year).to_numpy()
    of_day = np.array([number // 60 in hour and number % 60 in minute for number in range(1440)])
    expected = minutes.instants[day[minutes.day] & of_day[minutes.of_day]]

    begin, end = (datetime.fromtimestamp(int(minutes.instants[i]) * 60, UTC) for i in (0, -1))
    near_a_change = st.builds(
        lambda change, hours: change - timedelta(hours=hours),
        st.sampled_from(minutes.changes),
        st.sampled_from([30, 2, 1, 0]),
    )
    after = data.draw(st.one_of(near_a_change, st.integers(0, 1_000_000).map(lambda n: begin + timedelta(minutes=n))))
    found = parse_expression(text, zone, start=begin, end=end).next(200, after=after)

    expected = expected[expected * 60 > after.timestamp()][:200]
    assert [int(run.timestamp()) for run in found] == (expected * 60).tolist(), text
