"""Threads by hand: the list of the parts of a text, which follows each letter, and in which a person moves parts."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

import streamlit as st
from pydantic import Field, ValidationError

from core.accounts.port import Account
from core.posts.models import FrozenModel, MediaReference
from core.time.phrases import join_names
from ui.compose import draft_fields, drafts, media_fields
from ui.compose.draft_previews import draft_previews
from ui.compose.threads import with_threads
from ui.compose.typed_text import latest_text, replace_text
from ui.preview.component import parts, parts_key


class MovedPart(FrozenModel):
    """The text after a move, and the part of each file. `version` is that of the draft in the tab."""

    text: str
    media: dict[MediaReference, Annotated[int, Field(ge=1, le=1000)]]
    version: int


def part_list(draft: str, field: str, accounts: Sequence[Account]) -> None:
    """Draw the parts of the text area with the key `field`, if it has some."""
    threads, saved = with_threads(accounts), drafts.saved().get(draft)
    joined = [account.label for account in accounts if account not in threads]
    parts(
        field,
        latest_text(field),
        draft_previews(draft, threads),
        joined=f"No threads: one post with the parts as paragraphs for {join_names(joined)}." if joined else "",
        moves_media=field == draft_fields.text_key(draft),
        version=saved.version if saved else 0,
        on_moved=partial(_moved, draft, field),
    )


def _moved(draft: str, field: str) -> None:
    """Take over the text and the media as the tab shows them since a part was moved."""
    sent: Any = st.session_state.get(parts_key(field))
    try:
        moved = MovedPart.model_validate(sent["moved"])
    except (ValidationError, TypeError, KeyError):  # the page is older than the server
        return
    if draft != drafts.current():
        return
    drafts.note_begun_with(draft, moved.version)
    replace_text(field, moved.text)
    if moved.media:
        media_fields.assign_moved(draft, moved.media)
