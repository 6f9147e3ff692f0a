"""The secret address of the calendar feed: on, off, or another one."""

from urllib.parse import urlsplit

import streamlit as st

from core.bulk.feed import AHEAD, BACK, FeedToken
from ui.bulk.feed_route import feed_path
from ui.frame.application import application
from ui.frame.callbacks import callback, flash, show_error


def feed_view() -> None:
    """Draw the address and its buttons."""
    token = FeedToken(application().home).get()
    show_error()
    st.caption(
        f"A calendar program reads the posts of the next {AHEAD.days} and the last {BACK.days} days from a secret"
        " address, and shows changes by itself."
    )
    if token is None:
        st.button("Switch the feed on", key="feed-on", type="primary", icon=":material/rss_feed:", on_click=_renew)
        return
    st.code(f"{_origin()}{feed_path(token)}", language=None)
    st.caption(
        "Anyone with this address can read your posts and nothing else. Subscribe to it in your calendar:"
        " Google Calendar, Outlook and Apple Calendar call this *add by URL*. A program on another machine needs a"
        " public host name for Punctual."
    )
    with st.container(horizontal=True):
        st.button(
            "Make a new address",
            key="feed-renew",
            icon=":material/autorenew:",
            on_click=_renew,
            help="Calendars with the address of today get nothing any more.",
        )
        st.button("Switch the feed off", key="feed-off", icon=":material/link_off:", on_click=_remove)


@callback
def _renew() -> None:
    FeedToken(application().home).renew()
    flash("The feed has a new address.")


@callback
def _remove() -> None:
    FeedToken(application().home).remove()
    flash("The feed is off. Its address is invalid.")


def _origin() -> str:
    """Return the scheme and host under which this page was opened."""
    found = urlsplit(st.context.url or "")
    return f"{found.scheme}://{found.netloc}" if found.netloc else ""
