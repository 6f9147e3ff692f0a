"""The media fields of a draft: upload, description, order and removal of pictures and videos."""

from collections.abc import Callable, Sequence

import streamlit as st

from core.media.intake import MAX_VIDEO_BYTES, ingest
from core.posts.models import Media
from ui.compose.typed_text import latest_text
from ui.frame.application import application
from ui.frame.callbacks import callback
from ui.frame.gallery import picture
from ui.frame.state import widget_key
from ui.frame.wording import accessible_label

FILE_TYPES = ["jpg", "jpeg", "png", "gif", "webp", "mp4"]
"""The extensions that the browser offers; core checks the content."""
THUMBNAIL_WIDTH = 120
"""Pixels."""


def fill(draft: str, media: Sequence[Media]) -> None:
    """Fill the media of a draft, with their descriptions."""
    st.session_state[_media_key(draft)] = list(media)
    for each in media:
        st.session_state[_alt_key(draft, each)] = each.alt


def attached(draft: str) -> list[Media]:
    """Return the media of a draft in order, with the descriptions from the fields."""
    media: list[Media] = st.session_state[_media_key(draft)]
    return [each.model_copy(update={"alt": _alt(draft, each).strip()}) for each in media]


def text_keys(draft: str) -> list[str]:
    """Return the keys of the text areas for the descriptions."""
    return [_alt_key(draft, each) for each in st.session_state.get(_media_key(draft), [])]


def media_fields(draft: str) -> None:
    """Draw the uploader, and a card for each attached file."""
    count = st.session_state.setdefault(_uploads_key(draft), 0)
    uploader = widget_key(f"upload-{count}", draft)
    st.file_uploader(
        "Pictures or a video",
        type=FILE_TYPES,
        accept_multiple_files=True,
        key=uploader,
        on_change=_attach,
        args=(draft, uploader),
        max_upload_size=MAX_VIDEO_BYTES // 10**6,
        help="Location data is removed from pictures.",
    )
    media: list[Media] = st.session_state[_media_key(draft)]
    for place, each in enumerate(media):
        with st.container(border=True, key=widget_key(f"card-{each.reference}", draft)):
            _card(draft, each, place)


def _card(draft: str, media: Media, place: int) -> None:
    thumbnail, fields = st.columns([1, 3], gap="small")
    with thumbnail:
        if media.kind == "picture":
            picture(media.reference, width=THUMBNAIL_WIDTH, alt=_alt(draft, media) or "No description yet")
        else:
            st.markdown(f":material/movie: Video, {media.size / 1e6:.1f} MB")
    with fields:
        st.text_area(
            f"Description of {media.kind} {place + 1}",
            key=_alt_key(draft, media),
            height=80,
            placeholder="Describe it for people who cannot see it",
            persist_state="session",
        )
        if not _alt(draft, media).strip():
            st.caption(":orange[:material/warning: No description: blind readers will miss it.]")
        with st.container(horizontal=True):
            _button(draft, media, "Move up", ":material/arrow_upward:", _move_up, place, disabled=place == 0)
            _button(draft, media, "Remove", ":material/close:", _remove, place)


def _button(
    draft: str,
    media: Media,
    label: str,
    icon: str,
    action: Callable[[str, int], None],
    place: int,
    *,
    disabled: bool = False,
) -> None:
    st.button(
        accessible_label(label, f"{media.kind} {place + 1}"),
        key=widget_key(f"{label}-{media.reference}", draft),
        icon=icon,
        type="tertiary",
        disabled=disabled,
        on_click=action,
        args=(draft, place),
    )


@callback
def _attach(draft: str, uploader: str) -> None:
    """Store the uploaded files, each content once. The next run has an empty uploader. Raises the first refusal."""
    st.session_state[_uploads_key(draft)] += 1
    media: list[Media] = st.session_state[_media_key(draft)]
    for file in st.session_state[uploader]:
        stored = ingest(application().media, file.getvalue())
        if all(each.reference != stored.reference for each in media):
            media.append(stored)


def _move_up(draft: str, place: int) -> None:
    media: list[Media] = st.session_state[_media_key(draft)]
    media[place - 1], media[place] = media[place], media[place - 1]


def _remove(draft: str, place: int) -> None:
    del st.session_state[_media_key(draft)][place]


def _alt(draft: str, media: Media) -> str:
    return latest_text(_alt_key(draft, media))


def _media_key(draft: str) -> str:
    return widget_key("media", draft)


def _uploads_key(draft: str) -> str:
    return widget_key("uploads", draft)


def _alt_key(draft: str, media: Media) -> str:
    return widget_key(f"alt-{media.reference}", draft)
