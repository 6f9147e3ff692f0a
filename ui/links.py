"""Where the pages are, for navigation and for links between them."""

from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import streamlit as st

_PAGES = Path(__file__).resolve().parent.parent / "pages"

COMPOSE = _PAGES / "compose.py"
QUEUE = _PAGES / "queue.py"
CALENDAR = _PAGES / "calendar.py"
HISTORY = _PAGES / "history.py"
OUTBOX = _PAGES / "outbox.py"
ACCOUNTS = _PAGES / "accounts.py"
NOTIFICATIONS = _PAGES / "notifications.py"
HEALTH = _PAGES / "health.py"


def permalink(url: str | None) -> None:
    """Draw the link to a published post; one into the outbox stays in this window."""
    if url is None:
        st.page_link(HISTORY, label="History", icon=":material/history:")
    elif url.startswith("/outbox?"):
        st.page_link(OUTBOX, label="Open", icon=":material/inbox:", query_params=dict(parse_qsl(urlsplit(url).query)))
    else:
        st.link_button("Open", url, type="tertiary", icon=":material/open_in_new:")
