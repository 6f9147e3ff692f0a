"""Draws faces and logos as SVG: an avatar or initials in a circle, with the icon of the network."""

from html import escape

import regex

from core.accounts.port import Account
from ui.frame.account_states import own_name
from ui.frame.network_looks import ICON_SIDE, NetworkLook, network_look
from ui.frame.picture_addresses import data_uri

SMALL = 24
"""Pixels below which letters cannot be read beside the icon of the network."""
_SIDE = 64
_FONT = 'font-family="Figtree, system-ui, sans-serif" font-weight="700" text-anchor="middle" fill="#fff"'
_RING = 'fill="none" stroke="#808b8e" stroke-opacity=".55" stroke-width="1.5"'
_BADGE_CENTRE, _BADGE_RADIUS = 51.5, 11


def face_svg(account: Account, avatar: bytes | None, size: int) -> str:
    """Return the face of an account: its avatar, a JPEG or PNG, or its initials in the colour of its network.

    A SMALL face without an avatar is the icon of its network.
    """
    look = network_look(account.network)
    if avatar is None and size < SMALL:
        circle = f'<circle cx="32" cy="32" r="32" fill="{look.colour}"/><circle cx="32" cy="32" r="31.25" {_RING}/>'
        return _svg(f"{circle}{_mark(look, 32, 32, 36)}", size)
    if avatar is not None:
        place = 'width="64" height="64" preserveAspectRatio="xMidYMid slice" clip-path="url(#c)"'
        clip = '<clipPath id="c"><circle cx="32" cy="32" r="32"/></clipPath>'
        inside = f'{clip}<image href="{data_uri(avatar)}" {place}/>'
    else:
        letters = escape(initials(account))
        inside = f'<circle cx="32" cy="32" r="32" fill="{look.colour}"/>{_text(letters, 30.5, 30.5, 23)}'
    at, radius = _BADGE_CENTRE, _BADGE_RADIUS
    badge = (
        f'<circle cx="{at}" cy="{at}" r="{radius + 1.5}" fill="#fff"/>'
        f'<circle cx="{at}" cy="{at}" r="{radius}" fill="{look.colour}"/>{_mark(look, at, at, 13)}'
    )
    return _svg(f'{inside}<circle cx="32" cy="32" r="31.25" {_RING}/>{badge}', size)


def logo_svg(network: str, size: int) -> str:
    """Return the icon of a network on a square of its colour."""
    look = network_look(network)
    square = f'<rect width="64" height="64" rx="14" fill="{look.colour}"/>'
    ring = f'<rect x=".75" y=".75" width="62.5" height="62.5" rx="13.25" {_RING}/>'
    return _svg(f"{square}{ring}{_mark(look, 32, 32, 36)}", size)


def initials(account: Account) -> str:
    """Return the first letters of the first and the last word of an account's name."""
    name = account.name or account.handle or own_name(account)
    words = [found[0] for word in name.split() if (found := regex.search(r"[\p{L}\p{N}]", word))]
    return "".join([*words[:1], *words[1:][-1:]]).upper()[:2]


def _mark(look: NetworkLook, x: float, y: float, side: float) -> str:
    """Return the icon or the letters of a network, in white, around a point."""
    if not look.path:
        return _text(escape(look.letters), x, y, side)
    scale = side / ICON_SIDE
    return (
        f'<path transform="translate({x - side / 2} {y - side / 2}) scale({scale:.4g})" fill="#fff" d="{look.path}"/>'
    )


def _text(letters: str, x: float, y: float, size: float) -> str:
    return f'<text x="{x}" y="{y + size * 0.35:.4g}" font-size="{size}" {_FONT}>{letters}</text>'


def _svg(content: str, size: int) -> str:
    box = f'viewBox="0 0 {_SIDE} {_SIDE}" width="{size}" height="{size}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box}>{content}</svg>'
