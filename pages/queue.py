"""Queue: what is still to go out, by day, kept true while the page is open."""

from datetime import datetime, timedelta
from itertools import groupby

import streamlit as st

from core.posts.series import day_begins
from core.scheduling.schedules import FURTHEST_AHEAD
from core.scheduling.upcoming import Entry, as_wished, stranded, upcoming
from core.time.instants import offset_label, wall_time
from core.time.phrases import counted, day_heading
from ui.frame.application import application
from ui.frame.callbacks import beside
from ui.frame.card_places import anew, departed, places
from ui.frame.dialogs import asked
from ui.frame.empty_page import empty_page
from ui.frame.state import PLACES, REACHED, SHOWN, TODAY, WINDOW
from ui.frame.viewer import viewer_zone
from ui.posts.cards import card
from ui.posts.search import LOOKED_THROUGH, looked_through, matching, search_field, searched

PAGE = 20
REFRESH = {"local": "2s", "aws": "5s"}
"""How often the cards are looked at again; on AWS that is a listing, and a request for each of them."""
WINDOWS = {"Today": 0, "7 days": 7, "30 days": 30, "All": FURTHEST_AHEAD.days + 1}


def more() -> None:
    """Show another page of cards."""
    st.session_state[SHOWN] = st.session_state.get(SHOWN, PAGE) + PAGE


def end(now: datetime) -> datetime:
    """Return where the chosen window ends: the midnight after its last day, where the viewer is."""
    days = WINDOWS[st.session_state.get(WINDOW) or "All"]
    today = wall_time(now, viewer_zone()).date()
    return day_begins(today + timedelta(days=days + 1), viewer_zone())


def placed(now: datetime) -> tuple[list[tuple[datetime, Entry]], int, bool]:
    """Return every card where it stands, how many more have come between, and whether more lie ahead."""
    app = application()
    limit = LOOKED_THROUGH if searched() else st.session_state.get(SHOWN, PAGE)
    window = upcoming(app.queue, now, end(now), limit=limit)
    present = {found.post_id: as_wished(app.ledger, found, now) for found in window.entries}
    first = PLACES not in st.session_state
    apart = unlisted(now) if first else {}
    kept, reached = places(), None if first else st.session_state[REACHED]
    between = [each for each in present.values() if each.post_id not in kept and reached and each.due_at < reached]
    listed = [kept.setdefault(each.post_id, each.due_at) for each in present.values() if each not in between]
    st.session_state[REACHED] = max(listed if reached is None else [*listed, reached], default=None)
    present = apart | present
    for found in apart.values():
        kept.setdefault(found.post_id, found.due_at)
    matches = matching()
    standing = [(at, present.get(post_id) or departed(post_id, now)) for post_id, at in kept.items()]
    cards = [(at, each) for at, each in standing if each and matches(each.text or "", each.destinations)]
    new = [each for each in between if matches(each.text or "", each.destinations)]
    return sorted(cards, key=lambda pair: (pair[0], pair[1].post_id)), len(new), window.more


def unlisted(now: datetime) -> dict[str, Entry]:
    """Return what may have no schedule, by post: what is still being scheduled only within the chosen window."""
    found, last = stranded(application().ledger, now), end(now)
    return {each.post_id: each for each in found if each.state != "being scheduled" or each.due_at < last}


def remedies() -> list[str]:
    """Return what may bring more posts onto the page; nothing where all are shown."""
    near = (st.session_state.get(WINDOW) or "All") != "All"
    return [*(["look further ahead"] if near else []), *(["search for something else"] if searched() else [])]


def controls() -> None:
    """Draw what narrows the cards."""
    window, search = st.columns([3, 2], vertical_alignment="bottom")
    window.segmented_control(
        "Window", WINDOWS, default="All", required=True, key=WINDOW, label_visibility="collapsed", on_change=anew
    )
    with search:
        search_field()


@st.fragment(run_every=REFRESH[application().settings.mode])
def cards() -> None:
    """Draw the cards, by day, below what narrows them, if there is anything to narrow."""
    app, zone = application(), viewer_zone()
    now = app.clock()
    today = wall_time(now, zone).date()
    if st.session_state.setdefault(TODAY, today) != today:  # what went out yesterday has been on the page for long
        st.session_state[TODAY] = today
        st.session_state.pop(PLACES, None)
    found, between, further = placed(now)
    if places() or remedies():
        controls()
    with st.container(horizontal=True, vertical_alignment="center", key="zone-line"):
        st.caption(f"Times in {zone} ({offset_label(now, zone)})", width="stretch")
        if between:
            st.button(
                f"Show {counted(between, 'new post')}",
                key="show-new",
                type="tertiary",
                icon=":material/refresh:",
                on_click=anew,
            )
    for day, group in groupby(found, key=lambda pair: wall_time(pair[0], zone).date()):
        st.header(day_heading(day, today), anchor=False)
        for _, each in group:
            card(each, day, now)
    if further and searched():
        looked_through("next")
    elif further:
        st.button("Show more", key="more", on_click=more, icon=":material/expand_more:")
    if not found:
        empty()
    beside()


def empty() -> None:
    """Say how to begin, or why nothing is here."""
    if remedies():
        st.info(f"Nothing here. {', or '.join(remedies()).capitalize()}.", icon=":material/search_off:")
        return
    empty_page("Nothing is scheduled", "Write a post, choose a time, and it waits here until it goes out.")


st.title("Queue", anchor=False)
cards()
asked()
