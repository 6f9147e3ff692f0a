"""Accounts that a post would not go out to, said where somebody is about to send one there."""

from collections.abc import Sequence

import streamlit as st

from core.errors import PunctualError
from core.time.phrases import countdown
from ui.frame import links
from ui.frame.application import application
from ui.frame.wording import plain


def account_troubles(destinations: Sequence[str]) -> None:
    """Warn of those accounts that are disabled, or that stopped working."""
    said = [words for destination in destinations if (words := _trouble(destination))]
    if said:
        st.warning("  \n".join(said), icon=":material/link_off:")
        st.page_link(links.ACCOUNTS, label="See to it under Accounts", icon=":material/group:")


def _trouble(destination: str) -> str | None:
    app = application()
    try:
        account = app.accounts.get(destination)
    except PunctualError:  # it is said when the post is scheduled
        return None
    if not account.enabled:
        return f"**{plain(account.label)}** is disabled."
    found = app.account_watch.found().get(destination)
    if found is None or found.trouble is None or found.since is None:
        return None
    return f"**{plain(account.label)}**: {plain(found.trouble)} First seen {countdown(found.since, app.clock())}."
