"""Keeps what is being typed when a link is clicked.

Streamlit sends a field's text some milliseconds after the field lost its focus. A click takes the focus and follows the
link at the same moment, so the text would come after the switch of pages, name the old page and undo the switch. Here
the field loses its focus as soon as the pointer goes down, and the link is followed once the text is on its way.
"""

import streamlit as st

_JS = """
const TIME_TO_SEND = 150;  // milliseconds

export default function () {
    let until = 0;
    const commit = (event) => {
        const field = document.activeElement;
        if (!event.target.closest("a") || !field?.matches("textarea, input")) return;
        field.blur();
        until = event.timeStamp + TIME_TO_SEND;
    };
    const follow = (event) => {
        const link = event.target.closest("a");
        if (!link || event.timeStamp >= until) return;
        event.preventDefault();
        event.stopImmediatePropagation();
        setTimeout(() => link.click(), until - event.timeStamp);
    };
    document.addEventListener("pointerdown", commit, true);
    document.addEventListener("click", follow, true);
    return () => {
        document.removeEventListener("pointerdown", commit, true);
        document.removeEventListener("click", follow, true);
    };
}
"""
_component = st.components.v2.component("punctual_typing_kept", js=_JS)


def keep_typing() -> None:
    """Draw nothing, and listen."""
    _component(key="typing-kept", height=1)
