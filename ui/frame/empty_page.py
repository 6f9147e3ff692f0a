"""The empty state of a list."""

from collections.abc import Callable

import streamlit as st

from ui.frame import links


def _compose_link() -> None:
    st.page_link(links.COMPOSE, label="Write a post", icon=":material/edit_square:")


def empty_page(title: str, hint: str, draw_action: Callable[[], object] = _compose_link) -> None:
    """Draw the reason why the list is empty, and the action that fills it: by default a link to Compose."""
    with st.container(border=True, key="card-empty", horizontal_alignment="center"):
        st.markdown(f"## {title}", anchors=False, width="content")
        st.caption(hint, width="content")
        draw_action()
