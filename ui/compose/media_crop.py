"""Cropping a picture of a draft, and choosing its focal point."""

from functools import partial
from pathlib import Path
from typing import Any, Literal

import streamlit as st
from pydantic import Field, ValidationError

from core.errors import PunctualError
from core.media.crop_area import CropArea
from core.media.intake import MAX_PICTURE_BYTES, ingest
from core.media.pictures import crop_picture, thumbnail
from core.posts.models import FrozenModel, Media
from ui.compose import media_fields
from ui.frame.application import application
from ui.frame.callbacks import callback
from ui.frame.picture_addresses import data_uri
from ui.frame.state import widget_key

SIDE = 900
"""Pixels of the longer side of the picture that the browser shows."""
_HERE = Path(__file__).parent
_HTML = """
<div class="cropper"><div class="ratios" role="group" aria-label="Shape"></div>
<div class="stage"><img alt=""><div class="area" tabindex="0" role="group"
aria-label="Part to keep. Arrow keys move it, with Shift they change its size."><span class="corner"></span></div>
<button type="button" class="focus" aria-label="Focal point. Arrow keys move it."></button></div>
<div class="line"><span role="status"></span><button type="button" class="apply">Crop</button></div></div>
"""
_cropper = st.components.v2.component(
    "punctual_cropper",
    html=_HTML,
    css=(_HERE / "media_crop.css").read_text(encoding="utf-8"),
    js=(_HERE / "media_crop.js").read_text(encoding="utf-8"),
)


class CropAction(FrozenModel):
    """What a person did: `crop` to a part of the picture, or `focus` on a point. All numbers are from 0 to 1."""

    name: Literal["crop", "focus"]
    left: float = Field(ge=0, le=1)
    top: float = Field(ge=0, le=1)
    width: float = Field(default=0, ge=0, le=1)
    height: float = Field(default=0, ge=0, le=1)


def start_crop(draft: str, reference: str) -> None:
    """Open the cropper for a picture, or close it if it is open for it."""
    key = _opened_key(draft)
    st.session_state[key] = None if st.session_state.get(key) == reference else reference


def crop_fields(draft: str) -> None:
    """Draw the cropper for the picture for which it was opened."""
    found = media_fields.find(draft, st.session_state.get(_opened_key(draft)) or "")
    if found is None:
        return
    with st.container(border=True, key=widget_key("cropper-card", draft)):
        try:
            shown = _shown(found.reference)
        except PunctualError as error:
            st.caption(f":material/broken_image: {error}")
            return
        key = widget_key(f"cropper-{found.reference}", draft)
        data = {"picture": shown, "focus": list(found.focus or ())}
        _cropper(key=key, data=data, on_act_change=partial(_act, draft, found, key))
        st.caption("The circle is the focal point: Mastodon keeps it in view where it cuts the picture.")
        with st.container(horizontal=True):
            original = _originals(draft).get(found.reference)
            if original is not None:
                key = widget_key("original", draft)
                st.button("Original", key=key, icon=":material/undo:", on_click=_restore, args=(draft, found, original))
            key = widget_key("close-cropper", draft)
            st.button("Close", key=key, on_click=start_crop, args=(draft, found.reference))


def _act(draft: str, media: Media, key: str) -> None:
    sent: Any = st.session_state.get(key)
    try:
        action = CropAction.model_validate(sent["act"])
    except (ValidationError, TypeError, KeyError):  # the page is older than the server
        return
    if action.name == "focus":
        focused = media.model_copy(update={"focus": (round(action.left, 3), round(action.top, 3))})
        media_fields.replace(draft, media.reference, focused)
    else:
        area = CropArea(left=action.left, top=action.top, width=action.width, height=action.height)
        crop(draft, media, area)


@callback
def crop(draft: str, media: Media, area: CropArea) -> None:
    """Put a part of a picture in its place, as a new stored picture. `Original` brings it back."""
    store = application().media
    part = ingest(store, crop_picture(store.get(media.reference), area, max_bytes=MAX_PICTURE_BYTES).content)
    originals = _originals(draft)
    originals[part.reference] = originals.get(media.reference, media)
    media_fields.replace(draft, media.reference, part.model_copy(update={"part": media.part}))
    st.session_state[_opened_key(draft)] = part.reference


def _restore(draft: str, media: Media, original: Media) -> None:
    media_fields.replace(draft, media.reference, original.model_copy(update={"part": media.part}))
    st.session_state[_opened_key(draft)] = original.reference


@st.cache_data(max_entries=8, show_spinner=False)
def _shown(reference: str) -> str:
    """Return a picture as a `data:` address. Raises the errors of the store and of `thumbnail`."""
    return data_uri(thumbnail(application().media.get(reference), side=SIDE))


def _originals(draft: str) -> dict[str, Media]:
    originals: dict[str, Media] = st.session_state.setdefault(widget_key("originals", draft), {})
    return originals


def _opened_key(draft: str) -> str:
    return widget_key("cropped-picture", draft)
