"""The next occurrence of a schedule after creation, firing and updates."""

from datetime import UTC, datetime

import pytest

from core.engine.next_occurrence import Timing, initial_timing, timing_after_firing, timing_after_update
from core.time.instants import epoch_ms, from_epoch_ms

NOON = epoch_ms(datetime(2026, 11, 2, 12, tzinfo=UTC))
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
def test_a_new_schedule_has_this_first_occurrence(schedule, first):
    timing = initial_timing(schedule, NOON)
    assert (timing.occurrence, timing.due, timing.fired) == (first, first, None)


@pytest.mark.parametrize(("schedule", "following"), [(ONCE, None), (RATE, NOON + HOUR), (HOURLY, NOON + HOUR)])
def test_firing_moves_to_the_next_occurrence(schedule, following):
    first = initial_timing(schedule, NOON)
    assert timing_after_firing(schedule, first) == Timing(
        anchor=NOON, fired=first.occurrence, occurrence=following, due=following
    )


def test_an_update_with_the_same_expression_keeps_an_overdue_occurrence():
    pending = initial_timing(ONCE, NOON)
    assert timing_after_update(ONCE, pending, {**ONCE, "Description": "new"}, NOON + 5 * HOUR) == pending


def test_an_update_to_another_time_replaces_the_occurrence():
    later = definition("at(2026-11-02T18:00:00)")
    assert timing_after_update(ONCE, initial_timing(ONCE, NOON), later, NOON).occurrence == NOON + 6 * HOUR


def test_a_repeating_schedule_moved_to_a_time_just_passed_runs_at_its_next_time():
    """Its StartDate is long past, so the time just passed is not a missed run."""
    began = NOON / 1000 - 30 * 24 * 3600
    weekly = definition("cron(0 9 ? * MON *)", StartDate=began)
    moved = definition("cron(58 11 * * ? *)", StartDate=began)
    assert (
        timing_after_update(weekly, initial_timing(weekly, NOON), moved, NOON).occurrence
        == NOON + 24 * HOUR - 2 * MINUTE
    )


def test_a_fired_occurrence_does_not_fire_again_after_an_update():
    fired = timing_after_firing(ONCE, initial_timing(ONCE, NOON))
    for changed in ({**ONCE, "Description": "new"}, {**ONCE, "ScheduleExpressionTimezone": "Europe/Berlin"}):
        assert timing_after_update(ONCE, fired, changed, NOON + HOUR).occurrence is None


def test_an_update_to_a_later_time_fires_again():
    fired = timing_after_firing(ONCE, initial_timing(ONCE, NOON))
    assert (
        timing_after_update(ONCE, fired, definition("at(2026-11-02T14:00:00)"), NOON + HOUR).occurrence
        == NOON + 2 * HOUR
    )


def test_a_resumed_schedule_continues_with_its_next_run_from_now():
    paused = {**RATE, "State": "DISABLED"}
    timing = timing_after_update(RATE, timing_after_firing(RATE, initial_timing(RATE, NOON)), paused, NOON + MINUTE)
    assert timing.occurrence is None
    resumed = timing_after_update(paused, timing, RATE, NOON + 5 * HOUR + MINUTE)
    assert resumed.occurrence == NOON + 6 * HOUR


def test_a_schedule_resumed_after_the_clock_was_set_back_repeats_no_run():
    paused = {**RATE, "State": "DISABLED"}
    timing = timing_after_update(RATE, timing_after_firing(RATE, initial_timing(RATE, NOON)), paused, NOON)
    resumed = timing_after_update(paused, timing, RATE, NOON - 5 * HOUR - MINUTE)
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
def test_a_change_of_expression_zone_or_dates_takes_effect_at_once(changed, occurrence):
    assert timing_after_update(DAILY, initial_timing(DAILY, NOON), {**DAILY, **changed}, NOON).occurrence == occurrence


def test_a_disabled_at_whose_time_has_passed_is_due_when_enabled():
    paused = {**ONCE, "State": "DISABLED"}
    assert timing_after_update(paused, initial_timing(paused, NOON), ONCE, NOON + 5 * HOUR).occurrence == NOON + HOUR


def test_a_changed_rate_counts_from_the_change():
    halves = definition("rate(30 minutes)")
    changed = timing_after_update(
        RATE, timing_after_firing(RATE, initial_timing(RATE, NOON)), halves, NOON + 7 * MINUTE
    )
    assert changed.occurrence == NOON + 7 * MINUTE
    assert timing_after_firing(halves, changed).occurrence == NOON + 37 * MINUTE


def test_a_flexible_window_delays_by_a_constant_within_its_length():
    window = definition("cron(0 * * * ? *)", FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 10})
    timing = initial_timing(window, NOON)
    assert timing.occurrence == NOON
    assert NOON <= timing.due < NOON + 10 * MINUTE
    assert initial_timing(window, NOON) == timing


def test_a_flexible_window_ends_at_the_end_of_the_calendar():
    """A later due instant would be unreadable, and nothing fires while it is the earliest one."""
    window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 1440}
    for number in range(50):
        last = definition(f"at(9999-12-30T23:59:{number + 10})", Name=f"n{number}", FlexibleTimeWindow=window)
        timing = initial_timing({**last, "ScheduleExpressionTimezone": "Etc/GMT+12"}, NOON)
        assert from_epoch_ms(timing.due) >= from_epoch_ms(timing.occurrence)
