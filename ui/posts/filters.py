"""The filters of a list of posts: words, accounts, labels and states. The page's address keeps them.

Streamlit ignores a value in the address that a filter does not offer. Draw the filters before reading them: a new
session has the values of its address from then on.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import streamlit as st

from core.scheduling.post_filter import PostFilter, StateGroup
from core.time.phrases import plural
from ui.compose.labels_dialog import manage_labels_button
from ui.frame.application import application
from ui.frame.card_places import first_page
from ui.frame.state import ACCOUNT_FILTER, LABEL_FILTER, SEARCH, STATE_FILTER
from ui.posts.search import search_field

STATE_NAMES: dict[StateGroup, str] = {
    "scheduled": "Scheduled",
    "paused": "Paused",
    "waiting": "Needs a time",
    "published": "Published",
    "unconfirmed": "Unconfirmed",
    "failed": "Failed",
    "missed": "Missed",
    "cancelled": "Cancelled",
}
"""The states by their names in the interface and in the address."""


def filter_controls(states: Sequence[StateGroup]) -> None:
    """Draw the search field and the choice of accounts, of labels and of these states, side by side."""
    search_field()
    with filter_popover():
        filter_choices(states)


@contextmanager
def filter_popover(others: int = 0) -> Iterator[None]:
    """Draw the button that opens the filters, with the number of values that are set, and `others` beside them."""
    chosen = others + sum(map(_chosen, (ACCOUNT_FILTER, LABEL_FILTER, STATE_FILTER)))
    label = f"Filter ({chosen})" if chosen else "Filter"
    with st.popover(label, icon=":material/filter_list:", key="filters"):
        yield


def filter_choices(states: Sequence[StateGroup]) -> None:
    """Draw the choice of accounts, of labels and of these states."""
    _choice("Accounts", ACCOUNT_FILTER, _account_names())
    _choice("Labels", LABEL_FILTER, _label_names())
    manage_labels_button("manage-labels")
    _choice("States", STATE_FILTER, {STATE_NAMES[each]: STATE_NAMES[each] for each in states})


def current_filter() -> PostFilter:
    """Return the filter that is selected now."""
    groups: dict[str, StateGroup] = {name: group for group, name in STATE_NAMES.items()}
    selected = st.session_state.get(STATE_FILTER) or ()
    return PostFilter(
        accounts=frozenset(st.session_state.get(ACCOUNT_FILTER) or ()),
        labels=frozenset(st.session_state.get(LABEL_FILTER) or ()),
        states=frozenset(groups[each] for each in selected if each in groups),
        text=st.session_state.get(SEARCH) or "",
        account_names={account.destination: account.label for account in application().accounts.all()},
    )


def shown_count(shown: int, total: int) -> str:
    """Return how many of the posts a list shows, such as `412 posts, 38 shown`."""
    return plural(total, "post") if shown == total else f"{plural(total, 'post')}, {shown:,} shown"


def clear_filters() -> None:
    """Show every post again."""
    st.session_state[SEARCH] = ""
    for key in (ACCOUNT_FILTER, LABEL_FILTER, STATE_FILTER):
        st.session_state[key] = []
    first_page()


def _chosen(key: str) -> int:
    """Return how many values of a filter are selected; before it is drawn the first time, in the address."""
    return len(st.session_state[key] or ()) if key in st.session_state else len(st.query_params.get_all(key))


def _choice(label: str, key: str, names: dict[str, str]) -> None:
    """Draw the choice of several values, which are given with their names. Without values, there is no choice."""
    if st.session_state.get(key):  # a chosen account may have been disconnected
        st.session_state[key] = [each for each in st.session_state[key] if each in names]
    if names:
        st.multiselect(
            label,
            list(names),
            format_func=lambda value: names.get(value, value),
            key=key,
            placeholder="All",
            on_change=first_page,
            bind="query-params",
        )


def _account_names() -> dict[str, str]:
    """Return the accounts with names that differ, because the address has the names."""
    accounts = application().accounts.all()
    labels = [account.label for account in accounts]
    return {
        each.destination: each.label if labels.count(each.label) == 1 else f"{each.label} ({each.destination})"
        for each in accounts
    }


def _label_names() -> dict[str, str]:
    return {label.name: label.name for label in application().all_labels()}
