"""Cron expressions as people paste them: with spaces around, or in the five fields of Unix, where AWS has six."""

import re

from core.errors import PunctualError
from core.time.expressions import InvalidExpression, parse_expression

_SIX_FIELDS = "minute, hour, day of month, month, weekday, year, with ? in one of the two day fields: 0 9 ? * MON-FRI *"


class NoCron(PunctualError):
    """The field for a cron expression is empty."""

    hint = f"Write six fields: {_SIX_FIELDS}."

    def __init__(self) -> None:
        super().__init__("The cron expression is empty.")


class InvalidCron(InvalidExpression):
    """AWS rejects the cron expression."""

    def __init__(self, text: str) -> None:
        PunctualError.__init__(self, f"“{text}” is not a cron expression of AWS.")
        offered = six_fields(text)
        if offered:
            self.hint = f"AWS's cron has six fields. Write {offered}"
        else:
            self.hint = f"Write six fields: {_SIX_FIELDS}."


def cron_expression(text: str) -> str:
    """Return `cron(...)` for a text with or without it. Raises NoCron or InvalidCron."""
    fields = " ".join(text.split())
    if bracketed := re.fullmatch(r"cron ?\((.*)\)", fields, re.IGNORECASE):
        fields = bracketed[1].strip()
    if not fields:
        raise NoCron
    expression = f"cron({fields})"
    try:
        parse_expression(expression)
    except InvalidExpression as error:
        raise InvalidCron(fields) from error
    return expression


def six_fields(text: str) -> str | None:
    """Return AWS's six fields for the five of Unix, or None where there are none that mean the same."""
    fields = text.split()
    if len(fields) != 5:
        return None
    minute, hour, day, month, weekday = fields
    if weekday == "*":
        weekday = "?"
    elif day == "*":
        day, weekday = "?", re.sub(r"(?<![/#\w])\d", lambda found: str(int(found[0]) % 7 + 1), weekday)
    else:
        return None  # Unix takes either day, and AWS has no such rule
    offered = f"{minute} {hour} {day} {month} {weekday} *"
    try:
        parse_expression(f"cron({offered})")
    except InvalidExpression:
        return None
    return offered
