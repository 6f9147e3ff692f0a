"""The parts of a text that its author separated with lines of three dashes."""

import re
from collections.abc import Iterable

DASHES = "---"
"""The line that ends a part and begins the next one."""
_LINE = re.compile(rf"^[ \t]*{DASHES}[ \t\r]*$", re.MULTILINE)


def hand_split(text: str) -> list[str]:
    """Return the parts of a text in order, without the white space around the dashes.

    A text without a line of dashes is returned unchanged. A part may be empty.
    """
    parts = _LINE.split(text)
    return [text] if len(parts) == 1 else [part.strip() for part in parts]


def hand_join(parts: Iterable[str]) -> str:
    """Return one text that `hand_split` splits into these parts."""
    return f"\n{DASHES}\n".join(parts)


def without_dashes(text: str) -> str:
    """Return the text for a network without threads: its parts joined by an empty line, empty parts left out."""
    parts = hand_split(text)
    return text if len(parts) == 1 else "\n\n".join(filter(None, parts))
