"""Calendar: a month of past and future posts, and the posts of the selected day."""

from calendar import Calendar
from collections import defaultdict
from dataclasses import replace
from datetime import date, datetime, timedelta

import streamlit as st

from core.posts.series import start_of_day
from core.scheduling.upcoming import QueueEntry
from core.time.instants import wall_time
from core.time.phrases import calendar_day, clock_time, day_heading, excerpt, plural
from ui.frame import links
from ui.frame.application import application
from ui.frame.callbacks import show_toasts
from ui.frame.card_places import card_places, departed, list_limit, more_button, reset_list
from ui.frame.dialogs import run_deferred
from ui.frame.redraw import note_drawn, phrase_age, redraw_on_change
from ui.frame.state import DAY, MONTH
from ui.frame.viewer import viewer_zone, zone_caption
from ui.frame.wording import BADGES, accessible_label
from ui.posts.cards import card
from ui.posts.month_grid import CellPost, DayCell, month_grid

CELL_POSTS = 3
"""Posts that a day's cell lists. It shows the number of the others."""
PAGE = 20
"""Cards of the selected day that are shown at first."""


def show_month(month: date) -> None:
    """Show a month, with none of its days selected."""
    st.session_state[MONTH] = month
    st.session_state.pop(DAY, None)
    reset_list()


def select_day(day: date) -> None:
    """Select a day, whose posts are shown below the month."""
    st.session_state[DAY] = day
    reset_list()


def posts_by_day(first: date, last: date, zone: str) -> tuple[dict[date, list[QueueEntry]], bool]:
    """Return the posts from `first` to `last` by their day in `zone`, and whether more exist."""
    app, found = application(), defaultdict(list)
    begins, ends = start_of_day(first, zone), start_of_day(last + timedelta(days=1), zone)
    window = app.views.calendar(begins, ends)
    for each in window.entries:
        found[wall_time(each.due_at, zone).date()].append(each)
    return found, window.more


def cards_of_day(entries: list[QueueEntry], now: datetime) -> list[QueueEntry]:
    """Return the posts of the selected day without duplicates. Cancelled posts keep their places."""
    present: dict[str, QueueEntry] = {}
    for each in entries:
        present.setdefault(each.key, each)
    places = card_places()
    for key, each in present.items():
        if each.run is None:
            places.setdefault(key, each.due_at)
    gone = [(at, departed(key)) for key, at in places.items() if key not in present]
    cancelled = [replace(each, due_at=at) for at, each in gone if each and each.state == "cancelled"]
    return sorted([*present.values(), *cancelled], key=lambda each: (each.due_at, each.post_id))


def day_cell(day: date, entries: list[QueueEntry], shown: date, today: date) -> DayCell:
    """Return the cell of a day in the month of `shown`."""
    zone = viewer_zone()
    posts = [
        CellPost(time=clock_time(each.due_at, zone), text=excerpt(each.text or "", 60), colour=BADGES[each.state][2])
        for each in entries[:CELL_POSTS]
    ]
    return DayCell(
        iso=day.isoformat(),
        number=day.day,
        label=f"{calendar_day(day)}: {plural(len(entries), 'post')}",
        in_month=day.month == shown.month,
        today=day == today,
        selected=day == st.session_state[DAY],
        posts=posts,
        more=len(entries) - len(posts),
    )


def month_header(shown: date, today: date) -> None:
    """Draw the name of the month, and the buttons for other months."""
    previous, following = (shown - timedelta(days=1)).replace(day=1), (shown + timedelta(days=31)).replace(day=1)
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.header(f"{shown:%B %Y}", anchor=False, width="stretch")
        for key, label, icon, help_text, month in (
            ("previous", "", ":material/chevron_left:", "Previous month", previous),
            ("this-month", "Today", None, None, today.replace(day=1)),
            ("next", "", ":material/chevron_right:", "Next month", following),
        ):
            label = accessible_label(label, help_text or "")
            st.button(label, key=key, icon=icon, help=help_text, on_click=show_month, args=(month,))


def content() -> object:
    """Return the content of the page, to notice when it changes."""
    zone, now = viewer_zone(), application().clock()
    days = list(Calendar().itermonthdates(st.session_state[MONTH].year, st.session_state[MONTH].month))
    found, more = posts_by_day(days[0], days[-1], zone)
    age = phrase_age((each.due_at for each in found.get(st.session_state[DAY], [])), now)
    return wall_time(now, zone).date(), found, more, age


@st.fragment
def calendar() -> None:
    """Draw the month and the posts of the selected day."""
    zone, now = viewer_zone(), application().clock()
    today = wall_time(now, zone).date()
    shown = st.session_state.setdefault(MONTH, today.replace(day=1))
    selected = st.session_state.setdefault(DAY, today if shown == today.replace(day=1) else shown)
    days = list(Calendar().itermonthdates(shown.year, shown.month))
    found, more = posts_by_day(days[0], days[-1], zone)
    note_drawn(content())
    month_header(shown, today)
    month_grid([day_cell(day, found.get(day, []), shown, today) for day in days], select_day)
    if more:
        st.caption("This month has more posts than the calendar shows. Queue and History list all of them.")
    st.header(day_heading(selected, today), anchor=False)
    cards, limit = cards_of_day(found.get(selected, []), now), list_limit(PAGE)
    for each in cards[:limit]:
        card(each, selected, now)
    if len(cards) > limit:
        more_button(PAGE)
    if not cards:
        st.caption("No posts on this day.")
        st.page_link(links.COMPOSE, label="Write a post", icon=":material/edit_square:")
    show_toasts()


st.title("Calendar", anchor=False)
zone_caption(application().clock())
redraw_on_change(content)
calendar()
run_deferred()
