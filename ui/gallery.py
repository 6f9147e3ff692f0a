"""The pictures and videos of a post, as its readers see them."""

from collections.abc import Sequence

import streamlit as st

from core.errors import PunctualError
from core.models import Media
from ui.pictures import small


def gallery(media: Sequence[Media], *, width: int) -> None:
    """Draw the pictures, each `width` pixels wide and with its description; what cannot be shown is said."""
    found: list[tuple[bytes, str]] = []
    for each in media:
        if each.kind == "video":
            st.caption(":material/movie: with a video")
            continue
        try:
            found.append((small(each.reference), each.alt))
        except PunctualError as error:
            st.caption(f":material/broken_image: {error}")
    if found:
        st.image([content for content, _ in found], width=width, alt=[alt for _, alt in found])
