"""What a screen reader says of what a person who looks sees by itself."""

import streamlit as st

_HTML = '<p role="status"></p>'
_CSS = """
p { position: absolute; width: 1px; height: 1px; margin: 0; overflow: hidden; clip-path: inset(50%); }
"""
_JS = """
const TIME_TO_BE_NOTICED = 100;  // milliseconds; a place for words that comes with the words in it stays silent

export default function ({ data, parentElement }) {
    const place = parentElement.querySelector("p");
    const saying = setTimeout(() => { if (place.textContent !== data) place.textContent = data; }, TIME_TO_BE_NOTICED);
    return () => clearTimeout(saying);
}
"""
_component = st.components.v2.component("punctual_spoken", html=_HTML, css=_CSS, js=_JS)


def spoken(words: str) -> None:
    """Have it said, once for as long as the words stay the same; draw nothing."""
    _component(key="spoken", height=1, data=words)
