"""What an empty list says: why nothing is there yet, and how to begin."""

import streamlit as st

from ui.frame import links


def empty_page(title: str, words: str) -> None:
    """Draw it, with the way to a first post."""
    with st.container(border=True, key="card-empty", horizontal_alignment="center"):
        st.markdown(f"## {title}", anchors=False, width="content")
        st.caption(words, width="content")
        st.page_link(links.COMPOSE, label="Write a post", icon=":material/edit_square:")
