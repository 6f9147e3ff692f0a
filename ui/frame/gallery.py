"""The pictures and videos of a post, as its readers see them."""

from collections.abc import Sequence

import streamlit as st

from core.errors import PunctualError
from core.media.conversion import CannotConvert, Conversion, can_convert_videos
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
                poster(each.reference, width=width, alt=each.alt)


def picture(reference: str, *, width: int, alt: str) -> None:
    """Draw a stored picture with its description, or the reason why it cannot be shown."""
    try:
        st.image(_thumbnail(reference), width=width, alt=alt)
    except PunctualError as error:
        st.caption(f":material/broken_image: {error}")


def poster(reference: str, *, width: int, alt: str) -> None:
    """Draw the first frame of a stored video, or a sign for it where frames cannot be read."""
    try:
        frame = first_frame(reference)
    except PunctualError as error:
        st.caption(f":material/broken_image: {error}")
        return
    if frame:
        st.image(frame, width=width, alt=alt)
    st.caption(":material/movie: Video")


@st.cache_data(max_entries=100, show_spinner=False)
def first_frame(reference: str) -> bytes:
    """Return the first frame of a stored video; nothing if it cannot be read. Raises MissingMedia."""
    content = application().media.open(reference)
    try:
        return Conversion(content, "poster").result() if can_convert_videos() else b""
    except CannotConvert:
        return b""


@st.cache_data(max_entries=200, show_spinner=False)
def _thumbnail(reference: str) -> bytes:
    """Return a small version of a stored picture. Raises MissingMedia or CorruptPicture."""
    return thumbnail(application().media.get(reference))
