"""Scrolls to a message that is drawn outside the visible part of the page."""

import streamlit as st

_JS = """
const HEADER = 60;  // pixels; Streamlit's bar covers the page above them on a phone
const MESSAGE = 80;  // pixels; the height of a short message
const revealed = new Set();  // a message that is drawn again does not scroll the page again

export default function ({ data, parentElement }) {
    if (revealed.has(data)) return;
    revealed.add(data);
    const host = parentElement.getRootNode().host ?? parentElement;
    const frame = requestAnimationFrame(() => {
        const { top } = host.getBoundingClientRect();
        if (top < HEADER || top + MESSAGE > innerHeight) host.scrollIntoView({ block: "center" });
    });
    return () => cancelAnimationFrame(frame);
}
"""
_component = st.components.v2.component("punctual_reveal", js=_JS)


def reveal(message: str, *, key: str) -> None:
    """Scroll to this place once for each id of a message, unless it is visible. Nothing is drawn."""
    _component(key=f"reveal-{key}", height=1, data=message)
