"""Queue: the upcoming posts by day, redrawn when they change, or the cancelled ones."""

from datetime import datetime
from itertools import groupby

import streamlit as st

from core.time.instants import wall_time
from core.time.phrases import day_heading, plural
from ui.frame.application import application
from ui.frame.callbacks import show_toasts
from ui.frame.card_places import reset_list
from ui.frame.empty_page import empty_page
from ui.frame.redraw import note_drawn, phrase_age, redraw_on_change
from ui.frame.state import CARD_PLACES, LISTED_ON, PAGE_NUMBER, QUEUE_VIEW
from ui.frame.viewer import viewer_zone
from ui.posts.cancelled_cards import cancelled_cards
from ui.posts.cards import card
from ui.posts.filters import shown_count
from ui.posts.passed_tray import passed_tray
from ui.posts.queue_controls import filter_bar, is_dense, list_controls, remedies, show_everything
from ui.posts.queue_list import QueuePage, all_ids, queue_page
from ui.posts.reports import report_notice
from ui.posts.selected import is_selecting
from ui.posts.selection_bar import selection_bar
from ui.posts.shortcuts import key_names, watch_keys

CANCELLED_PAGE = 20


def content(now: datetime, page: QueuePage) -> object:
    """Return the content of the list, to notice when it changes."""
    passed = [each.post_id for each in application().views.passed()]
    return wall_time(now, viewer_zone()).date(), page, passed, phrase_age((each.due_at for _, each in page.cards), now)


def content_now() -> object:
    """Return what the list would show now."""
    now = application().clock()
    return content(now, queue_page(now))


@st.fragment
def queue() -> None:
    """Draw the controls, the tray, and the cards of one page by day."""
    now, zone = application().clock(), viewer_zone()
    today = wall_time(now, zone).date()
    if st.session_state.setdefault(LISTED_ON, today) != today:  # a new day: drop the cards of posts that are gone
        st.session_state[LISTED_ON] = today
        st.session_state.pop(CARD_PLACES, None)
    with st.container(key="queue-controls"):
        if has_controls():
            filter_bar()
    watch_keys()
    page = queue_page(now)
    note_drawn(content(now, page))
    summary(page)
    report_notice()
    passed_tray(application().views.passed())
    if is_selecting():
        selection_bar([each.post_id for _, each in page.cards if each.post is not None], page.shown, all_ids)
    with st.container(key="queue-dense" if is_dense() else "queue-roomy"):
        days(page, now)
    pages(page)
    show_toasts()


def summary(page: QueuePage) -> None:
    """Draw the number of posts, and the way back to all posts."""
    with st.container(horizontal=True, vertical_alignment="center", key="zone-line"):
        if page.total or page.cards:
            st.caption(f"**{shown_count(page.shown, page.total)}**", width="content")
        if remedies():
            st.button(
                "Show all", key="show-all", type="tertiary", icon=":material/filter_list_off:", on_click=show_everything
            )
        if page.hidden:
            st.button(
                f"Show {plural(page.hidden, 'new post')}",
                key="show-new",
                type="tertiary",
                icon=":material/refresh:",
                on_click=reset_list,
            )


def days(page: QueuePage, now: datetime) -> None:
    """Draw the cards by day, or the reason why there are none."""
    zone = viewer_zone()
    today = wall_time(now, zone).date()
    for day, group in groupby(page.cards, key=lambda pair: wall_time(pair[0], zone).date()):
        st.header(day_heading(day, today), anchor=False)
        for _, each in group:
            card(each, day, now, dense=is_dense(), selecting=is_selecting())
    if page.cards:
        key_names()
    elif remedies():
        st.info(f"No matching posts. {', or '.join(remedies()).capitalize()}.", icon=":material/search_off:")
    elif not application().views.passed():
        empty_page("No scheduled posts", "Write a post and choose a time. It waits here until it is published.")


def pages(page: QueuePage) -> None:
    """Draw the choice of a page, and the note that a search has a limit."""
    if page.pages > 1:
        if st.session_state.get(PAGE_NUMBER, page.number) != page.number:
            st.session_state[PAGE_NUMBER] = page.number
        with st.container(horizontal_alignment="center"):
            st.pagination(
                page.pages, default=1, key=PAGE_NUMBER, on_change=reset_list, bind="query-params", width="content"
            )
    if page.more:
        st.caption(
            f"Only the next {application().views.searched:,} posts were searched. Jump to a day to search later ones."
        )


def has_controls() -> bool:
    """Return whether there is something to filter or to select, or was when the page was opened."""
    shown = application().views.total() or st.session_state.get(CARD_PLACES)
    return bool(shown or remedies() or is_selecting())


def head() -> str:
    """Draw the choice of the list, and the controls of the upcoming posts beside it; return the chosen list."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        view = st.segmented_control(
            "View",
            ["Upcoming", "Cancelled"],
            default="Upcoming",
            required=True,
            key=QUEUE_VIEW,
            label_visibility="collapsed",
            on_change=reset_list,
            bind="query-params",
        )
        st.space("stretch")
        if view == "Upcoming" and has_controls():
            list_controls()
    return str(view)


st.title("Queue", anchor=False)
if head() == "Cancelled":
    cancelled_cards(CANCELLED_PAGE)
    show_toasts()
else:
    redraw_on_change(content_now)
    queue()
