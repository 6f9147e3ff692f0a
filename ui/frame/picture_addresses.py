"""Pictures as addresses that contain the picture."""

import base64

import streamlit as st

from core.errors import PunctualError
from core.media.pictures import thumbnail
from ui.frame.application import application
from ui.frame.gallery import first_frame


def picture_address(reference: str, side: int) -> str:
    """Return a small version of a stored picture, with `side` pixels at most; an empty text if it cannot be read."""
    try:
        return _address(reference, side)
    except PunctualError:
        return ""  # the card of the post names the reason


def frame_address(reference: str, side: int) -> str:
    """Return a small version of the first frame of a stored video; an empty text if it cannot be read."""
    try:
        return _frame(reference, side)
    except PunctualError:
        return ""  # the card of the post names the reason


@st.cache_data(max_entries=500, show_spinner=False)
def _address(reference: str, side: int) -> str:
    return data_uri(thumbnail(application().media.get(reference), side=side))


@st.cache_data(max_entries=100, show_spinner=False)
def _frame(reference: str, side: int) -> str:
    frame = first_frame(reference)
    return data_uri(thumbnail(frame, side=side)) if frame else ""


def data_uri(content: bytes) -> str:
    """Return the address of a JPEG or PNG."""
    kind = "png" if content.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
