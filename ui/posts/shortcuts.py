"""The keys of the queue, and the line that names them."""

from pathlib import Path

import streamlit as st

_component = st.components.v2.component("punctual_shortcuts", js=Path(__file__).with_suffix(".js").read_text())


def shortcuts() -> None:
    """Watch the keys, and name them below the list. On a phone, which has no keys, the line is hidden."""
    with st.container(key="shortcuts"):
        _component(key="shortcut-keys", height=1)
        st.caption("Keys: **/** search, **J** and **K** next and previous post, **E** edit, **X** cancel.")
