"""People's words in Streamlit's Markdown, and the names, icons and colours of states."""

import re
from collections.abc import Sequence

from core.models import account_and_part
from core.standing import State
from ui.application import application

_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|:~$])")
_LINK = re.compile(r"(https?://[^\s<>]+)")

BADGES: dict[State, tuple[str, str, str]] = {
    "scheduled": ("Scheduled", "schedule", "primary"),
    "paused": ("Paused", "pause_circle", "orange"),
    "not armed": ("Not armed, trying again", "hourglass_top", "orange"),
    "cancelled": ("Cancelled", "block", "gray"),
    "moved": ("Moved elsewhere", "move_up", "gray"),
    "time has passed": ("Time has passed", "event_busy", "orange"),
    "missing": ("Missing: it did not go out", "error", "red"),
    "going out": ("Going out", "send", "blue"),
    "handed over": ("Handed over", "send", "blue"),
    "retrying": ("Trying again", "autorenew", "orange"),
    "published": ("Published", "check_circle", "green"),
    "refused": ("Refused", "error", "red"),
    "failed": ("Failed", "error", "red"),
    "unconfirmed": ("Unconfirmed", "help", "orange"),
    "superseded": ("Superseded", "history", "gray"),
    "missed": ("Missed", "event_busy", "red"),
}
"""Of each state its name, its icon and its colour."""


def plain(text: str) -> str:
    """Return text so that Markdown shows it as it is."""
    return _SPECIAL.sub(r"\\\1", text)


def as_read(text: str) -> str:
    """Return text as Markdown that shows it as its readers see it: lines kept, links to be followed, nothing else."""
    lines = ("".join(_word(part) for part in _LINK.split(line)) for line in text.splitlines())
    return "  \n".join(line or "&nbsp;" for line in lines)


def _word(part: str) -> str:
    return f"<{part}>" if _LINK.fullmatch(part) else plain(part)


def state_badge(state: State) -> str:
    """Return a state as a Markdown badge."""
    name, icon, colour = BADGES[state]
    return f":{colour}-badge[:material/{icon}: {name}]"


def destination_badges(destinations: Sequence[str]) -> str:
    """Return the destinations as Markdown badges, by the names of their accounts."""
    return " ".join(f":gray-badge[{plain(label)}]" for label in account_names(destinations))


def account_names(destinations: Sequence[str]) -> list[str]:
    """Return the names of the accounts, each once, with how many parts or which part of a thread is meant.

    One that is no longer connected goes by its destination.
    """
    known = {account.destination: account.label for account in application().accounts.all()}
    parts: dict[str, list[int]] = {}
    for destination in destinations:
        account, number = account_and_part(destination)
        parts.setdefault(account, []).append(number)
    return [known.get(account, account) + _parts(numbers) for account, numbers in parts.items()]


def _parts(numbers: list[int]) -> str:
    if len(numbers) > 1:
        return f", {len(numbers)} parts"
    return f", part {numbers[0]}" if numbers[0] > 1 else ""
