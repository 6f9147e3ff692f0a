"""Calendar: a month of posts, past and coming, and the day that was chosen in full."""

from calendar import Calendar
from collections import defaultdict
from dataclasses import replace
from datetime import date, datetime, timedelta

import streamlit as st

from core.posts.series import day_begins
from core.scheduling.calendar_view import agenda
from core.scheduling.upcoming import Entry
from core.time.instants import offset_label, wall_time
from core.time.phrases import calendar_day, clock_time, counted, day_heading, excerpt
from ui.frame import links
from ui.frame.application import application
from ui.frame.callbacks import beside
from ui.frame.card_places import anew, departed, places
from ui.frame.dialogs import asked
from ui.frame.state import DAY, MONTH, SHOWN
from ui.frame.viewer import viewer_zone
from ui.frame.wording import BADGES, heard
from ui.posts.cards import card
from ui.posts.month_grid import Day, Line, month_grid

SHOWN_A_DAY = 3
"""Posts that a day's cell names; of more only the number is told."""
PAGE = 20
"""Posts of the chosen day that are shown in full at first."""


def more() -> None:
    """Show another page of cards."""
    st.session_state[SHOWN] = st.session_state.get(SHOWN, PAGE) + PAGE


def turn(month: date) -> None:
    """Show another month."""
    st.session_state[MONTH] = month
    st.session_state.pop(DAY, None)
    anew()


def choose(day: date) -> None:
    """Show a day in full."""
    st.session_state[DAY] = day
    anew()


def posts(first: date, last: date, zone: str) -> tuple[dict[date, list[Entry]], bool]:
    """Return the posts of the days from `first` to `last`, by day as calendars in `zone` have them, and whether there
    are more.
    """
    app, found = application(), defaultdict(list)
    begins, ends = day_begins(first, zone), day_begins(last + timedelta(days=1), zone)
    held = agenda(app.queue, app.ledger, begins, ends, app.clock())
    for each in held.entries:
        found[wall_time(each.due_at, zone).date()].append(each)
    return found, held.more


def in_full(entries: list[Entry], now: datetime) -> list[Entry]:
    """Return the chosen day's posts, each once, and in their places those that were cancelled while it was shown."""
    present: dict[str, Entry] = {}
    for each in entries:
        present.setdefault(each.key, each)
    kept = places()
    for key, each in present.items():
        if each.run is None:
            kept.setdefault(key, each.due_at)
    gone = [(at, departed(key, now)) for key, at in kept.items() if key not in present]
    cancelled = [replace(each, due_at=at) for at, each in gone if each and each.state == "cancelled"]
    return sorted([*present.values(), *cancelled], key=lambda each: (each.due_at, each.post_id))


def cell(day: date, entries: list[Entry], shown: date, today: date) -> Day:
    """Return one day of the month as its cell shows it."""
    zone = viewer_zone()
    lines = [
        Line(time=clock_time(each.due_at, zone), text=excerpt(each.text or "", 60), colour=BADGES[each.state][2])
        for each in entries[:SHOWN_A_DAY]
    ]
    return Day(
        iso=day.isoformat(),
        number=day.day,
        label=f"{calendar_day(day)}: {counted(len(entries), 'post')}",
        in_month=day.month == shown.month,
        today=day == today,
        chosen=day == st.session_state[DAY],
        posts=lines,
        more=len(entries) - len(lines),
    )


def steps(shown: date, today: date) -> None:
    """Draw the way to other months."""
    previous, following = (shown - timedelta(days=1)).replace(day=1), (shown + timedelta(days=31)).replace(day=1)
    before, after = "The month before", "The month after"
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.header(f"{shown:%B %Y}", anchor=False, width="stretch")
        for key, label, icon, help_text, month in (
            ("previous", heard("", before), ":material/chevron_left:", before, previous),
            ("this-month", "Today", None, None, today.replace(day=1)),
            ("next", heard("", after), ":material/chevron_right:", after, following),
        ):
            st.button(label, key=key, icon=icon, help=help_text, on_click=turn, args=(month,))


@st.fragment(run_every="10s")
def month() -> None:
    """Draw the month, and below it the day that was chosen."""
    zone, now = viewer_zone(), application().clock()
    today = wall_time(now, zone).date()
    shown = st.session_state.setdefault(MONTH, today.replace(day=1))
    chosen = st.session_state.setdefault(DAY, today if shown == today.replace(day=1) else shown)
    days = list(Calendar().itermonthdates(shown.year, shown.month))
    found, beyond = posts(days[0], days[-1], zone)
    steps(shown, today)
    month_grid([cell(day, found.get(day, []), shown, today) for day in days], choose)
    if beyond:
        st.caption("There are more posts in these weeks than the calendar can show. Queue and History have them all.")
    st.header(day_heading(chosen, today), anchor=False)
    cards = in_full(found.get(chosen, []), now)
    limit = st.session_state.get(SHOWN, PAGE)
    for each in cards[:limit]:
        card(each, chosen, now)
    if len(cards) > limit:
        st.button("Show more", key="more", on_click=more, icon=":material/expand_more:")
    if not cards:
        st.caption("Nothing is due on this day.")
        st.page_link(links.COMPOSE, label="Write a post", icon=":material/edit_square:")
    beside()


zone = viewer_zone()
st.title("Calendar", anchor=False)
st.caption(f"Times in {zone} ({offset_label(application().clock(), zone)})")
month()
asked()
