"""Queue: the upcoming posts by day, redrawn when they change, or the cancelled ones."""

from datetime import datetime, timedelta
from itertools import groupby

import streamlit as st

from core.posts.series import start_of_day
from core.scheduling.time_limits import PLANNING_HORIZON
from core.scheduling.upcoming import QueueEntry, QueueWindow, without_schedule
from core.time.instants import wall_time
from core.time.phrases import day_heading, plural
from ui.frame.application import application
from ui.frame.callbacks import show_toasts
from ui.frame.card_places import card_places, departed, list_limit, more_button, reset_list
from ui.frame.dialogs import run_deferred
from ui.frame.empty_page import empty_page
from ui.frame.redraw import note_drawn, phrase_age, redraw_on_change
from ui.frame.state import CARD_PLACES, LISTED_ON, LISTED_UNTIL, QUEUE_VIEW, WINDOW
from ui.frame.viewer import viewer_zone, zone_caption
from ui.posts.cancelled_cards import cancelled_cards
from ui.posts.cards import card
from ui.posts.search import SEARCH_LIMIT, matcher, search_field, search_limit_note, search_words

PAGE = 20
FIRST_SEARCHED = 100
"""The posts that a search reads at first. It reads more only if these do not fill the list."""
WINDOWS = {"Today": 0, "7 days": 7, "30 days": 30, "All": PLANNING_HORIZON.days + 1}
"""The periods to choose from, in days after today."""


def window_end(now: datetime) -> datetime:
    """Return the end of the selected period: the midnight after its last day in the viewer's zone."""
    days = WINDOWS[st.session_state.get(WINDOW) or "All"]
    today = wall_time(now, viewer_zone()).date()
    return start_of_day(today + timedelta(days=days + 1), viewer_zone())


def read_window(now: datetime) -> QueueWindow:
    """Return the soonest posts: as many as the list shows, or as a search needs to fill it, at most SEARCH_LIMIT."""
    views, end, limit = application().views, window_end(now), list_limit(PAGE)
    if not search_words():
        return views.upcoming(end, limit=limit)
    window, matches = views.upcoming(end, limit=min(FIRST_SEARCHED, SEARCH_LIMIT)), matcher()
    if window.more and sum(matches(each.text or "", each.destinations) for each in window.entries) <= limit:
        window = views.upcoming(end, limit=SEARCH_LIMIT)
    return window


def placed_cards(now: datetime) -> tuple[list[tuple[datetime, QueueEntry]], int, bool]:
    """Return all cards with the instants that order them, the number of hidden new posts, and whether more follow.

    A new post that is due before the last listed one stays hidden, so that no card moves.
    """
    window, matches = read_window(now), matcher()
    present = {each.post_id: each for each in window.entries}
    first = CARD_PLACES not in st.session_state
    found = unscheduled(now) if first else {}
    places, until = card_places(), None if first else st.session_state[LISTED_UNTIL]
    new = [each for each in present.values() if each.post_id not in places and until and each.due_at < until]
    listed = [places.setdefault(each.post_id, each.due_at) for each in present.values() if each not in new]
    st.session_state[LISTED_UNTIL] = max(listed if until is None else [*listed, until], default=None)
    present = found | present
    for each in found.values():
        places.setdefault(each.post_id, each.due_at)
    placed = [(at, present.get(post_id) or departed(post_id)) for post_id, at in places.items()]
    cards = [(at, each) for at, each in placed if each and matches(each.text or "", each.destinations)]
    hidden = [each for each in new if matches(each.text or "", each.destinations)]
    return sorted(cards, key=lambda pair: (pair[0], pair[1].post_id)), len(hidden), window.more


def content(now: datetime, found: tuple[list[tuple[datetime, QueueEntry]], int, bool]) -> object:
    """Return the content of the list, to notice when it changes."""
    return wall_time(now, viewer_zone()).date(), found, phrase_age((each.due_at for _, each in found[0]), now)


def content_now() -> object:
    """Return what the list would show now."""
    now = application().clock()
    return content(now, placed_cards(now))


def unscheduled(now: datetime) -> dict[str, QueueEntry]:
    """Return the posts that may have no schedule; of those being scheduled only the ones in the selected period."""
    found, end = without_schedule(application().ledger, now), window_end(now)
    return {each.post_id: each for each in found if each.state != "being scheduled" or each.due_at < end}


def remedies() -> list[str]:
    """Return the changes of the controls that may show more posts; none if all posts are shown."""
    limited = (st.session_state.get(WINDOW) or "All") != "All"
    return [*(["choose a longer period"] if limited else []), *(["change the search"] if search_words() else [])]


def controls() -> None:
    """Draw the choice of a period and the search field."""
    period, search = st.columns([3, 2], vertical_alignment="bottom")
    period.segmented_control(
        "Period", WINDOWS, default="All", required=True, key=WINDOW, label_visibility="collapsed", on_change=reset_list
    )
    with search:
        search_field()


@st.fragment
def cards() -> None:
    """Draw the cards by day, with the controls above them if there is anything to filter."""
    app, zone = application(), viewer_zone()
    now = app.clock()
    today = wall_time(now, zone).date()
    if st.session_state.setdefault(LISTED_ON, today) != today:  # a new day: drop the cards of posts that are gone
        st.session_state[LISTED_ON] = today
        st.session_state.pop(CARD_PLACES, None)
    placed, hidden, more = found = placed_cards(now)
    note_drawn(content(now, found))
    if card_places() or remedies():
        controls()
    with st.container(horizontal=True, vertical_alignment="center", key="zone-line"):
        zone_caption(now)
        if hidden:
            st.button(
                f"Show {plural(hidden, 'new post')}",
                key="show-new",
                type="tertiary",
                icon=":material/refresh:",
                on_click=reset_list,
            )
    shown = placed[: list_limit(PAGE)] if search_words() else placed
    for day, group in groupby(shown, key=lambda pair: wall_time(pair[0], zone).date()):
        st.header(day_heading(day, today), anchor=False)
        for _, each in group:
            card(each, day, now)
    if len(shown) < len(placed) or (more and not search_words()):
        more_button(PAGE)
    elif more:
        search_limit_note("next")
    if not placed:
        empty()
    show_toasts()


def empty() -> None:
    """Draw the reason why the list is empty."""
    if remedies():
        st.info(f"No matching posts. {', or '.join(remedies()).capitalize()}.", icon=":material/search_off:")
        return
    empty_page("No scheduled posts", "Write a post and choose a time. It waits here until it is published.")


st.title("Queue", anchor=False)
view = st.segmented_control(
    "View",
    ["Upcoming", "Cancelled"],
    default="Upcoming",
    required=True,
    key=QUEUE_VIEW,
    label_visibility="collapsed",
    on_change=reset_list,
)
if view == "Cancelled":
    cancelled_cards(PAGE)
    show_toasts()
else:
    redraw_on_change(content_now)
    cards()
run_deferred()
