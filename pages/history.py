"""History: the published and failed posts, how late they were, and the actions on them."""

from itertools import groupby

import streamlit as st

from core.bulk.history_csv import history_csv
from core.ledger.history import Run, all_runs
from core.scheduling.post_filter import StateGroup
from core.time.instants import wall_time
from core.time.phrases import day_heading, relative_time
from ui.frame.application import application
from ui.frame.callbacks import show_toasts
from ui.frame.card_places import card_places, list_limit, more_button
from ui.frame.empty_page import empty_page
from ui.frame.redraw import note_drawn, phrase_age, redraw_on_change
from ui.frame.state import HISTORY_VIEW
from ui.frame.viewer import viewer_zone
from ui.posts.attention import attention, undo_button
from ui.posts.filters import clear_filters, current_filter, filter_controls
from ui.posts.insights import choose_days, insights_view
from ui.posts.reports import report_notice
from ui.posts.run_card import destination_result, run_card
from ui.posts.search import SEARCH_LIMIT, search_limit_note

POSTS, INSIGHTS = "Posts", "Insights"
STATES: tuple[StateGroup, ...] = ("published", "unconfirmed", "failed", "missed")
"""The states of past posts."""
PAGE = 30
EXTRA_RUNS = 100
"""Runs that are read beyond the page, because those that wait for a person are drawn above it."""


def csv() -> bytes:
    """Return all runs as CSV, with instants in UTC."""
    return history_csv(all_runs(application().ledger))


def content() -> object:
    """Return what History shows now, to notice when it changes."""
    now, limit = application().clock(), list_limit(PAGE)
    latest = application().views.history(limit=read_limit(limit))
    waiting = application().waiting.read_with(latest)
    age = phrase_age((run.due_at for run in latest[:limit]), now)
    outcomes = [(run.key, run.outcome) for run in waiting.runs]
    return wall_time(now, viewer_zone()).date(), latest, age, outcomes


def read_limit(limit: int) -> int:
    """Return how many runs are read for a list of `limit`."""
    return limit + EXTRA_RUNS if current_filter().empty else SEARCH_LIMIT


@st.fragment
def report() -> None:
    """Draw the runs that wait for a person, then the rest by day, latest first."""
    limit = list_limit(PAGE)
    report_notice()
    controls()
    latest = application().views.history(limit=read_limit(limit))
    waiting = application().waiting.read_with(latest)
    note_drawn(content())
    chosen = current_filter()
    attention(waiting, latest, chosen)
    drawn = card_places().keys() | {run.key for run in waiting.runs}
    found = [run for run in latest if chosen.matches(run)]
    rest = [run for run in found if run.key not in drawn]
    days(rest[:limit])
    truncated = len(latest) == read_limit(limit)
    if len(rest) > limit or (truncated and chosen.empty):
        more_button(PAGE)
    elif truncated:
        search_limit_note("last")
    if not found and not card_places():
        empty()
    show_toasts()


@st.fragment
def insights_report() -> None:
    """Draw the filters and the insights."""
    with st.container(horizontal=True, vertical_alignment="center", key="insight-filters"):
        filter_controls(STATES)
        days = choose_days()
    insights_view(days)


def controls() -> None:
    """Draw the filters and the CSV export, if there is something to filter or to export."""
    if not application().views.history(limit=PAGE + EXTRA_RUNS):
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        filter_controls(STATES)
        st.download_button(
            "Export CSV",
            csv,
            "punctual-history.csv",
            "text/csv",
            key="csv",
            icon=":material/download:",
            on_click="ignore",
        )


def days(found: list[Run]) -> None:
    """Draw runs by day."""
    zone, now = viewer_zone(), application().clock()
    today = wall_time(now, zone).date()
    for day, group in groupby(found, key=lambda run: wall_time(run.due_at, zone).date()):
        st.header(day_heading(day, today), anchor=False)
        for run in group:
            with run_card(run, relative_time(run.due_at, now)):
                for each in run.outcome.destinations:
                    destination_result(run, each)
                undo_button(run)


def empty() -> None:
    """Draw the reason why the list is empty."""
    if not current_filter().empty:
        st.info("No matching posts. Change the search or the filter.", icon=":material/search_off:")
        st.button("Show all posts", key="clear-filters", on_click=clear_filters)
        return
    empty_page("Nothing published yet", "Each post appears here when it is due, with its result and how late it was.")


st.title("History", anchor=False)
view = st.segmented_control(
    "View",
    [POSTS, INSIGHTS],
    default=POSTS,
    required=True,
    key=HISTORY_VIEW,
    label_visibility="collapsed",
    bind="query-params",
)
if view == INSIGHTS:
    insights_report()
else:
    redraw_on_change(content)
    report()
