"""Keeps what is being typed when a link is clicked.

Streamlit sends a field's text some milliseconds after the field lost its focus. A tap on a link takes focus and follows
the link at the same moment: the text comes after the switch of pages, names the old page and so undoes the switch. Here
the field loses its focus as soon as the finger or pointer goes down.
"""

import streamlit as st

_JS = """
export default function () {
    const commit = (event) => event.target.closest("a") && document.activeElement?.blur();
    document.addEventListener("pointerdown", commit, true);
    return () => document.removeEventListener("pointerdown", commit, true);
}
"""
_component = st.components.v2.component("punctual_typing_kept", js=_JS)


def keep_typing() -> None:
    """Draw nothing, and listen."""
    _component(key="typing-kept", height=1)
