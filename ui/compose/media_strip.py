"""The media strip of a draft: its pictures and videos in a row, with their descriptions, order, and parts."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st
from pydantic import Field, ValidationError

from core.errors import PunctualError
from core.media.conversion import can_convert_videos
from core.media.intake import MAX_VIDEO_BYTES
from core.media.pictures import is_animation
from core.posts.hand_split import hand_split
from core.posts.models import FrozenModel, Media, MediaReference
from core.publishing.attachments import CannotAttach, MediaLimits, check_media
from core.time.phrases import join_names
from ui.compose import media_fields, media_uploads
from ui.compose.media_crop import crop_fields, start_crop
from ui.compose.media_library import media_library
from ui.compose.typed_text import latest_text
from ui.frame.application import application
from ui.frame.callbacks import callback
from ui.frame.gallery import picture, poster
from ui.frame.state import widget_key
from ui.frame.wording import accessible_label, escape

THUMBNAIL_WIDTH, CARD_WIDTH = 176, 210
"""Pixels."""
_HERE = Path(__file__).parent
_drag = st.components.v2.component(
    "punctual_media_drag",
    css=(_HERE / "media_strip.css").read_text(encoding="utf-8"),
    js=(_HERE / "media_strip.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


class DroppedMedia(FrozenModel):
    """A picture or video that was dragged to another place of the row, from 0."""

    reference: MediaReference
    place: int = Field(ge=0, le=100)


def media_strip(draft: str) -> None:
    """Draw the uploader, running conversions, and a card for each attached file."""
    if media_uploads.converting(draft):
        _watch(draft)
    _strip(draft)


def media_strip_in_dialog(draft: str) -> None:
    """Draw the same in a dialog, which a run of the whole page would close."""
    if media_uploads.converting(draft):
        st.fragment(_converting_strip, run_every=1.0)(draft)
    else:
        _strip(draft)


@st.fragment(run_every=1.0)
def _watch(draft: str) -> None:
    if media_uploads.conversions(draft):
        st.rerun(scope="app")


def _converting_strip(draft: str) -> None:
    media_uploads.conversions(draft)
    _strip(draft)


def _strip(draft: str) -> None:
    media = media_fields.media_of(draft)
    parts = _parts(draft)
    if media:
        with st.container(horizontal=True, gap="small", key=widget_key("media-strip", draft)):
            for place, each in enumerate(media):
                with st.container(border=True, width=CARD_WIDTH, gap="xsmall", key=_card_key(draft, each)):
                    _card(draft, each, place, parts)
        _sorting(draft)
        crop_fields(draft)
    _undo(draft)
    media_uploads.uploader(draft)
    media_library(draft)
    _problems(draft)


def _card(draft: str, media: Media, place: int, parts: int) -> None:
    name = f"{media.kind} {place + 1}"
    if media.kind == "picture":
        picture(media.reference, width=THUMBNAIL_WIDTH, alt=media_fields.alt(draft, media) or "No description yet")
    else:
        poster(media.reference, width=THUMBNAIL_WIDTH, alt=media_fields.alt(draft, media) or "No description yet")
    st.text_area(
        f"Description of {name}",
        key=media_fields.alt_key(draft, media),
        height=76,
        label_visibility="collapsed",
        placeholder="Describe it for people who cannot see it",
        persist_state="session",
    )
    if not media_fields.alt(draft, media).strip():
        st.caption(":orange[:material/warning: No description: blind readers will miss it.]")
    if parts > 1:
        _part_field(draft, media, parts)
    with st.container(horizontal=True, gap="xsmall", horizontal_alignment="distribute"):
        last = len(media_fields.media_of(draft)) - 1
        _button(draft, media, "Move up", f"Move {name} left", ":material/arrow_back:", disabled=place == 0)
        _button(draft, media, "Move down", f"Move {name} right", ":material/arrow_forward:", disabled=place == last)
        if media.kind == "picture":
            _button(draft, media, "Crop", f"Crop {name}", ":material/crop:")
        _button(draft, media, "Remove", f"Remove {name}", ":material/close:")


def _button(draft: str, media: Media, action: str, label: str, icon: str, *, disabled: bool = False) -> None:
    st.button(
        accessible_label("", label).strip(),
        key=widget_key(f"{action}-{media.reference}", draft),
        icon=icon,
        type="tertiary",
        help=label,
        disabled=disabled,
        on_click=_ACTIONS[action],
        args=(draft, media.reference),
    )


def _part_field(draft: str, media: Media, count: int) -> None:
    """Draw the choice of the part of a thread that shows the file."""
    key = widget_key(f"part-{media_fields.moves(draft)}-{media.reference}", draft)
    st.session_state[key] = min(media.part, count)
    st.selectbox(
        "Part",
        range(1, count + 1),
        key=key,
        help="The number in the list of parts below the text",
        on_change=_choose_part,
        args=(draft, media.reference, key),
    )


def _sorting(draft: str) -> None:
    """Let the cards be dragged."""
    key = widget_key("media-drag", draft)

    def dropped() -> None:
        sent: Any = st.session_state.get(key)
        try:
            drop = DroppedMedia.model_validate(sent["move"])
        except (ValidationError, TypeError, KeyError):  # the page is older than the server
            return
        media_fields.move(draft, drop.reference, drop.place)

    references = [each.reference for each in media_fields.media_of(draft)]
    _drag(key=key, data={"references": references, "draft": draft}, height=1, on_move_change=dropped)


def _undo(draft: str) -> None:
    removed = media_fields.removed(draft)
    if removed is not None:
        with st.container(horizontal=True, vertical_alignment="center", key=widget_key("removed-line", draft)):
            st.caption(f":material/delete: The {removed.kind} was removed.", width="content")
            key = widget_key("restore-media", draft)
            st.button("Undo", key=key, type="tertiary", on_click=media_fields.restore, args=(draft,))


def _problems(draft: str) -> None:
    """Name the limits of the draft's accounts, and say which of them the attached files exceed."""
    media, app = media_fields.attached(draft), application()
    accounts = [each for each in app.accounts.all() if each.destination in _destinations(draft)]
    limits = {
        each.label: app.networks[each.network].media_limits(each) for each in accounts if each.network in app.networks
    }
    if limits:
        st.caption(" · ".join(f"{escape(label)}: {limits_text(each)}" for label, each in limits.items()))
    for label, each in limits.items() if media else ():
        for part in sorted({one.part for one in media}):
            try:
                check_media([one for one in media if one.part == part], each, label)
            except CannotAttach as error:
                st.caption(f":orange[:material/warning: {escape(str(error))} {escape(error.hint)}]")
    _animations(draft, media, limits)


