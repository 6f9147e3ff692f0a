"""The text of a draft in tabs: one for all accounts, and one for each account with a text of its own.

Below a text are its parts, and the options of the accounts that get it.
"""

from collections.abc import Sequence

import streamlit as st

from core.accounts.port import Account
from ui.compose import draft_fields, variants
from ui.compose.autosave import autosave
from ui.compose.draft_previews import draft_previews
from ui.compose.option_fields import option_fields, own_option_fields
from ui.compose.part_list import part_list
from ui.compose.split_button import split_button
from ui.compose.typed_text import latest_text
from ui.frame.application import application
from ui.frame.callbacks import callback
from ui.frame.state import widget_key
from ui.frame.wording import escape, escape_inline
from ui.preview.component import counter

ALL = "All"
"""The tab of the text that every account without its own text gets."""


def text_tabs(draft: str, accounts: Sequence[Account]) -> None:
    """Draw the tabs, and the note that the draft is saved."""
    own = [account for account in accounts if variants.differs(draft, account.destination)]
    with st.container(key="compose-text"):
        _add_menu(draft, [account for account in accounts if account not in own] if len(accounts) > 1 else [])
        labels = [ALL, *(escape_inline(account.label) for account in own)]
        key = _tabs_key(draft)
        if st.session_state.get(key) not in labels:
            st.session_state[key] = ALL
        first, *others = st.tabs(labels, key=key, on_change="rerun")
        with first:
            _text_of_all(draft, [account for account in accounts if account not in own])
        for account, tab in zip(own, others, strict=True):
            with tab:
                _own_text(draft, account)


def _text_of_all(draft: str, accounts: Sequence[Account]) -> None:
    key, field = draft_fields.text_key(draft), st.container()
    with st.container(horizontal=True, vertical_alignment="center", key="text-line"):
        with st.container(width="content"):
            autosave(draft)  # before the text area, so that it listens when the first letter is typed
        field.text_area(
            "Text",
            key=key,
            height="content",
            placeholder="What do you want to share?",
            label_visibility="collapsed",
            persist_state="session",
        )
        split_button(key, accounts)
        counter(key, latest_text(key), draft_previews(draft, accounts))
    part_list(draft, key, accounts)
    option_fields(draft, accounts)
    _removed_note(draft)


def _own_text(draft: str, account: Account) -> None:
    key = variants.text_key(draft, account.destination)
    st.text_area(
        f"Text for {account.label}",
        key=key,
        height="content",
        placeholder=f"What do you want to share with {account.label}?",
        label_visibility="collapsed",
        persist_state="session",
    )
    with st.container(horizontal=True, vertical_alignment="center", key=f"line-{key}"):
        st.button(
            "Use the text of All",
            key=widget_key(f"remove-text-{account.destination}", draft),
            type="tertiary",
            icon=":material/undo:",
            help=f"Removes this text. {escape(account.label)} then gets the text of All.",
            on_click=variants.remove,
            args=(draft, account.destination),
        )
        split_button(key, [account])
        counter(key, latest_text(key), draft_previews(draft, [account]))
    part_list(draft, key, [account])
    own_option_fields(draft, account)


def _add_menu(draft: str, accounts: Sequence[Account]) -> None:
    """Draw the menu of the accounts that can get a text of their own."""
    with st.container(key="compose-add-text"):
        if accounts:
            labels = {account.label: account.destination for account in accounts}
            st.menu_button(
                "Different text for …",
                list(labels),
                key=_menu_key(draft),
                type="tertiary",
                icon=":material/add:",
                on_click=_add,
                args=(draft, labels),
            )


@callback
def _add(draft: str, labels: dict[str, str]) -> None:
    label = st.session_state[_menu_key(draft)]
    variants.add(draft, labels[label], latest_text(draft_fields.text_key(draft)))
    st.session_state[_tabs_key(draft)] = escape_inline(label)


def _removed_note(draft: str) -> None:
    destination = variants.removed(draft)
    if destination is None or destination not in st.session_state[draft_fields.destinations_key(draft)]:
        return
    label = application().accounts.get(destination).label
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f":material/check: {escape(label)} gets the text of All again.", width="content")
        st.button(
            "Undo",
            key=widget_key("restore-text", draft),
            type="tertiary",
            icon=":material/undo:",
            on_click=_restore,
            args=(draft, label),
        )


@callback
def _restore(draft: str, label: str) -> None:
    variants.restore(draft)
    st.session_state[_tabs_key(draft)] = escape_inline(label)


def _tabs_key(draft: str) -> str:
    return widget_key("tabs", draft)


def _menu_key(draft: str) -> str:
    return widget_key("add-text", draft)
