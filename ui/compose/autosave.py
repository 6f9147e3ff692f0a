"""Saves the text of a draft while it is typed, and shows when it was saved.

The tab sends each text a second after the last letter, and only this part of the page is drawn again. The tab keeps
what the server has not saved yet, and returns it to the next session when the server, the network or the tab ended.
"""

import logging
from pathlib import Path
from typing import Any

import streamlit as st
from pydantic import ValidationError

from core.drafts.draft import DraftContent
from core.errors import PunctualError
from core.posts.models import FrozenModel, PostId
from core.time.instants import wall_time
from core.time.phrases import calendar_day
from ui.compose import card_fields, draft_fields, drafts, variants
from ui.compose.typed_text import arrived_texts, forget_typed, latest_text, mark_noted, note_typed, replaced_text, whole
from ui.frame.application import application
from ui.frame.callbacks import callback, flash
from ui.frame.class_name import class_name
from ui.frame.failures import markdown
from ui.frame.redraw import draw_again
from ui.frame.state import AUTOSAVE, DRAWN_AGAIN, LAST_POST, NOT_SAVED
from ui.frame.viewer import viewer_zone

log = logging.getLogger(__name__)

_component = st.components.v2.component("punctual_autosave", js=Path(__file__).with_suffix(".js").read_text())


class UnsavedDraft(FrozenModel):
    """A draft as the tab keeps it.

    `content` is what the server had, if it was known, and `version` the version of it, 0 if none was saved. `texts` are
    the newer texts by the key of their field.
    """

    draft: PostId
    version: int
    content: DraftContent | None = None
    texts: dict[str, str]


@st.fragment
def autosave(draft: str) -> None:
    """Save the draft, draw when it was saved, and watch its fields."""
    if draft == drafts.current():  # else it was scheduled or left while the tab sent its text
        drafts.keep(draft)
    if drafts.current() != draft:
        st.rerun()  # its fields are those of another draft
    _status(draft)
    saved, failed = drafts.saved().get(draft), st.session_state.get(NOT_SAVED) is not None
    data = {
        "draft": draft,
        "version": saved.version if saved else 0,
        "content": None if failed else draft_fields.content(draft).model_dump(mode="json"),
        "fields": [
            *(_field(key, None if failed else latest_text(key)) for key in draft_fields.text_keys(draft)),
            *(_field(key, None) for key in variants.removed_keys(draft)),  # so that the tab drops its copy of them
        ],
        "address": drafts.note_address(draft),
        "known": drafts.known(),
        "failed": failed,
    }
    if card_fields.note_link(draft, *draft_fields.linked(draft)):
        draw_again()  # with the fetch of its card
    _component(key=AUTOSAVE, height=1, data=data, on_typed_change=_typed, on_restored_change=_restored)


def _field(key: str, text: str | None) -> dict[str, Any]:
    """Return a field as the tab watches it. `text` is what the server has, if it is saved."""
    return {"key": key, "name": class_name(key), "text": text, "replaced": replaced_text(key)}


def _status(draft: str) -> None:
    error: PunctualError | None = st.session_state.get(NOT_SAVED)
    saved = drafts.saved().get(draft)
    if error is not None:
        st.caption(
            f":red[:material/cloud_off: Not saved yet. This tab keeps the text and tries again.] {markdown(error)}"
        )
    elif saved is not None and saved.deleted_at is None:
        zone = viewer_zone()
        at, now = wall_time(saved.changed_at, zone), wall_time(application().clock(), zone)
        day = "" if at.date() == now.date() else f"{calendar_day(at.date())}, "
        st.caption(f":material/cloud_done: Saved {day}{at:%H:%M}", help=f"On the server, at {day}{at:%H:%M:%S} {zone}")


def _typed() -> None:
    """Note the texts that the tab has sent. `autosave` saves them."""
    arrived = arrived_texts()
    for each in _readable([] if arrived is None else [arrived]):
        if _is_open(each.draft):
            drafts.note_begun_with(each.draft, each.version)
            for key in draft_fields.text_keys(each.draft):
                if key in each.texts:
                    note_typed(key, each.texts[key])
            if each.draft != drafts.current():
                drafts.keep(each.draft)
    mark_noted()


def _restored() -> None:
    """Take over the texts that only the tab has, and draw the whole page."""
    returned: Any = st.session_state.get(AUTOSAVE)
    if returned is not None:
        _take_over(_readable(returned["restored"]))
        st.session_state[DRAWN_AGAIN] = True
        st.rerun()


@callback
def _take_over(found: list[UnsavedDraft]) -> None:
    current, restored = drafts.current(), 0
    for each in found:
        if _is_open(each.draft):
            _show_texts(each)
        elif each.draft in drafts.known():
            continue  # it was scheduled, deleted or replaced in the same run
        elif application().ledger.get(each.draft) is not None:
            st.session_state[LAST_POST] = each.draft  # the page reloaded before it could show the post
            drafts.known().append(each.draft)
        else:
            drafts.take_over(each.draft, each.content or DraftContent(zone=viewer_zone()), each.version)
            _show_texts(each)
            restored += 1
    if restored:
        kept = draft_fields.content(current)
        drafts.keep(drafts.current())
        if not kept.empty:
            drafts.open_draft(current)
        flash("Draft restored. It is not scheduled.")


def _is_open(draft: str) -> bool:
    """Return whether this session has the fields of a draft that it may save."""
    return draft_fields.is_filled(draft) and (draft in drafts.saved() or draft == drafts.current())


def _show_texts(each: UnsavedDraft) -> None:
    """Put the texts into their fields, and save them."""
    forget_typed(each.texts)
    for key in draft_fields.text_keys(each.draft):
        replaced = replaced_text(key)
        if key in each.texts and (replaced is None or replaced[1] != each.texts[key]):
            st.session_state[key] = whole(each.texts[key])
    drafts.keep(each.draft)


def _whole(value: Any) -> Any:
    """Return a JSON value without halves of characters in its texts."""
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, list):
        return [_whole(each) for each in value]
    if isinstance(value, dict):
        return {_whole(name): _whole(each) for name, each in value.items()}
    return value


def _readable(returned: list[Any]) -> list[UnsavedDraft]:
    """Return the drafts that this version can read. The tab keeps the others."""
    found: list[UnsavedDraft] = []
    for each in returned:
        try:
            found.append(UnsavedDraft.model_validate(_whole(each)))
        except ValidationError as error:  # stored by another version
            log.warning("A draft in a browser's tab cannot be read: %s", error.errors(include_input=False)[0]["msg"])
    return found
