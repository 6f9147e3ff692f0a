"""The empty state of a list: a sample of what the page will show, the reason why it is empty, and one action."""

from collections.abc import Callable, Mapping
from typing import Literal

import streamlit as st

from ui.frame.navigation import new_post_link

Sample = Literal["posts", "feed", "times"]
_POST = '<div class="sample-card"><b></b><div><i></i><i></i><u></u></div></div>'
_ENTRY = '<div class="sample-card"><s></s><div><i></i><i></i><em></em></div></div>'
_DAY = '<div class="sample-card"><b></b><div class="sample-times"><u></u><u></u><u></u></div></div>'
_SAMPLES: Mapping[Sample, str] = {"posts": 3 * _POST, "feed": _ENTRY, "times": 4 * _DAY}


def _write_a_post() -> None:
    new_post_link("Write a post", key="primary-link")


def empty_page(
    title: str, hint: str, draw_action: Callable[[], object] = _write_a_post, *, sample: Sample = "posts"
) -> None:
    """Draw the sample, the reason why the list is empty, and the action that fills it: by default a new post."""
    with st.container(key="empty", horizontal_alignment="center", gap="xsmall"):
        st.html(f'<div class="sample" aria-hidden="true">{_SAMPLES[sample]}</div>')
        st.markdown(f"## {title}", anchors=False, width="content")
        st.caption(hint, width="content", text_alignment="center")
        draw_action()
