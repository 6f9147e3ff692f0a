"""One occurrence as a card of History: when it was due, what it said, and what became of it at each destination."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import streamlit as st

from core.ledger.history import Run
from core.ledger.states import DestinationOutcome
from core.time.phrases import clock_time, counted, excerpt, lateness
from ui.frame import links
from ui.frame.state import of
from ui.frame.viewer import viewer_zone
from ui.frame.wording import account_names, plain, state_badge, which

EXCERPT = 240
"""Characters of a post that its card shows."""


@contextmanager
def run_card(run: Run, note: str) -> Iterator[None]:
    """Draw the card: the time with a note below it, and the text; what is drawn meanwhile stands below the text."""
    with st.container(border=True, key=of("card-run", run.key), horizontal=True):
        with st.container(key=of("time", run.key), width=150, gap="xxsmall"):
            st.markdown(f"### {clock_time(run.due_at, viewer_zone())}", anchors=False)
            st.caption(note)
        with st.container(key=of("words", run.key), width="stretch", gap="xsmall"):
            st.text(excerpt(run.text, EXCERPT))
            yield


def outcome_line(run: Run, each: DestinationOutcome) -> None:
    """Draw what became of a run at one destination: the state, how late, the reason in full, and where it is seen."""
    if each.url is None:
        st.markdown(_words(run, each))
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.markdown(_words(run, each), width="content")
        links.permalink(each.url, at_destination(run, each))


def at_destination(run: Run, each: DestinationOutcome) -> str:
    """Return what tells a run at one destination from every other where it is heard."""
    return f"{account_names([each.destination])[0]}, {which(run.due_at, run.text)}"


def lag(run: Run, each: DestinationOutcome) -> int | None:
    """Return how many milliseconds after its due instant a destination had it; None where it has not."""
    if each.state != "published" or each.at is None:
        return None
    return (each.at - run.due_at) // timedelta(milliseconds=1)


def _words(run: Run, each: DestinationOutcome) -> str:
    late, own = lag(run, each), run.payload.variants.get(each.destination)
    details = []
    if late is not None:
        details.append(f"{lateness(late)} late")
    elif run.attempts > 1:
        details.append(counted(run.attempts, "attempt"))
    if own is not None:
        details.append(f"“{excerpt(own, EXCERPT)}”")
    name = f"**{plain(account_names([each.destination])[0])}**"
    said = " · ".join([name, *(f":gray[{plain(detail)}]" for detail in details)])
    reason = f"  \n{plain(each.reason)}" if each.reason else ""
    return f"{state_badge(each.state)} :small[{said}{reason}]"
