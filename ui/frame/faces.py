"""Faces of accounts and logos of networks as Markdown images. `face_route.py` serves the pictures."""

import hashlib
from urllib.parse import quote

from core.accounts.port import Account
from ui.frame.wording import escape

SIZES = range(12, 129)
"""Pixels of a side that the server draws."""
PATH = "faces"
_DRAWING = "1"
"""Counts the changes of the drawing. A browser keeps the picture of an address."""


def face(account: Account, size: int, *, alt: str = "") -> str:
    """Return the face of an account as a Markdown image of `size` pixels, also for labels of widgets.

    Screen readers read `alt`. It stays empty where the account's name is beside the face.
    """
    return f"![{escape(alt)}]({face_url(account, size)})"


def logo(network: str, size: int, *, alt: str = "") -> str:
    """Return the logo of a network as a Markdown image, like `face`."""
    return f"![{escape(alt)}]({logo_url(network, size)})"


def face_url(account: Account, size: int) -> str:
    """Return the address of a face, relative to a page. It changes when the face does."""
    shown = "\n".join([_DRAWING, account.name, account.handle, account.label, account.avatar or ""])
    version = hashlib.sha256(shown.encode()).hexdigest()[:12]
    return f"{PATH}/accounts/{quote(account.destination, safe='')}.svg?size={size}&v={version}"


def logo_url(network: str, size: int) -> str:
    """Return the address of a logo, relative to a page."""
    return f"{PATH}/networks/{quote(network, safe='')}.svg?size={size}&v={_DRAWING}"
