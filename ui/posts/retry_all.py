"""The buttons that retry all posts that failed for one account, and their dialog."""

from collections.abc import Sequence

import streamlit as st

from core.ledger.history import Run
from core.posts.destinations import Destination
from core.scheduling.retrying import retriable_accounts, retry_all
from core.time.phrases import date_and_time, plural
from ui.frame.application import application
from ui.frame.callbacks import dialog_callback, show_error
from ui.frame.dialogs import defer, dialog_buttons
from ui.frame.state import widget_key
from ui.frame.viewer import viewer_zone
from ui.frame.wording import account_names, escape
from ui.posts.reports import report_keeper

OFFERED = 3
"""The most accounts that have a button."""


def retry_buttons(runs: Sequence[Run]) -> None:
    """Draw a button for each account for which several runs failed."""
    found = list(retriable_accounts(runs).items())[:OFFERED]
    if not found:
        return
    with st.container(horizontal=True, key="retry-all"):
        for account, failed in found:
            label = f"Retry all {len(failed):,} for {escape(_name(account))}"
            key = widget_key("retry-all", account)
            st.button(label, key=key, icon=":material/replay:", on_click=_ask, args=(account, failed))


def _ask(account: Destination, runs: list[Run]) -> None:
    defer(lambda: _dialog(account, runs))


@st.dialog("Retry all?", icon=":material/replay:", on_dismiss="rerun")
def _dialog(account: Destination, runs: list[Run]) -> None:
    first = date_and_time(min(run.due_at for run in runs), viewer_zone())
    count = plural(len(runs), "post")
    st.markdown(
        f"{count} go out now to **{escape(_name(account))}**, all at once. The oldest was due on {escape(first)}."
        " Posts with an unknown result are not among them."
    )
    show_error()
    dialog_buttons(f"Retry {count}", "confirm-retry-all", _retry_all, account, runs, icon=":material/replay:")


@dialog_callback
def _retry_all(account: Destination, runs: list[Run]) -> None:
    app, keep = application(), report_keeper()
    found = retry_all(app.schedules, app.ledger, runs, account)
    tried, refused = len(runs) - len(found.refused), len(found.refused)
    message = f"{plural(tried, 'post')} tried again. The results appear in History."
    keep(found, f"{message} {refused:,} could not be tried again." if refused else message)


def _name(account: Destination) -> str:
    return account_names([account])[0]
