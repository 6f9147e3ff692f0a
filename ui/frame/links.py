"""The page files, and links to published posts and to History."""

from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import streamlit as st

from ui.frame.wording import accessible_label

_PAGES = Path(__file__).resolve().parents[2] / "pages"

COMPOSE = _PAGES / "compose.py"
DRAFTS = _PAGES / "drafts.py"
QUEUE = _PAGES / "queue.py"
CALENDAR = _PAGES / "calendar.py"
HISTORY = _PAGES / "history.py"
OUTBOX = _PAGES / "outbox.py"
ACCOUNTS = _PAGES / "accounts.py"
POSTING_TIMES = _PAGES / "posting_times.py"
BULK = _PAGES / "bulk.py"
NOTIFICATIONS = _PAGES / "notifications.py"
HEALTH = _PAGES / "health.py"
PAGES = (
    COMPOSE,
    DRAFTS,
    QUEUE,
    CALENDAR,
    HISTORY,
    OUTBOX,
    ACCOUNTS,
    POSTING_TIMES,
    BULK,
    NOTIFICATIONS,
    HEALTH,
)
"""All pages, in the order of the navigation."""


def permalink(url: str | None, subject: str) -> None:
    """Draw the link to a published post, or to History if it has no URL. Screen readers also read `subject`.

    A link to the outbox opens in the same window.
    """
    if url is None:
        history_link(subject)
        return
    label = accessible_label("Open", subject)
    if url.startswith("/outbox?"):
        st.page_link(OUTBOX, label=label, icon=":material/inbox:", query_params=dict(parse_qsl(urlsplit(url).query)))
    else:
        st.link_button(label, url, type="tertiary", icon=":material/open_in_new:")


def history_link(subject: str) -> None:
    """Draw the link from a post to History."""
    st.page_link(HISTORY, label=accessible_label("History", subject), icon=":material/history:")
