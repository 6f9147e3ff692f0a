"""The repeat fields of a post: the choice of a rule, and the fields that each rule needs."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import streamlit as st

from core.errors import PunctualError
from core.posts import recurrence
from core.posts.models import EVERY_WEEKS_LIMIT, Repeat
from core.posts.repeat_rules import (
    ChosenWeekdays,
    CustomCron,
    Daily,
    EveryNWeeks,
    EveryWeekday,
    MonthlyDate,
    MonthlyLastDay,
    MonthlyWeekday,
    RepeatRule,
    Weekday,
    Yearly,
    ordinal,
)
from core.posts.series import MOST_RUNS, build_series
from core.time.instants import wall_time
from ui.compose import time_fields
from ui.frame.application import application

NEVER = "Does not repeat"
FOREVER, ON_DATE, AFTER_RUNS = "Never", "On a date", "After some runs"
"""The ends of a series."""
LAST_DAY = 32
"""Stands for the last day of the month among its dates."""
NTH: dict[str, int | None] = {"First": 1, "Second": 2, "Third": 3, "Fourth": 4, "Last": None}


class EndMissing(PunctualError):
    """The field of the chosen end is empty."""

    hint = "Fill the field below Ends, or choose Never."

    def __init__(self, kind: str) -> None:
        super().__init__(f"The series ends {kind.lower()}, and the field is empty.")


def _no_fields(key: str, day: date) -> None:
    """Draw nothing: the rule needs only the time of day."""


def _weekdays_fields(key: str, day: date) -> None:
    st.session_state.setdefault(f"{key}-days", [list(Weekday)[day.weekday()]])
    st.pills(
        "Days",
        list(Weekday),
        selection_mode="multi",
        wrap=True,
        format_func=lambda each: each.title_case[:3],
        key=f"{key}-days",
        persist_state="session",
    )


def _weeks_fields(key: str, day: date) -> None:
    st.session_state.setdefault(f"{key}-weeks", 2)
    st.number_input("Every how many weeks", 2, EVERY_WEEKS_LIMIT, key=f"{key}-weeks", persist_state="session")
    _weekdays_fields(key, day)


def _date_fields(key: str, day: date) -> None:
    st.session_state.setdefault(f"{key}-day", day.day)
    st.selectbox(
        "Day of the month",
        range(1, LAST_DAY + 1),
        format_func=_date_name,
        key=f"{key}-day",
        required=True,
        persist_state="session",
    )


def _date_name(day: int) -> str:
    if day == LAST_DAY:
        return "Last day, the 28th to the 31st"
    return f"{ordinal(day)}, only in months that have it" if day > 28 else ordinal(day)


def _date_rule(key: str) -> RepeatRule:
    day = st.session_state[f"{key}-day"]
    return MonthlyLastDay() if day == LAST_DAY else MonthlyDate(day=day)


def _yearly_rule(key: str) -> Yearly:
    first = time_fields.chosen_time(key).wall.date()
    return Yearly(month=first.month, day=first.day)


def _weekday_fields(key: str, day: date) -> None:
    st.session_state.setdefault(f"{key}-nth", list(NTH)[min((day.day - 1) // 7, 4)])
    st.session_state.setdefault(f"{key}-weekday", list(Weekday)[day.weekday()])
    left, right = st.columns(2, wrap=False)
    left.selectbox("Week", NTH, key=f"{key}-nth", persist_state="session")
    right.selectbox(
        "Weekday",
        list(Weekday),
        format_func=lambda each: each.title_case,
        key=f"{key}-weekday",
        persist_state="session",
    )


def _cron_fields(key: str, day: date) -> None:
    st.session_state.setdefault(f"{key}-cron", "0 9 ? * MON-FRI *")
    st.text_input(
        "Cron expression",
        key=f"{key}-cron",
        help="Six fields: minute, hour, day of month, month, weekday, year. Use ? in one of the two day fields.",
        persist_state="session",
    )


@dataclass(frozen=True, kw_only=True)
class RuleChoice:
    """One kind of rule: how to read the rule from its fields (may raise PunctualError), and how to draw the fields."""

    rule: Callable[[str], RepeatRule]
    fields: Callable[[str, date], None] = _no_fields


CHOICES: dict[str, RuleChoice | None] = {
    NEVER: None,
    "Every day": RuleChoice(rule=lambda key: Daily()),
    "Every weekday (Monday to Friday)": RuleChoice(rule=lambda key: EveryWeekday()),
    "Weekly on chosen days": RuleChoice(
        rule=lambda key: ChosenWeekdays(days=tuple(st.session_state[f"{key}-days"])), fields=_weekdays_fields
    ),
    "Every 2 weeks or more": RuleChoice(
        rule=lambda key: EveryNWeeks(
            days=tuple(st.session_state[f"{key}-days"]), weeks=st.session_state[f"{key}-weeks"]
        ),
        fields=_weeks_fields,
    ),
    "Monthly on a date": RuleChoice(rule=_date_rule, fields=_date_fields),
    "Monthly on the last day": RuleChoice(rule=lambda key: MonthlyLastDay()),
    "Monthly on a weekday": RuleChoice(
        rule=lambda key: MonthlyWeekday(
            nth=NTH[st.session_state[f"{key}-nth"]], weekday=st.session_state[f"{key}-weekday"]
        ),
        fields=_weekday_fields,
    ),
    "Yearly on the first date": RuleChoice(rule=_yearly_rule),
    "Custom (cron expression)": RuleChoice(
        rule=lambda key: CustomCron(expression=st.session_state[f"{key}-cron"] or ""), fields=_cron_fields
    ),
}
_LABELS = dict(
    zip(
        (
            *(Daily, EveryWeekday, ChosenWeekdays, EveryNWeeks),
            *(MonthlyDate, MonthlyLastDay, MonthlyWeekday, Yearly, CustomCron),
        ),
        list(CHOICES)[1:],
        strict=True,
    )
)


RULES = [label for label, choice in CHOICES.items() if choice is not None]
"""The choices for a post that already repeats: it cannot become a one-time post."""


def repeat_fields(key: str, offered: Iterable[str]) -> None:
    """Draw the choice and the fields of the chosen rule, below the time fields under the same key."""
    st.selectbox("Repeat", offered, key=f"{key}-repeats", required=True, filter_mode=None, persist_state="session")
    choice = _chosen(key)
    if choice is not None:
        choice.fields(key, time_fields.chosen_time(key).wall.date())
        _end_fields(key)


def _end_fields(key: str) -> None:
    st.session_state.setdefault(f"{key}-ends", FOREVER)
    ends = [FOREVER, ON_DATE, AFTER_RUNS]
    end = st.segmented_control("Ends", ends, key=f"{key}-ends", required=True, persist_state="session")
    if end == ON_DATE:
        st.date_input("Last date", None, key=f"{key}-last", format="YYYY-MM-DD", persist_state="session")
    elif end == AFTER_RUNS:
        st.session_state.setdefault(f"{key}-runs", 5)
        st.number_input("Runs", 1, MOST_RUNS, key=f"{key}-runs", persist_state="session")


def is_repeating(key: str) -> bool:
    """Return whether the post repeats."""
    return _chosen(key) is not None


def repeat(key: str) -> Repeat | None:
    """Return the series from the fields, or None for a one-time post. Raises the errors of rules and `build_series`."""
    choice = _chosen(key)
    if choice is None:
        return None
    rule, chosen = choice.rule(key), time_fields.chosen_time(key)
    return build_series(
        rule,
        chosen.wall.time(),
        chosen.zone,
        first=chosen.wall.date(),
        last=_end(key, ON_DATE, "last"),
        runs=_end(key, AFTER_RUNS, "runs"),
        now=application().clock(),
    )


def _end(key: str, kind: str, field: str) -> Any:
    """Return the value of the field of the chosen end, and None for the others. Raises EndMissing."""
    if st.session_state.get(f"{key}-ends") != kind:
        return None
    value = st.session_state.get(f"{key}-{field}")
    if value is None:
        raise EndMissing(kind)
    return value


def fill(key: str, planned: Repeat | None, zone: str) -> None:
    """Fill the fields with the rule of a series and the time field with its time of day; empty all other fields."""
    state = st.session_state
    for field in ("days", "weeks", "day", "nth", "weekday", "cron", "ends", "last", "runs"):
        state.pop(f"{key}-{field}", None)
    if planned is None:
        state[f"{key}-repeats"] = NEVER
        return
    rule, at = recurrence.rule_of(planned)
    state[f"{key}-repeats"] = _LABELS[type(rule)]
    state[f"{key}-ends"] = ON_DATE if planned.ends_at else FOREVER
    state[f"{key}-last"] = wall_time(planned.ends_at, zone).date() if planned.ends_at else None
    match rule:
        case EveryNWeeks(days=days, weeks=weeks):
            state[f"{key}-days"], state[f"{key}-weeks"] = list(days), weeks
        case ChosenWeekdays(days=days):
            state[f"{key}-days"] = list(days)
        case MonthlyDate(day=day):
            state[f"{key}-day"] = day
        case MonthlyWeekday(nth=nth, weekday=weekday):
            state[f"{key}-nth"] = next(label for label, number in NTH.items() if number == nth)
            state[f"{key}-weekday"] = weekday
        case CustomCron(expression=expression):
            state[f"{key}-cron"] = expression
    if at is not None:
        time_fields.set_time(key, at)


def _chosen(key: str) -> RuleChoice | None:
    return CHOICES[st.session_state.get(f"{key}-repeats") or NEVER]
