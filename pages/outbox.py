"""Outbox: the built-in feed, as its readers would see it."""

import streamlit as st

from core.outbox.port import Entry
from core.time.phrases import countdown, moment
from ui.frame.application import application
from ui.frame.empty_page import empty_page
from ui.frame.gallery import gallery
from ui.frame.state import SHOWN, of
from ui.frame.viewer import viewer_zone
from ui.frame.wording import as_read

PAGE = 20


def more() -> None:
    """Show another page of the feed."""
    st.session_state[SHOWN] = st.session_state.get(SHOWN, PAGE) + PAGE


def post(entry: Entry) -> None:
    """Draw one post of the feed."""
    with st.container(border=True, key=of("card-entry", entry.occurrence_key), gap="xsmall"):
        ago = countdown(entry.published_at, application().clock())
        st.caption(f":material/inbox: **Outbox** · {moment(entry.published_at, viewer_zone())} · {ago}")
        st.markdown(as_read(entry.text))
        gallery(entry.media, width=240)


@st.fragment(run_every="2s")
def feed() -> None:
    """Draw the feed, the latest first."""
    limit = st.session_state.get(SHOWN, PAGE)
    entries = application().outbox.feed(limit=limit + 1)
    for entry in entries[:limit]:
        post(entry)
    if len(entries) > limit:
        st.button("Show more", key="more", on_click=more, icon=":material/expand_more:")
    if not entries:
        empty_page(
            "Nothing has been published here yet",
            "Posts that go to the outbox appear here and nowhere else.",
        )


def whole_feed() -> None:
    """Draw the way back to it. A link to this very page would keep the post in its address."""
    st.button(
        "The whole feed",
        key="whole-feed",
        type="tertiary",
        icon=":material/arrow_back:",
        on_click=st.query_params.clear,
    )


st.title("Outbox", anchor=False)
asked = st.query_params.get("post")
if asked is None:
    feed()
elif found := application().outbox.get(asked):
    post(found)
    whole_feed()
else:
    st.info("There is no such post in the outbox.", icon=":material/search_off:")
    whole_feed()
