"""The keys of the queue, and the line that names them."""

from pathlib import Path

import streamlit as st

_component = st.components.v2.component("punctual_shortcuts", js=Path(__file__).with_suffix(".js").read_text())


def watch_keys() -> None:
    """Watch the keys. Call it before the list, so that they work while its cards appear."""
    _component(key="shortcut-keys", height=1)


def key_names() -> None:
    """Name the keys. On a phone, which has no keys, the line is hidden."""
    with st.container(key="shortcuts"):
        st.caption("Keys: **/** search, **J** and **K** next and previous post, **E** edit, **X** cancel.")
