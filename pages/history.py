"""History: what went out and how late, what did not and why, and what can be done about it."""

from collections.abc import Iterable
from itertools import groupby

import pandas as pd
import streamlit as st

from core.ledger.history import Run, everything, runs, waits_for_a_person
from core.time.instants import offset_label, utc_text, wall_time
from core.time.phrases import countdown, day_heading
from ui.frame.application import application
from ui.frame.callbacks import beside
from ui.frame.card_places import places
from ui.frame.dialogs import asked
from ui.frame.empty_page import empty_page
from ui.frame.state import SHOWN
from ui.frame.viewer import viewer_zone
from ui.posts.attention import attention
from ui.posts.run_card import lag, outcome_line, run_card
from ui.posts.search import LOOKED_THROUGH, looked_through, matching, search_field, searched

PAGE = 30
WATCHED = 100
"""So many more runs than are shown are looked through for those that wait for a person."""
CSV = "text/csv"


def more() -> None:
    """Show another page of cards."""
    st.session_state[SHOWN] = st.session_state.get(SHOWN, PAGE) + PAGE


def csv() -> bytes:
    """Return everything there is, with instants in UTC."""
    return pd.DataFrame(lines(everything(application().ledger))).to_csv(index=False).encode("utf-8-sig")


def lines(found: Iterable[Run]) -> Iterable[dict[str, object]]:
    """Return each destination of each run as a line of the CSV file."""
    return (
        {
            "due_at": utc_text(run.due_at),
            "zone": run.zone,
            "state": each.state,
            "published_at": utc_text(each.at) if each.state == "published" and each.at else None,
            "lag_ms": lag(run, each),
            "text": run.payload.text_for(each.destination),
            "destination": each.destination,
            "url": each.url,
            "error": each.reason,
            "attempts": run.attempts,
            "key": run.key,
        }
        for run in found
        for each in run.outcome.destinations
    )


@st.fragment(run_every="5s")
def report() -> None:
    """Draw what waits for a person, then the rest by day, the latest first, below what narrows them, if there is any.

    What waited when the page was opened keeps its place when it has been seen to, and what begins to wait comes last,
    so that no button moves under the pointer.
    """
    ledger, limit = application().ledger, st.session_state.get(SHOWN, PAGE)
    asked = LOOKED_THROUGH if searched() else limit + WATCHED
    latest = runs(ledger, limit=asked)
    matches = matching()
    found = [run for run in latest if matches(run.text, run.destinations)]
    kept = places()
    waiting = {run.key: run for run in found if run.key in kept or waits_for_a_person(ledger, run)}
    for run in waiting.values():
        kept.setdefault(run.key, run.due_at)
    rest = [run for run in found if run.key not in waiting]
    zone = viewer_zone()
    if latest:
        controls()
    st.caption(f"Times in {zone} ({offset_label(application().clock(), zone)})")
    attention([waiting[key] for key in kept if key in waiting])
    days(rest[:limit])
    cut = len(latest) == asked
    if len(rest) > limit or (cut and not searched()):
        st.button("Show more", key="more", on_click=more, icon=":material/expand_more:")
    elif cut:
        looked_through("last")
    if not found:
        empty()
    beside()


def controls() -> None:
    """Draw what narrows the cards, and the way to have them all in a file."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search_field()
        st.download_button(
            "CSV", csv, "punctual-history.csv", CSV, key="csv", icon=":material/download:", on_click="ignore"
        )


def days(found: list[Run]) -> None:
    """Draw runs by day."""
    zone, now = viewer_zone(), application().clock()
    today = wall_time(now, zone).date()
    for day, group in groupby(found, key=lambda run: wall_time(run.due_at, zone).date()):
        st.header(day_heading(day, today), anchor=False)
        for run in group:
            with run_card(run, countdown(run.due_at, now)):
                for each in run.outcome.destinations:
                    outcome_line(run, each)


def empty() -> None:
    """Say how to begin, or why nothing is here."""
    if searched():
        st.info("Nothing here. Search for something else.", icon=":material/search_off:")
        return
    empty_page("Nothing has gone out yet", "Each post is listed here from the moment it is due, with how late it was.")


st.title("History", anchor=False)
report()
asked()
