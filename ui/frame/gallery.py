"""The pictures and videos of a post, as its readers see them."""

from collections.abc import Sequence

import streamlit as st

from core.errors import PunctualError
from core.media.pictures import thumbnail
from core.posts.models import Media
from ui.frame.application import application


def gallery(media: Sequence[Media], *, width: int) -> None:
    """Draw them side by side, each `width` pixels wide."""
    with st.container(horizontal=True, gap="small"):
        for each in media:
            if each.kind == "picture":
                picture(each.reference, width=width, alt=each.alt)
            else:
                st.caption(":material/movie: with a video")


def picture(reference: str, *, width: int, alt: str) -> None:
    """Draw a kept picture with its description, or say why it cannot be shown."""
    try:
        st.image(_small(reference), width=width, alt=alt)
    except PunctualError as error:
        st.caption(f":material/broken_image: {error}")


@st.cache_data(max_entries=200, show_spinner=False)
def _small(reference: str) -> bytes:
    """Return a small version of a kept picture. Raises MissingMedia or CorruptPicture."""
    return thumbnail(application().media.get(reference))
