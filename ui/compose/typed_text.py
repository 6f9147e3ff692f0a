"""The text that the tab has sent while it was typed, before its field sends it.

A field sends its text when it loses the focus. Until then, the text from the tab is newer.
"""

from collections.abc import Iterable
from typing import Any

import streamlit as st

from ui.frame.state import AUTOSAVE, NOTED_TEXTS, REPLACED_TEXTS, TYPED_TEXTS


def note_typed(key: str, text: str) -> None:
    """Note the text that is in the field under `key` now, unless an action has replaced that text since."""
    replaced = replaced_text(key)
    if replaced is None or replaced[1] != text:
        _typed()[key] = (_sent(key), text)


def latest_text(key: str) -> str:
    """Return the newest text of the field under `key`, without halves of characters."""
    _note_arrived(key)
    sent = _sent(key)
    before, text = _typed().get(key, (sent, sent))
    if before == sent:
        return whole(text)
    if key in st.session_state:
        forget_typed([key])  # else it would count again when the field returns to its text of that time
    return whole(sent)


def replace_text(key: str, text: str) -> None:
    """Note a text that the tab has put into the field. What it replaces is not restored when the tab sends it late."""
    give_up_text(key)
    _typed()[key] = (_sent(key), whole(text))


def give_up_text(key: str) -> None:
    """Forget what was typed into the field under `key`. Its text is not restored when the tab sends it late."""
    _replaced()[key] = (_replacements(key) + 1, latest_text(key))
    forget_typed([key])


def bring_back_text(key: str, text: str) -> None:
    """Put a text that was given up into its field again. From now on, the tab may send it."""
    _replaced()[key] = (_replacements(key), None)
    st.session_state[key] = text


def replaced_text(key: str) -> tuple[int, str | None] | None:
    """Return how often the text of a field was replaced, and the last replaced one, None if it was brought back."""
    return _replaced().get(key)


def arrived_texts() -> Any:
    """Return what the tab sent with this run as texts that are being typed, not validated, or None."""
    return (st.session_state.get(AUTOSAVE) or {}).get("typed")


def mark_noted() -> None:
    """Note that each text that arrived with this run was passed to `note_typed`."""
    st.session_state[NOTED_TEXTS] = arrived_texts()


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


def _note_arrived(key: str) -> None:
    """Note the text of a field that arrived with this run. The callback of a button runs before the tab's."""
    arrived = arrived_texts()
    if not isinstance(arrived, dict) or arrived == st.session_state.get(NOTED_TEXTS):
        return
    texts = arrived.get("texts")
    text = texts.get(key) if isinstance(texts, dict) else None
    if isinstance(text, str):
        note_typed(key, whole(text))


def _replacements(key: str) -> int:
    return (replaced_text(key) or (0, None))[0]


def _replaced() -> dict[str, tuple[int, str | None]]:
    replaced: dict[str, tuple[int, str | None]] = st.session_state.setdefault(REPLACED_TEXTS, {})
    return replaced


def _sent(key: str) -> str:
    return st.session_state.get(key) or ""


def _typed() -> dict[str, tuple[str, str]]:
    typed: dict[str, tuple[str, str]] = st.session_state.setdefault(TYPED_TEXTS, {})
    return typed
