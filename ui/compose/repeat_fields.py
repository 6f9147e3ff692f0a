"""The choice of a repeating rule, with the fields that each rule needs."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

import streamlit as st

from core.posts import recurrence
from core.posts.models import Repeat
from core.posts.repeat_rules import (
    ChosenWeekdays,
    Daily,
    MonthlyDate,
    MonthlyLastDay,
    MonthlyWeekday,
    OwnCron,
    Rule,
    Weekday,
    Weekdays,
)
from core.posts.series import series
from core.time.instants import wall_time
from ui.compose import time_fields
from ui.frame.application import application

NEVER = "Does not repeat"
NTH: dict[str, int | None] = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": None}


def _no_fields(key: str, day: date) -> None:
    """Some rules need no more than a time of day."""


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


def _date_fields(key: str, day: date) -> None:
    st.session_state.setdefault(f"{key}-day", day.day)
    st.number_input("Day of the month", 1, 31, key=f"{key}-day", persist_state="session")


def _weekday_fields(key: str, day: date) -> None:
    st.session_state.setdefault(f"{key}-nth", list(NTH)[min((day.day - 1) // 7, 4)])
    st.session_state.setdefault(f"{key}-weekday", list(Weekday)[day.weekday()])
    left, right = st.columns(2, wrap=False)
    left.selectbox("Which", NTH, key=f"{key}-nth", persist_state="session")
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
        help="Minute, hour, day of month, month, weekday and year, with ? in one of the two day fields.",
        persist_state="session",
    )


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One kind of rule: the rule that stands in its fields (which may raise a PunctualError), and how to draw them."""

    rule: Callable[[str], Rule]
    fields: Callable[[str, date], None] = _no_fields


CHOICES: dict[str, Choice | None] = {
    NEVER: None,
    "Every day": Choice(rule=lambda key: Daily()),
    "Every weekday, Monday to Friday": Choice(rule=lambda key: Weekdays()),
    "Every week, on chosen days": Choice(
        rule=lambda key: ChosenWeekdays(days=tuple(st.session_state[f"{key}-days"])), fields=_weekdays_fields
    ),
    "Every month, on a date": Choice(
        rule=lambda key: MonthlyDate(day=st.session_state[f"{key}-day"]), fields=_date_fields
    ),
    "Every month, on the last day": Choice(rule=lambda key: MonthlyLastDay()),
    "Every month, on a weekday": Choice(
        rule=lambda key: MonthlyWeekday(
            nth=NTH[st.session_state[f"{key}-nth"]], weekday=st.session_state[f"{key}-weekday"]
        ),
        fields=_weekday_fields,
    ),
    "By a cron expression": Choice(
        rule=lambda key: OwnCron(expression=st.session_state[f"{key}-cron"] or ""), fields=_cron_fields
    ),
}
_NAMES = dict(
    zip(
        (Daily, Weekdays, ChosenWeekdays, MonthlyDate, MonthlyLastDay, MonthlyWeekday, OwnCron),
        list(CHOICES)[1:],
        strict=True,
    )
)


RULES = [name for name, choice in CHOICES.items() if choice is not None]
"""What a post that repeats may be changed to."""


def choose(key: str, offered: Iterable[str]) -> None:
    """Draw the choice and the fields of the chosen rule, after the time fields under the same key."""
    st.selectbox("Repeats", offered, key=f"{key}-repeats", required=True, filter_mode=None, persist_state="session")
    choice = _chosen(key)
    if choice is not None:
        choice.fields(key, time_fields.picked(key).wall.date())
        st.date_input("Last date (optional)", None, key=f"{key}-last", format="YYYY-MM-DD", persist_state="session")


def chosen(key: str) -> bool:
    """Whether the post is to repeat."""
    return _chosen(key) is not None


def chosen_rule(key: str) -> Rule | None:
    """Return the rule that stands in the fields, None for a single post. Raises what rules raise."""
    choice = _chosen(key)
    return choice.rule(key) if choice is not None else None


def repeat(key: str) -> Repeat | None:
    """Return the series that stands in the fields, None for a single post. Raises what rules and `series` raise."""
    rule = chosen_rule(key)
    if rule is None:
        return None
    picked, last = time_fields.picked(key), st.session_state.get(f"{key}-last")
    first = picked.wall.date()
    return series(rule, picked.wall.time(), picked.zone, first=first, last=last, now=application().clock())


def fill(key: str, planned: Repeat | None, zone: str) -> None:
    """Fill the fields with a series' rule, and with nothing else, and the time field with its time of day."""
    state = st.session_state
    for field in ("days", "day", "nth", "weekday", "cron", "last"):
        state.pop(f"{key}-{field}", None)
    if planned is None:
        state[f"{key}-repeats"] = NEVER
        return
    rule, at = recurrence.read(planned.expression)
    state[f"{key}-repeats"] = _NAMES[type(rule)]
    state[f"{key}-last"] = wall_time(planned.ends_at, zone).date() if planned.ends_at else None
    match rule:
        case ChosenWeekdays(days=days):
            state[f"{key}-days"] = list(days)
        case MonthlyDate(day=day):
            state[f"{key}-day"] = day
        case MonthlyWeekday(nth=nth, weekday=weekday):
            state[f"{key}-nth"] = next(name for name, number in NTH.items() if number == nth)
            state[f"{key}-weekday"] = weekday
        case OwnCron(expression=expression):
            state[f"{key}-cron"] = expression
    if at is not None:
        time_fields.set_time(key, at)


def _chosen(key: str) -> Choice | None:
    return CHOICES[st.session_state.get(f"{key}-repeats") or NEVER]
