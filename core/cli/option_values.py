"""The values of options: each function returns a value, or raises argparse.ArgumentTypeError with what is wrong."""

import argparse
import re
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.bulk.columns import Column
    from core.bulk.row_times import DateOrder

UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
LAST_PORT = 65535
_ACCOUNT_OPTION = re.compile(r"(?P<destination>.+?):(?P<name>[a-z_]+)=(?P<value>.*)", re.DOTALL)


def wall_time(text: str) -> datetime | str:
    """Return a date and time without an offset; a text in other words as it is, to be read with the zone and now."""
    try:
        wall = datetime.fromisoformat(text)
    except ValueError:
        return text
    if wall.tzinfo is not None:
        return text
    if _is_date(text):
        raise argparse.ArgumentTypeError(f"{text!r} has no time of day; give one, like {text}T09:00")
    return wall


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def post_id(text: str) -> str:
    """Return the id of a post."""
    from core.posts.models import ID_ALPHABET, new_post_id  # here, because most commands need no model of a post

    if len(text) != len(new_post_id()) or not set(text) <= set(ID_ALPHABET):
        raise argparse.ArgumentTypeError(f"{text!r}: an id has 12 characters, each one of {ID_ALPHABET}")
    return text


def duration(text: str) -> timedelta:
    """Return a time such as 10s, at most three years."""
    from core.scheduling.time_limits import PLANNING_HORIZON  # here, because most commands schedule nothing

    number, unit = text[:-1], text[-1:]
    if unit not in UNIT_SECONDS or not number.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a duration like 10s, 5m, 2h or 3d")
    seconds = int(number) * UNIT_SECONDS[unit]
    if seconds > PLANNING_HORIZON.total_seconds():
        raise argparse.ArgumentTypeError(f"{text!r} is more than three years")
    return timedelta(seconds=seconds)


def account_option(text: str) -> tuple[str, str, str]:
    """Return the destination, the name and the value of an option of a post."""
    found = _ACCOUNT_OPTION.fullmatch(text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is not an option like bluesky:ada.example:replies=nobody")
    return found["destination"], found["name"], found["value"]


def positive(text: str) -> int:
    """Return a whole number from 1."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive whole number")
    return int(text)


def port(text: str) -> int:
    """Return the number of a port, from 1."""
    if not text.isdecimal() or not 1 <= int(text) <= LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: give a whole number from 1 to {LAST_PORT}")
    return int(text)


def any_port(text: str) -> int:
    """Return the number of a port; 0 is any free one."""
    return 0 if text == "0" else port(text)


def column(text: str) -> "tuple[str, Column | None]":
    """Return the name of a column and what it holds, None for nothing."""
    from core.bulk.columns import column_named  # here, because most commands read no table

    name, equals, meaning = text.rpartition("=")
    found = column_named(meaning)
    if not equals or not (found or meaning == "none"):
        raise argparse.ArgumentTypeError(f"{text!r} does not say what a column holds: give NAME=text, or NAME=none")
    return name, found


def order(text: str) -> "DateOrder":
    """Return the order of day and month."""
    if text == "day-first":
        return "day first"
    if text == "month-first":
        return "month first"
    raise argparse.ArgumentTypeError(f"{text!r} is neither day-first nor month-first")
