"""The empty state of a list."""

import streamlit as st

from ui.frame import links


def empty_page(title: str, hint: str) -> None:
    """Draw why the list is empty, with a link to Compose."""
    with st.container(border=True, key="card-empty", horizontal_alignment="center"):
        st.markdown(f"## {title}", anchors=False, width="content")
        st.caption(hint, width="content")
        st.page_link(links.COMPOSE, label="Write a post", icon=":material/edit_square:")
