"""The colour and the icon of each network.

icons/ has the icons that Simple Icons offers (CC0); a network without one has a letter. Colours are close to those of
the networks, and dark enough for white letters (a contrast of 4.5).
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_ICONS = Path(__file__).parent / "icons"
_PATH = re.compile(r'<path d="([^"]+)"')
ICON_SIDE = 24
"""The side of the square of an icon's path."""
_COLOURS = {
    "bluesky": "#0a6cd4",
    "discord": "#5865f2",
    "linkedin": "#0a66c2",
    "mastodon": "#5b50e6",
    "outbox": "#0e6674",
    "slack": "#611f69",
    "telegram": "#1578ad",
    "webhook": "#4d5b66",
    "x": "#14181c",
}
_OTHER = "#4d5b66"


@dataclass(frozen=True, kw_only=True)
class NetworkLook:
    """A network's colour, and the path of its icon or, if it has none, its letters."""

    colour: str
    path: str
    letters: str


@cache
def network_look(network: str) -> NetworkLook:
    """Return the look of a network, also of an unknown one."""
    file = _ICONS / f"{network}.svg"
    found = _PATH.search(file.read_text(encoding="utf-8")) if network in _COLOURS and file.is_file() else None
    letters = {"linkedin": "in", "outbox": "P"}.get(network, network[:1].upper())
    return NetworkLook(colour=_COLOURS.get(network, _OTHER), path=found[1] if found else "", letters=letters)
