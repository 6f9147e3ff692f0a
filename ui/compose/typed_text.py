"""The text that the tab has sent while it was typed, before its field sends it.

A field sends its text when it loses the focus. Until then, the text from the tab is newer.
"""

from collections.abc import Iterable

import streamlit as st

from ui.frame.state import REPLACED_TEXTS, TYPED_TEXTS


def note_typed(key: str, text: str) -> None:
    """Note the text that is in the field under `key` now, unless an action has replaced that text since."""
    replaced = replaced_text(key)
    if replaced is None or replaced[1] != text:
        _typed()[key] = (_sent(key), text)


def latest_text(key: str) -> str:
    """Return the newest text of the field under `key`, without halves of characters."""
    sent = _sent(key)
    before, text = _typed().get(key, (sent, sent))
    if before == sent:
        return whole(text)
    if key in st.session_state:
        forget_typed([key])  # else it would count again when the field returns to its text of that time
    return whole(sent)


def replace_text(key: str, text: str) -> None:
    """Put a text into the field under `key`. What it replaces is not restored when the tab sends it late."""
    number = (replaced_text(key) or (0, ""))[0] + 1
    st.session_state.setdefault(REPLACED_TEXTS, {})[key] = (number, latest_text(key))
    forget_typed([key])
    st.session_state[key] = text


def replaced_text(key: str) -> tuple[int, str] | None:
    """Return how often the text of a field was replaced, and the one that was replaced last."""
    replaced: dict[str, tuple[int, str]] = st.session_state.get(REPLACED_TEXTS, {})
    return replaced.get(key)


def whole(text: str) -> str:
    """Return a text without halves of surrogate pairs, which no file and no network can hold."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")


def show_typed(keys: Iterable[str]) -> None:
    """Put the newest texts into their fields. Call it when the page is opened, before the fields are drawn."""
    for key in keys:
        if key in _typed():
            st.session_state[key] = latest_text(key)
            del _typed()[key]


def forget_typed(keys: Iterable[str]) -> None:
    """Forget the noted texts of these fields."""
    for key in keys:
        _typed().pop(key, None)


def _sent(key: str) -> str:
    return st.session_state.get(key) or ""


def _typed() -> dict[str, tuple[str, str]]:
    typed: dict[str, tuple[str, str]] = st.session_state.setdefault(TYPED_TEXTS, {})
    return typed