def _animations(draft: str, media: Sequence[Media], limits: Mapping[str, MediaLimits]) -> None:
    """Name the accounts whose readers see a still picture of an animation, and offer a video instead."""
    for each in media:
        if each.content_type != "image/gif" or not _is_animation(each.reference):
            continue
        side, count = max(each.width or 1, each.height or 1), sum(one.part == each.part for one in media)
        still = [
            label
            for label, limit in limits.items()
            if limit.pictures and not limit.pictures.shows_animation(each.size, side, count=count)
        ]
        if still:
            with st.container(horizontal=True, vertical_alignment="center"):
                names = escape(join_names(still))
                st.caption(f":material/gif_box: The animation is a still picture on {names}.", width="content")
                if can_convert_videos():
                    key = widget_key(f"to-video-{each.reference}", draft)
                    st.button(
                        "Convert to video", key=key, type="tertiary", on_click=_to_video, args=(draft, each.reference)
                    )


@callback
def _to_video(draft: str, reference: str) -> None:
    media_uploads.convert_animation(draft, reference)


@st.cache_data(max_entries=200, show_spinner=False)
def _is_animation(reference: str) -> bool:
    try:
        return is_animation(application().media.get(reference))
    except PunctualError:  # the card says that the picture cannot be shown
        return False


def limits_text(limits: MediaLimits) -> str:
    """Return a network's limits in words: "4 pictures, or a video up to 10 MB"; at most what can be attached."""
    if not limits.count:
        return "no pictures or videos"
    pictures = f"{limits.count} picture{'s' if limits.count > 1 else ''}" if limits.pictures else ""
    largest = min(limits.max_video_bytes, MAX_VIDEO_BYTES)
    video = f"a video up to {largest / 1e6:,.0f} MB" if largest else ""
    return ", or ".join(filter(None, (pictures, video)))


def _destinations(draft: str) -> Sequence[str]:
    return st.session_state.get(widget_key("destinations", draft)) or ()


def _parts(draft: str) -> int:
    """Return the number of parts into which the draft's author split the text; 1 if it is whole."""
    return len(hand_split(latest_text(widget_key("text", draft))))


def _move_by(draft: str, reference: str, by: int) -> None:
    found = media_fields.find(draft, reference)
    if found is not None:
        media_fields.move(draft, reference, media_fields.media_of(draft).index(found) + by)


def _choose_part(draft: str, reference: str, key: str) -> None:
    chosen: object = st.session_state[key]
    if isinstance(chosen, int):  # Streamlit returns a part that is gone, which the tab may send late, as text
        media_fields.assign(draft, {reference: chosen})


def _card_key(draft: str, media: Media) -> str:
    return widget_key(f"media-card-{media.reference}", draft)


_ACTIONS = {
    "Move up": lambda draft, reference: _move_by(draft, reference, -1),
    "Move down": lambda draft, reference: _move_by(draft, reference, 1),
    "Crop": start_crop,
    "Remove": media_fields.remove,
}
