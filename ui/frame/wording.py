"""Markdown for people's texts and for account names, and the label, icon and colour of each state."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from core.labels.label import label_key
from core.ledger.post_state import StateName
from core.posts.destinations import Destination
from core.posts.models import Repeat
from core.time.phrases import clock_time, excerpt, opening, promise
from ui.frame.application import application
from ui.frame.viewer import viewer_zone

_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|:~$])")
_INLINE_SPECIAL = re.compile(r"([\\`*\[\]<~$]|(?<!\w)_|_(?!\w)|:(?=[a-zA-Z+-]))")
_MARKUP = re.compile(r"[\\`*_\[\]<>~$]|:(?!\d)")
_LINK = re.compile(r"(https?://[^\s<>]+)")

SUBJECT_LENGTH = 40
"""Characters of a post's text that screen readers read with a button."""
EXCERPT, EXCERPT_LINES = 240, 6
"""Characters and lines of a post that its card shows."""

BADGES: dict[StateName, tuple[str, str, str]] = {
    "being scheduled": ("Scheduling", "hourglass_top", "gray"),
    "scheduled": ("Scheduled", "schedule", "primary"),
    "paused": ("Paused", "pause_circle", "orange"),
    "not armed": ("Not scheduled yet, retrying", "hourglass_top", "orange"),
    "cancelled": ("Cancelled", "block", "gray"),
    "ended": ("Ended", "event_busy", "gray"),
    "moved": ("Exported", "move_up", "gray"),
    "time has passed": ("Past due", "event_busy", "orange"),
    "needs a time": ("Needs a time", "more_time", "orange"),
    "missing": ("Missing: not published", "error", "red"),
    "going out": ("Publishing", "send", "blue"),
    "handed over": ("Handed over", "send", "blue"),
    "retrying": ("Retrying", "autorenew", "orange"),
    "published": ("Published", "check_circle", "green"),
    "refused": ("Refused", "error", "red"),
    "failed": ("Failed", "error", "red"),
    "unconfirmed": ("Unconfirmed", "help", "orange"),
    "superseded": ("Changed or cancelled", "history", "gray"),
    "missed": ("Missed", "event_busy", "red"),
}
"""The label, icon and colour of each state."""


def escape(text: str) -> str:
    """Return text escaped so that Markdown shows it unchanged."""
    return _SPECIAL.sub(r"\\\1", text)


def escape_inline(text: str) -> str:
    """Return text escaped for the middle of a line of Markdown, with as few backslashes as possible.

    Screen readers read a switch's label from its source, backslashes included.
    """
    return _INLINE_SPECIAL.sub(r"\\\1", text)


def accessible_label(label: str, subject: str) -> str:
    """Return a label for one of several equal buttons: screen readers also read `subject`, as in `Cancel 09:00, Hello`.

    style.css hides the subject. Markup is removed, not escaped, because screen readers read a menu's label from its
    source.
    """
    words = " ".join(_MARKUP.sub(" ", subject).split())
    return f"{label} *{words}*" if words else label


def post_subject(due_at: datetime, text: str) -> str:
    """Return a post's time and the beginning of its text, for `accessible_label`."""
    return f"{clock_time(due_at, viewer_zone())}, {excerpt(text, SUBJECT_LENGTH)}"


def slack_of(repeat: Repeat | None, zone: str) -> timedelta:
    """Return how long after its times a post with this rule, or a one-time post, may go out. On one machine, 0."""
    return application().backend.target.slack_of(repeat, zone)


def promised_time(time: str, zone: str) -> str:
    """Return the text of a one-time post's time, or `within a minute of 09:00` if the post may go out after it."""
    return promise(time, slack_of(None, zone))


def card_text(text: str) -> str:
    """Return the beginning of a post's text for its card, with its lines and paragraphs."""
    return opening(text, EXCERPT, lines=EXCERPT_LINES)


def post_markdown(text: str) -> str:
    """Return a post's text as Markdown that keeps its lines and makes its links work, and formats nothing else."""
    lines = ("".join(_word(part) for part in _LINK.split(line)) for line in text.splitlines())
    return "  \n".join(line or "&nbsp;" for line in lines)


def _word(part: str) -> str:
    return f"<{part}>" if _LINK.fullmatch(part) else escape(part)


def state_badge(state: StateName) -> str:
    """Return a state as a Markdown badge."""
    label, icon, colour = BADGES[state]
    return f":{colour}-badge[:material/{icon}: {label}]"


def label_badges(names: Sequence[str]) -> str:
    """Return labels as Markdown badges in their colours. A label that was deleted is gray."""
    if not names:
        return ""
    colours: dict[str, str] = {label.key: label.colour for label in application().all_labels()}
    badges = [(colours.get(label_key(name), "gray"), escape(name)) for name in names]
    return " ".join(f":{colour}-badge[:material/label: {name}]" for colour, name in badges)


def account_names(destinations: Sequence[Destination]) -> list[str]:
    """Return each account's name once, with the number of its thread parts, or the part number of a single part.

    An account that is no longer connected appears as its destination.
    """
    labels = {account.destination: account.label for account in application().accounts.all()}
    parts: dict[Destination, list[int]] = {}
    for destination in destinations:
        parts.setdefault(destination.account, []).append(destination.part)
    return [labels.get(account, account) + _parts(numbers) for account, numbers in parts.items()]


def _parts(numbers: list[int]) -> str:
    if len(numbers) > 1:
        return f", {len(numbers)} parts"
    return f", part {numbers[0]}" if numbers[0] > 1 else ""
