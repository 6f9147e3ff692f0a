"""Outbox: the built-in feed as its readers see it."""

import streamlit as st

from core.accounts.port import OUTBOX
from core.outbox.port import OutboxPost
from core.time.phrases import date_and_time, relative_time
from ui.frame.application import application
from ui.frame.card_places import list_limit, more_button
from ui.frame.empty_page import empty_page
from ui.frame.faces import face
from ui.frame.gallery import gallery
from ui.frame.state import widget_key
from ui.frame.viewer import viewer_zone
from ui.frame.wording import escape, post_markdown

PAGE = 20


def post_card(post: OutboxPost) -> None:
    """Draw one post of the feed as its readers see it: who posted it and when, its text, and its pictures."""
    with st.container(border=True, key=widget_key("card-entry", post.occurrence_key), gap="xsmall"):
        ago = relative_time(post.published_at, application().clock())
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(face(OUTBOX, 40), width="content")
            with st.container(gap=None):
                st.markdown(f"**{escape(OUTBOX.label)}** :gray[· {ago}]")
                st.caption(date_and_time(post.published_at, viewer_zone()))
        st.markdown(post_markdown(post.text))
        if post.media:
            gallery(post.media, width=240 if len(post.media) > 1 else 480)


@st.fragment(run_every="2s")
def feed() -> None:
    """Draw the feed, newest first."""
    limit = list_limit(PAGE)
    posts = application().outbox.feed(limit=limit + 1)
    for post in posts[:limit]:
        post_card(post)
    if len(posts) > limit:
        more_button(PAGE)
    if not posts:
        empty_page(
            "Nothing published here yet",
            "The outbox is a built-in feed. Posts to it appear only here, as readers would see them.",
            sample="feed",
        )


def all_posts_button() -> None:
    """Draw the button that leads back to the feed. A link to this page would keep the post in the address."""
    st.button(
        "All posts", key="all-posts", type="tertiary", icon=":material/arrow_back:", on_click=st.query_params.clear
    )


st.title("Outbox", anchor=False)
key = st.query_params.get("post")
if key is None:
    feed()
elif found := application().outbox.get(key):
    post_card(found)
    all_posts_button()
else:
    st.info("This post is not in the outbox.", icon=":material/search_off:")
    all_posts_button()
