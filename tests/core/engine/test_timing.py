from datetime import UTC, datetime

import pytest

from core.engine.timing import Timing, after_firing, after_update, at_first, instant_of, milliseconds

NOON = milliseconds(datetime(2026, 11, 2, 12, tzinfo=UTC))
MINUTE, HOUR = 60_000, 3600_000


def definition(expression, **changed):
    return {
        "GroupName": "default",
        "Name": "post",
        "ScheduleExpression": expression,
        "ScheduleExpressionTimezone": "UTC",
        "State": "ENABLED",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        **changed,
    }


HOURLY = definition("cron(0 * * * ? *)")
RATE = definition("rate(1 hour)")
ONCE = definition("at(2026-11-02T13:00:00)")


@pytest.mark.parametrize("instant", [NOON, NOON + 1, -1, 0])
def test_an_instant_survives_the_store(instant):
    assert milliseconds(instant_of(instant)) == instant


@pytest.mark.parametrize(
    ("schedule", "first"),
    [
        (ONCE, NOON + HOUR),
        (definition("at(2026-11-02T11:00:00)"), NOON - HOUR),
        (RATE, NOON),
        (HOURLY, NOON),
        (definition("cron(30 * * * ? *)"), NOON + 30 * MINUTE),
        (definition("rate(1 hour)", StartDate=NOON / 1000 + 60), NOON + MINUTE),
        (definition("rate(1 hour)", StartDate=NOON / 1000 - 240), NOON - 4 * MINUTE),
        (definition("rate(1 hour)", EndDate=NOON / 1000 - 1), None),
        (definition("rate(1 hour)", State="DISABLED"), None),
    ],
)
def test_the_first_occurrence_of_a_new_schedule(schedule, first):
    timing = at_first(schedule, NOON)
    assert (timing.occurrence, timing.due, timing.fired) == (first, first, None)


@pytest.mark.parametrize(("schedule", "following"), [(ONCE, None), (RATE, NOON + HOUR), (HOURLY, NOON + HOUR)])
def test_what_comes_after_a_firing(schedule, following):
    first = at_first(schedule, NOON)
    assert after_firing(schedule, first) == Timing(
        anchor=NOON, fired=first.occurrence, occurrence=following, due=following
    )


def test_an_update_that_leaves_the_expression_keeps_what_is_pending_even_if_it_is_overdue():
    pending = at_first(ONCE, NOON)
    assert after_update(ONCE, pending, {**ONCE, "Description": "new"}, NOON + 5 * HOUR) == pending


def test_an_update_to_another_time_begins_anew():
    later = definition("at(2026-11-02T18:00:00)")
    assert after_update(ONCE, at_first(ONCE, NOON), later, NOON).occurrence == NOON + 6 * HOUR


def test_a_series_that_is_moved_to_a_moment_ago_runs_next_at_its_next_time():
    """Its StartDate is long past: what a series did not yet run at that time of day, it has not missed."""
    began = NOON / 1000 - 30 * 24 * 3600
    weekly = definition("cron(0 9 ? * MON *)", StartDate=began)
    moved = definition("cron(58 11 * * ? *)", StartDate=began)
    assert after_update(weekly, at_first(weekly, NOON), moved, NOON).occurrence == NOON + 24 * HOUR - 2 * MINUTE


def test_what_has_fired_does_not_fire_again_when_it_is_updated():
    fired = after_firing(ONCE, at_first(ONCE, NOON))
    for changed in ({**ONCE, "Description": "new"}, {**ONCE, "ScheduleExpressionTimezone": "Europe/Berlin"}):
        assert after_update(ONCE, fired, changed, NOON + HOUR).occurrence is None


def test_a_time_after_the_one_that_has_fired_fires():
    fired = after_firing(ONCE, at_first(ONCE, NOON))
    assert after_update(ONCE, fired, definition("at(2026-11-02T14:00:00)"), NOON + HOUR).occurrence == NOON + 2 * HOUR


def test_a_paused_series_goes_on_with_the_next_run_from_now():
    paused = {**RATE, "State": "DISABLED"}
    timing = after_update(RATE, after_firing(RATE, at_first(RATE, NOON)), paused, NOON + MINUTE)
    assert timing.occurrence is None
    resumed = after_update(paused, timing, RATE, NOON + 5 * HOUR + MINUTE)
    assert resumed.occurrence == NOON + 6 * HOUR


def test_a_series_resumed_after_the_clock_was_set_back_repeats_no_run():
    paused = {**RATE, "State": "DISABLED"}
    timing = after_update(RATE, after_firing(RATE, at_first(RATE, NOON)), paused, NOON)
    resumed = after_update(paused, timing, RATE, NOON - 5 * HOUR - MINUTE)
    assert resumed.occurrence == NOON + HOUR


DAILY = definition("cron(0 9 * * ? *)")


@pytest.mark.parametrize(
    ("changed", "occurrence"),
    [
        ({"Description": "new"}, NOON + 21 * HOUR),
        ({"ScheduleExpression": "cron(0 10 * * ? *)"}, NOON + 22 * HOUR),
        ({"ScheduleExpressionTimezone": "Europe/Berlin"}, NOON + 20 * HOUR),
        ({"StartDate": NOON / 1000 + 48 * 3600}, NOON + 69 * HOUR),
        ({"EndDate": NOON / 1000 + 3600}, None),
    ],
)
def test_whatever_says_when_a_series_runs_takes_effect_at_once(changed, occurrence):
    assert after_update(DAILY, at_first(DAILY, NOON), {**DAILY, **changed}, NOON).occurrence == occurrence


def test_a_paused_post_whose_time_has_passed_is_due_when_it_is_enabled():
    paused = {**ONCE, "State": "DISABLED"}
    assert after_update(paused, at_first(paused, NOON), ONCE, NOON + 5 * HOUR).occurrence == NOON + HOUR


def test_a_changed_rate_counts_from_the_change():
    halves = definition("rate(30 minutes)")
    changed = after_update(RATE, after_firing(RATE, at_first(RATE, NOON)), halves, NOON + 7 * MINUTE)
    assert changed.occurrence == NOON + 7 * MINUTE
    assert after_firing(halves, changed).occurrence == NOON + 37 * MINUTE


def test_a_flexible_window_delays_within_its_length_and_always_by_the_same():
    window = definition("cron(0 * * * ? *)", FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 10})
    timing = at_first(window, NOON)
    assert timing.occurrence == NOON
    assert NOON <= timing.due < NOON + 10 * MINUTE
    assert at_first(window, NOON) == timing


def test_a_flexible_window_ends_with_the_calendar():
    """Else the store held an instant that cannot be read, and nothing would fire while it was the next one."""
    window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 1440}
    for number in range(50):
        last = definition(f"at(9999-12-30T23:59:{number + 10})", Name=f"n{number}", FlexibleTimeWindow=window)
        timing = at_first({**last, "ScheduleExpressionTimezone": "Etc/GMT+12"}, NOON)
        assert instant_of(timing.due) >= instant_of(timing.occurrence)
