"""The posts that a person has selected in the queue."""

from collections.abc import Iterable

import streamlit as st

from core.scheduling.upcoming import QueueEntry
from ui.frame.state import SELECTED, SELECTING, widget_key
from ui.frame.wording import accessible_label, post_subject


def is_selecting() -> bool:
    """Return whether the cards have checkboxes."""
    return bool(st.session_state.get(SELECTING))


def start_selecting() -> None:
    """Give the cards checkboxes."""
    st.session_state[SELECTING] = True


def stop_selecting() -> None:
    """Give the cards their actions back, and select nothing."""
    st.session_state[SELECTING] = False
    selected().clear()


def selected() -> set[str]:
    """Return the ids of the selected posts, on any page of the list."""
    chosen: set[str] = st.session_state.setdefault(SELECTED, set())
    return chosen


def select(post_ids: Iterable[str]) -> None:
    """Select these posts too."""
    selected().update(post_ids)


def checkbox(entry: QueueEntry) -> None:
    """Draw the checkbox of a card. A card without actions cannot be selected."""
    key = widget_key("select", entry.post_id)
    st.session_state[key] = entry.post_id in selected()
    subject = post_subject(entry.due_at, entry.text or "")
    st.checkbox(
        accessible_label("Select", subject),
        key=key,
        label_visibility="collapsed",
        disabled=entry.post is None,
        width="content",
        on_change=_toggle,
        args=(entry.post_id, key),
    )


def _toggle(post_id: str, key: str) -> None:
    if st.session_state[key]:
        selected().add(post_id)
    else:
        selected().discard(post_id)
