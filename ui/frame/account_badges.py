"""The destinations of a post as Markdown badges with faces."""

from collections.abc import Sequence

from core.posts.destinations import Destination
from ui.frame.application import application
from ui.frame.faces import face, logo
from ui.frame.wording import account_names, escape

FACE_SIZE = 20
"""Pixels of a face in a badge."""


def destination_badges(destinations: Sequence[Destination]) -> str:
    """Return the accounts of destinations as Markdown badges: the face and the name of each."""
    each_once = dict.fromkeys(destination.account for destination in destinations)
    named = zip(each_once, account_names(destinations), strict=True)
    return " ".join(f":gray-badge[{destination_face(name)} {escape(words)}]" for name, words in named)


def destination_face(destination: Destination) -> str:
    """Return the face of a destination's account, or the logo of its network if it is no longer connected."""
    accounts = {account.destination: account for account in application().accounts.all()}
    found = accounts.get(destination.account)
    return face(found, FACE_SIZE) if found else logo(destination.account.partition(":")[0], FACE_SIZE)
