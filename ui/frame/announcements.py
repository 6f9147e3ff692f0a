"""Announcements for screen readers of changes that are visible on the page."""

import streamlit as st

_HTML = '<p role="status"></p>'
_CSS = """
p { position: absolute; width: 1px; height: 1px; margin: 0; overflow: hidden; clip-path: inset(50%); }
"""
_JS = """
const NOTICE_DELAY = 100;  // milliseconds; screen readers ignore a live region that is inserted with its text

export default function ({ data, parentElement }) {
    const region = parentElement.querySelector("p");
    const timer = setTimeout(() => { if (region.textContent !== data) region.textContent = data; }, NOTICE_DELAY);
    return () => clearTimeout(timer);
}
"""
_component = st.components.v2.component("punctual_announcement", html=_HTML, css=_CSS, js=_JS)


def announce(text: str) -> None:
    """Announce a text once, until it changes. Nothing is visible."""
    _component(key="announcement", height=1, data=text)
