"""Small pictures on chips, as addresses that contain the picture."""

import base64

import streamlit as st

from core.errors import PunctualError
from core.media.pictures import thumbnail
from ui.frame.application import application

SIDE = 48
"""Pixels."""
MOST = 40
"""The most pictures of one board."""


class Thumbnails:
    """Returns small versions of the first MOST pictures, and an empty text for the others.

    On AWS, it returns none: each picture would be a request.
    """

    def __init__(self) -> None:
        self._left = MOST if application().aws is None else 0

    def __call__(self, reference: str) -> str:
        """Return the address of the small version of a stored picture, or an empty text if there is none."""
        if not self._left:
            return ""
        self._left -= 1
        return _address(reference)


@st.cache_data(max_entries=500, show_spinner=False)
def _address(reference: str) -> str:
    try:
        content = thumbnail(application().media.get(reference), side=SIDE)
    except PunctualError:
        return ""  # the card beside the calendar names the reason
    kind = "png" if content.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
