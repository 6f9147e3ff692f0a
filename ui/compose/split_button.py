"""Threads by hand: the button that splits the text at the cursor."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from core.accounts.port import Account
from ui.compose.threads import with_threads
from ui.frame.class_name import class_name

_HTML = """
<button type="button" title="Puts a line of three dashes at the cursor: the next part of a thread begins there">
<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 12h3m3 0h4m3 0h3M7 4v3h10V4M7 20v-3h10v3"/></svg>Split here
</button>
"""
_CSS = """
button {
    display: inline-flex; align-items: center; gap: 0.35rem; padding: 0.25rem 0.35rem; border: 0; white-space: nowrap;
    border-radius: 0.5rem; background: none; color: var(--st-text-color); font: inherit; font-size: 0.875rem;
    cursor: pointer;
}
button:hover { color: var(--st-primary-color); }
button:focus-visible { outline: 2px solid var(--st-link-color); outline-offset: 2px; }
svg { width: 1.1rem; height: 1.1rem; fill: none; stroke: currentcolor; stroke-width: 1.8; }
"""
_split_button = st.components.v2.component(
    "punctual_split_button", html=_HTML, css=_CSS, js=Path(__file__).with_suffix(".js").read_text()
)


def split_button(field: str, accounts: Sequence[Account]) -> None:
    """Draw the button that splits the text area with the key `field`, if an account has threads."""
    with st.container(width="content", key=f"split-{field}"):
        if with_threads(accounts):
            _split_button(key=f"{field}-split", data={"field": class_name(field)})
