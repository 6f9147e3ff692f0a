"""The pictures and videos of a post, as its readers see them."""

from collections.abc import Sequence

import streamlit as st

from core.errors import PunctualError
from core.models import Media
from ui.pictures import small


def gallery(media: Sequence[Media], *, width: int) -> None:
    """Draw the pictures, each `width` pixels wide and with its description; what cannot be shown is said."""
    with st.container(horizontal=True, gap="small"):
        for each in media:
            _show(each, width)


def _show(media: Media, width: int) -> None:
    if media.kind == "video":
        st.caption(":material/movie: with a video")
        return
    try:
        st.image(small(media.reference), width=width, alt=media.alt)
    except PunctualError as error:
        st.caption(f":material/broken_image: {error}")
