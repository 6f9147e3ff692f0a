"""People's words in Streamlit's Markdown, and the names, icons and colours of states."""

import re
from collections.abc import Sequence
from datetime import datetime

from core.ledger.post_state import State
from core.posts.models import account_and_part
from core.time.phrases import clock_time, excerpt
from ui.frame.application import application
from ui.frame.viewer import viewer_zone

_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|:~$])")
_MARKUP = re.compile(r"[\\`*_\[\]<>~$]|:(?!\d)")
_ACTS_WITHIN = re.compile(r"([\\`*\[\]<~$]|(?<!\w)_|_(?!\w)|:(?=[a-zA-Z+-]))")
_LINK = re.compile(r"(https?://[^\s<>]+)")

HEARD = 40
"""Characters of a post's text that tell it from others."""

BADGES: dict[State, tuple[str, str, str]] = {
    "being scheduled": ("Being scheduled", "hourglass_top", "gray"),
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


def plain_within(text: str) -> str:
    """Return text for the middle of a line of Markdown, with no more escapes than it needs there.

    A switch has its name for screen readers from its label as it is written.
    """
    return _ACTS_WITHIN.sub(r"\\\1", text)


def heard(label: str, about: str) -> str:
    """Return the label of a button that several have: a screen reader goes on to say what it is about.

    ui/frame/style.css takes that from the page. A menu has its name from this as it is written, so markup is left out and
    not escaped.
    """
    words = " ".join(_MARKUP.sub(" ", about).split())
    return f"{label} *{words}*" if words else label


def which(due_at: datetime, text: str) -> str:
    """Return what tells one post from another where it is heard: its time and how it begins."""
    return f"{clock_time(due_at, viewer_zone())}, {excerpt(text, HEARD)}"


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
