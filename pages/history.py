"""History: what went out and how late, what did not and why, and what can be done about it."""

from collections.abc import Iterable
from datetime import timedelta

import pandas as pd
import streamlit as st

from core.history import Run, everything, runs, waits_for_a_person
from core.ledger.states import DestinationOutcome
from core.moments import offset_label, utc_text, wall_time
from core.phrases import excerpt
from ui import links
from ui.answers import beside
from ui.application import application
from ui.attention import attention
from ui.queue_actions import dialogs
from ui.state import SHOWN
from ui.viewer import viewer_zone
from ui.wording import BADGES, account_names

PAGE = 50
CSV = "text/csv"


def more() -> None:
    """Show another page of lines."""
    st.session_state[SHOWN] = st.session_state.get(SHOWN, PAGE) + PAGE


def table(found: list[Run], zone: str) -> pd.DataFrame:
    """Return each destination of each run as people read it, with times as clocks in `zone` show them."""
    each = [(run, destination) for run in found for destination in run.outcome.destinations]
    names = {name: account_names([name])[0] for name in {destination.destination for _, destination in each}}
    return pd.DataFrame(
        {
            "due": [f"{wall_time(run.due_at, zone):%Y-%m-%d %H:%M:%S}" for run, _ in each],
            "state": [BADGES[destination.state][0] for _, destination in each],
            "lag": pd.array([lag(run, destination) for run, destination in each], dtype="Int64"),
            "text": [excerpt(run.payload.text_for(destination.destination), 120) for run, destination in each],
            "destination": [names[destination.destination] for _, destination in each],
            "url": [destination.url for _, destination in each],
            "error": [destination.reason or "" for _, destination in each],
            "attempts": [run.attempts for run, _ in each],
        }
    )


def lag(run: Run, destination: DestinationOutcome) -> int | None:
    """Return how many milliseconds after its due instant a destination had it; None where it has not."""
    if destination.state != "published" or destination.at is None:
        return None
    return (destination.at - run.due_at) // timedelta(milliseconds=1)


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
    """Draw what waits for a person, then everything."""
    app, zone = application(), viewer_zone()
    limit = st.session_state.get(SHOWN, PAGE)
    found = runs(app.ledger, limit=limit + 1)
    if not found:
        empty()
        return
    attention([run for run in found[:limit] if waits_for_a_person(app.ledger, run)])
    st.dataframe(
        table(found[:limit], zone),
        key="runs",
        hide_index=True,
        height="content",
        alt="Posts that were due, the latest first, with their state, how late they were, and links",
        column_order=["due", "state", "lag", "text", "url", "destination", "error", "attempts"],
        column_config={
            "due": st.column_config.TextColumn(f"Due ({offset_label(app.clock(), zone)})", width=165),
            "state": st.column_config.TextColumn("State", width=100),
            "lag": st.column_config.NumberColumn("Late", format="%d ms", width=95),
            "text": st.column_config.TextColumn("Text", width=240),
            "url": st.column_config.LinkColumn("Link", display_text="Open", width=60),
            "destination": st.column_config.TextColumn("Destination", width=200),
            "error": st.column_config.TextColumn("Reason", width=280),
            "attempts": st.column_config.NumberColumn("Attempts", width=80),
        },
    )
    if len(found) > limit:
        st.button("Show more", key="more", on_click=more, icon=":material/expand_more:")
    beside()
    dialogs()


def empty() -> None:
    """Say how to begin."""
    with st.container(border=True, key="card-empty", horizontal_alignment="center"):
        st.markdown("#### Nothing has gone out yet", anchors=False, width="content")
        st.caption("Each post is listed here from the moment it is due, with how late it was.", width="content")
        st.page_link(links.COMPOSE, label="Write a post", icon=":material/edit_square:")


title, download = st.columns([4, 1], vertical_alignment="bottom")
title.title("History")
zone = viewer_zone()
st.caption(f"Times in {zone} ({offset_label(application().clock(), zone)})")
report()
if runs(application().ledger, limit=1):
    with download.container(horizontal=True, horizontal_alignment="right"):
        st.download_button(
            "CSV", csv, "punctual-history.csv", CSV, key="csv", icon=":material/download:", on_click="ignore"
        )
