"""The draft's pictures and videos: attached, described, put in order, taken off again."""

from collections.abc import Callable, Sequence

import streamlit as st

from core.media.intake import VIDEO_BYTES, take_in
from core.posts.models import Media
from ui.frame.application import application
from ui.frame.callbacks import answering
from ui.frame.gallery import picture
from ui.frame.state import of
from ui.frame.wording import heard

KINDS = ["jpg", "jpeg", "png", "gif", "webp", "mp4"]
"""What the browser offers to choose; what a file really is, core finds out."""
THUMBNAIL = 120
"""Pixels."""


def begin(draft: str, media: Sequence[Media]) -> None:
    """Let a draft carry these, with their descriptions."""
    st.session_state[_media_key(draft)] = list(media)
    for each in media:
        st.session_state[_alt_key(draft, each)] = each.alt


def attached(draft: str) -> list[Media]:
    """Return what the draft carries, in order, as it is described in the fields."""
    media: list[Media] = st.session_state[_media_key(draft)]
    return [each.model_copy(update={"alt": _alt(draft, each).strip()}) for each in media]


def pictures(draft: str) -> None:
    """Draw the field that takes files, and a card for each that was attached."""
    rounds = st.session_state.setdefault(_rounds_key(draft), 0)
    uploader = of(f"upload-{rounds}", draft)
    st.file_uploader(
        "Pictures or a video",
        type=KINDS,
        accept_multiple_files=True,
        key=uploader,
        on_change=_attach,
        args=(draft, uploader),
        max_upload_size=VIDEO_BYTES // 10**6,
        help="Where a picture was taken is removed from it before it goes out.",
    )
    media: list[Media] = st.session_state[_media_key(draft)]
    for place, each in enumerate(media):
        with st.container(border=True, key=of(f"card-{each.reference}", draft)):
            _card(draft, each, place)


def _card(draft: str, media: Media, place: int) -> None:
    shown, said = st.columns([1, 3], gap="small")
    with shown:
        if media.kind == "picture":
            picture(media.reference, width=THUMBNAIL, alt=_alt(draft, media) or "Not described yet")
        else:
            st.markdown(f":material/movie: Video, {media.size / 1e6:.1f} MB")
    with said:
        st.text_area(
            f"Description of {media.kind} {place + 1}",
            key=_alt_key(draft, media),
            height=80,
            placeholder="What those who cannot see it should know",
            persist_state="session",
        )
        if not _alt(draft, media).strip():
            st.caption(":orange[:material/warning: Not described: some readers will miss it.]")
        with st.container(horizontal=True):
            _button(draft, media, "Move up", ":material/arrow_upward:", _move_up, place, disabled=place == 0)
            _button(draft, media, "Remove", ":material/close:", _take_off, place)


def _button(
    draft: str,
    media: Media,
    label: str,
    icon: str,
    act: Callable[[str, int], None],
    place: int,
    *,
    disabled: bool = False,
) -> None:
    key = of(f"{label}-{media.reference}", draft)
    st.button(
        heard(label, f"{media.kind} {place + 1}"),
        key=key,
        icon=icon,
        type="tertiary",
        disabled=disabled,
        on_click=act,
        args=(draft, place),
    )


@answering
def _attach(draft: str, uploader: str) -> None:
    """Keep what was chosen, each file once; the field is empty afterwards, and what was refused is said."""
    st.session_state[_rounds_key(draft)] += 1
    media: list[Media] = st.session_state[_media_key(draft)]
    for file in st.session_state[uploader]:
        taken = take_in(application().media, file.getvalue())
        if all(each.reference != taken.reference for each in media):
            media.append(taken)


def _move_up(draft: str, place: int) -> None:
    media: list[Media] = st.session_state[_media_key(draft)]
    media[place - 1], media[place] = media[place], media[place - 1]


def _take_off(draft: str, place: int) -> None:
    del st.session_state[_media_key(draft)][place]


def _alt(draft: str, media: Media) -> str:
    alt: str = st.session_state.get(_alt_key(draft, media)) or ""
    return alt


def _media_key(draft: str) -> str:
    return of("media", draft)


def _rounds_key(draft: str) -> str:
    return of("uploads", draft)


def _alt_key(draft: str, media: Media) -> str:
    return of(f"alt-{media.reference}", draft)
