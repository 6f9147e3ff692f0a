"""Warnings about accounts that would not get the post, shown before it is scheduled."""

from collections.abc import Sequence

import streamlit as st

from core.errors import PunctualError
from core.time.phrases import relative_time
from ui.frame import links
from ui.frame.application import application
from ui.frame.wording import escape


def account_warnings(destinations: Sequence[str]) -> None:
    """Warn of each destination whose account is disabled or failed its last check."""
    warnings = [text for destination in destinations if (text := _warning(destination))]
    if warnings:
        st.warning("  \n".join(warnings), icon=":material/link_off:")
        st.page_link(links.ACCOUNTS, label="Check accounts", icon=":material/group:")


def _warning(destination: str) -> str | None:
    app = application()
    try:
        account = app.accounts.get(destination)
    except PunctualError:  # the Schedule button shows this error
        return None
    if not account.enabled:
        return f"**{escape(account.label)}** is disabled. Posts to it are refused."
    checked = app.account_checks.results().get(destination)
    if checked is None or checked.problem is None or checked.since is None:
        return None
    since = relative_time(checked.since, app.clock())
    return f"**{escape(account.label)}**: {escape(checked.problem)} First seen {since}."
