"""The pictures and videos of a post, as its readers see them."""

from collections.abc import Sequence

import streamlit as st

from core.errors import PunctualError
from core.media.pictures import thumbnail
from core.posts.models import Media
from ui.frame.application import application


def gallery(media: Sequence[Media], *, width: int) -> None:
    """Draw the media side by side, each `width` pixels wide."""
    with st.container(horizontal=True, gap="small"):
        for each in media:
            if each.kind == "picture":
                picture(each.reference, width=width, alt=each.alt)
            else:
                st.caption(":material/movie: Video")


def picture(reference: str, *, width: int, alt: str) -> None:
    """Draw a stored picture with its description, or the reason why it cannot be shown."""
    try:
        st.image(_thumbnail(reference), width=width, alt=alt)
    except PunctualError as error:
        st.caption(f":material/broken_image: {error}")


@st.cache_data(max_entries=200, show_spinner=False)
def _thumbnail(reference: str) -> bytes:
    """Return a small version of a stored picture. Raises MissingMedia or CorruptPicture."""
    return thumbnail(application().media.get(reference))
