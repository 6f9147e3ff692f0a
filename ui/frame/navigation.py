"""The navigation in the sidebar: a new post, the pages with what waits on them, and the light of Health."""

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from core.health.findings import HealthStatus
from ui.frame import links
from ui.frame.waiting_counts import WaitingCounts

NEW_DRAFT = "new"
"""The draft in the address of Compose that starts an empty one."""
LIGHTS: Mapping[HealthStatus, tuple[str, str]] = {
    "good": ("green", "all good"),
    "warning": ("orange", "needs a look"),
    "bad": ("red", "has a problem"),
    "unknown": ("gray", "not checked yet"),
}
"""The colour of each light, and its words for screen readers."""
_JS = """
const PHONE = 768;  // pixels

export default function ({ data }) {  // what Streamlit's page links leave out
    const place = document.querySelector(".st-key-navigation");
    const complete = () => {
        for (const link of document.querySelectorAll(".stPageLink a")) {
            const address = link.getAttribute("href");
            if (!address || address[0] === "?") link.setAttribute("href", `./${address}`);  // else it names this page
        }
        for (const link of place.querySelectorAll("a")) {
            const page = link.getAttribute("href").replace(/^\\.\\//, "");
            if (page === data) link.setAttribute("aria-current", "page");
            else link.removeAttribute("aria-current");
        }
    };
    place.setAttribute("role", "navigation");
    place.setAttribute("aria-label", "Pages");
    complete();
    const close = ({ target }) => {  // on a phone, the navigation covers the page
        if (innerWidth < PHONE && target.closest("a")) {
            document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
        }
    };
    place.addEventListener("click", close);
    const observer = new MutationObserver(complete);
    observer.observe(document.body, { childList: true, subtree: true });
    return () => {
        observer.disconnect();
        place.removeEventListener("click", close);
    };
}
"""
_component = st.components.v2.component("punctual_navigation", js=_JS)


def navigation(current: str, counts: WaitingCounts, health: HealthStatus) -> None:
    """Draw the links to all pages. `current` is the URL path of the open one."""
    with st.sidebar, st.container(key="navigation", gap="xxsmall"):
        new_post_link("New post", key="new-post")
        _group("Posts")
        _link(links.COMPOSE, "Compose", "edit_square")
        _link(links.DRAFTS, "Drafts", "edit_note", _number(counts.drafts))
        _link(links.QUEUE, "Queue", "schedule", _number(counts.scheduled) + _waiting(counts.queue))
        _link(links.CALENDAR, "Calendar", "calendar_month")
        _group("Results")
        _link(links.HISTORY, "History", "history", _waiting(counts.history))
        _link(links.OUTBOX, "Outbox", "inbox")
        _group("Setup")
        _link(links.ACCOUNTS, "Accounts", "group")
        _link(links.POSTING_TIMES, "Posting times", "calendar_clock")
        _link(links.BULK, "Import and export", "swap_vert")
        _link(links.NOTIFICATIONS, "Notifications", "notifications")
        _link(links.HEALTH, "Health", "monitor_heart", _light(health))
        _component(key="open-page", height=1, data=current)


def new_post_link(label: str, *, key: str) -> None:
    """Draw a link to Compose that starts an empty draft and looks like a primary button (style.css)."""
    with st.container(key=key):
        st.page_link(
            links.COMPOSE, label=label, icon=":material/add:", query_params={"draft": NEW_DRAFT}, width="stretch"
        )


def _group(name: str) -> None:
    st.caption(name)


def _link(page: Path, name: str, icon: str, note: str = "") -> None:
    st.page_link(page, label=f"{name}{note}", icon=f":material/{icon}:", width="stretch")


def _number(count: int) -> str:
    return f" :gray-badge[{count:,}]" if count else ""


def _waiting(count: int) -> str:
    """Return the number of posts that wait for a person, whose words are for screen readers (style.css)."""
    return f" :orange-badge[**{count:,}** *waiting for you*]" if count else ""


def _light(health: HealthStatus) -> str:
    colour, words = LIGHTS[health]
    return f" :{colour}-badge[*{words}*]"
