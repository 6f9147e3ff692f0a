"""The controls above the queue: density, selection, Pause all, the search, and the filters with period and date."""

import streamlit as st

from core.scheduling.post_filter import StateGroup
from core.time.instants import wall_time
from ui.frame.application import application
from ui.frame.card_places import first_page
from ui.frame.state import DENSITY, JUMP_DATE, WINDOW
from ui.frame.viewer import viewer_zone
from ui.posts.filters import clear_filters, current_filter, filter_choices, filter_popover
from ui.posts.pause_all import pause_all_button
from ui.posts.queue_list import PERIODS, is_limited
from ui.posts.search import search_field
from ui.posts.selected import is_selecting, start_selecting

STATES: tuple[StateGroup, ...] = ("scheduled", "paused", "waiting", "missed")
ROOMY, DENSE = "Roomy", "Dense"


def is_dense() -> bool:
    """Return whether the cards are dense."""
    return st.session_state.get(DENSITY) == DENSE


def list_controls() -> None:
    """Draw what concerns the list as a whole: density, selection and Pause all."""
    st.segmented_control(
        "Density",
        [ROOMY, DENSE],
        default=ROOMY,
        required=True,
        key=DENSITY,
        label_visibility="collapsed",
        bind="query-params",
    )
    st.button(
        "Select",
        key="start-selecting",
        icon=":material/check_box:",
        disabled=is_selecting(),  # the bar of the selection has Done
        on_click=start_selecting,
    )
    pause_all_button()


def filter_bar() -> None:
    """Draw what the list shows: the search, and the filters with the period and its first day."""
    limits = _limits()
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="queue-filters"):
        search_field()
        with filter_popover(limits):
            st.segmented_control(
                "Period",
                PERIODS,
                default="All",
                required=True,
                key=WINDOW,
                on_change=first_page,
                bind="query-params",
            )
            _jump()
            filter_choices(STATES)


def _limits() -> int:
    """Return how many of the period and the first day are set; before they are drawn the first time, in the address."""
    state, address = st.session_state, st.query_params
    chosen = state.get(WINDOW) if WINDOW in state else address.get(WINDOW)
    first = state.get(JUMP_DATE) if JUMP_DATE in state else address.get(JUMP_DATE)
    return sum([chosen in PERIODS and chosen != "All", bool(first)])


def show_everything() -> None:
    """Clear the filters, the period and the date."""
    clear_filters()
    st.session_state[WINDOW], st.session_state[JUMP_DATE] = "All", None
    first_page()


def remedies() -> list[str]:
    """Return the changes of the controls that may show more posts; none if all posts are shown."""
    chosen = current_filter()
    changed = ["change the search"] if chosen.text.strip() else []
    changed += ["clear the filters"] if chosen.accounts or chosen.labels or chosen.states else []
    return [*(["choose a longer period"] if is_limited() else []), *changed]


def _jump() -> None:
    """Draw the choice of the day with which the list begins."""
    today = wall_time(application().clock(), viewer_zone()).date()
    st.date_input(
        "Begin with the day",
        value=None,
        min_value=today,
        format="YYYY-MM-DD",
        key=JUMP_DATE,
        on_change=first_page,
        bind="query-params",
    )
