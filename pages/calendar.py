"""Calendar: a month of past and future posts, and the posts of the selected day."""

from calendar import Calendar
from collections import defaultdict
from dataclasses import dataclass, replace
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


@dataclass(frozen=True, kw_only=True)
class Month:
    """The posts of the shown days. Of the `shortened` days only the first ones; `more` if some day has others."""

    posts: dict[date, list[QueueEntry]]
    shortened: frozenset[date]
    more: bool


def read_month(days: list[date], zone: str) -> Month:
    """Return the posts of the days in `zone`. Of the selected day, as many as its list shows, and one more."""
    views, found = application().views, defaultdict(list)
    begins = [start_of_day(day, zone) for day in [*days, days[-1] + timedelta(days=1)]]
    window = views.calendar(begins[0], begins[-1], begins[:-1])
    shortened = frozenset(day for day, at in zip(days, begins, strict=False) if at in window.shortened)
    entries, selected = window.entries, st.session_state[DAY]
    if selected in shortened:
        first, last = start_of_day(selected, zone), start_of_day(selected + timedelta(days=1), zone)
        others = [each for each in entries if not first <= each.due_at < last]
        entries = [*others, *views.day(first, last, limit=list_limit(PAGE) + 1).entries]
    for each in entries:
        found[wall_time(each.due_at, zone).date()].append(each)
    return Month(posts=found, shortened=shortened, more=window.more)


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


def day_cell(day: date, month: Month, shown: date, today: date) -> DayCell:
    """Return the cell of a day in the month of `shown`."""
    zone, entries, shortened = viewer_zone(), month.posts.get(day, []), day in month.shortened
    more = f"+{len(entries) - CELL_POSTS} more" if len(entries) > CELL_POSTS else ""
    posts = [
        CellPost(time=clock_time(each.due_at, zone), text=excerpt(each.text or "", 60), colour=BADGES[each.state][2])
        for each in entries[:CELL_POSTS]
    ]
    return DayCell(
        iso=day.isoformat(),
        number=day.day,
        label=f"{calendar_day(day)}: {f'more than {CELL_POSTS} posts' if shortened else plural(len(entries), 'post')}",
        in_month=day.month == shown.month,
        today=day == today,
        selected=day == st.session_state[DAY],
        posts=posts,
        more="and more" if shortened else more,
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
    month = read_month(days, zone)
    age = phrase_age((each.due_at for each in month.posts.get(st.session_state[DAY], [])), now)
    return wall_time(now, zone).date(), month, age


@st.fragment
def calendar() -> None:
    """Draw the month and the posts of the selected day."""
    zone, now = viewer_zone(), application().clock()
    today = wall_time(now, zone).date()
    shown = st.session_state.setdefault(MONTH, today.replace(day=1))
    selected = st.session_state.setdefault(DAY, today if shown == today.replace(day=1) else shown)
    days = list(Calendar().itermonthdates(shown.year, shown.month))
    month = read_month(days, zone)
    note_drawn(content())
    month_header(shown, today)
    month_grid([day_cell(day, month, shown, today) for day in days], select_day)
    if month.more:
        st.caption("This month has more posts than the calendar shows. Queue and History list all of them.")
    st.header(day_heading(selected, today), anchor=False)
    cards, limit = cards_of_day(month.posts.get(selected, []), now), list_limit(PAGE)
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
