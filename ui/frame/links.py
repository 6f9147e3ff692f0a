"""Where the pages are, for navigation and for links between them."""

from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import streamlit as st

from ui.frame.wording import heard

_PAGES = Path(__file__).resolve().parent.parent.parent / "pages"

COMPOSE = _PAGES / "compose.py"
QUEUE = _PAGES / "queue.py"
CALENDAR = _PAGES / "calendar.py"
HISTORY = _PAGES / "history.py"
OUTBOX = _PAGES / "outbox.py"
ACCOUNTS = _PAGES / "accounts.py"
NOTIFICATIONS = _PAGES / "notifications.py"
HEALTH = _PAGES / "health.py"


def permalink(url: str | None, about: str) -> None:
    """Draw the link to a published post, of which a screen reader says what it is about.

    One into the outbox stays in this window.
    """
    if url is None:
        history(about)
        return
    label = heard("Open", about)
    if url.startswith("/outbox?"):
        st.page_link(OUTBOX, label=label, icon=":material/inbox:", query_params=dict(parse_qsl(urlsplit(url).query)))
    else:
        st.link_button(label, url, type="tertiary", icon=":material/open_in_new:")


def history(about: str) -> None:
    """Draw the link to History, for a post that is told of there."""
    st.page_link(HISTORY, label=heard("History", about), icon=":material/history:")
