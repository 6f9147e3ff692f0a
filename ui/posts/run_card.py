"""The card of one run in History: its due time, its text, and the result at each destination."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.ledger.history import Run, lag_of
from core.ledger.states import DestinationOutcome
from core.posts.destinations import Destination
from core.posts.first_comment import first_comments
from core.time.phrases import clock_time, excerpt, lateness, lateness_in_words, plural
from ui.frame import links
from ui.frame.account_badges import destination_face
from ui.frame.option_line import option_line
from ui.frame.state import widget_key
from ui.frame.viewer import viewer_zone
from ui.frame.wording import EXCERPT, account_names, card_text, escape, label_badges, post_subject, state_badge


@contextmanager
def run_card(run: Run, note: str, *, waits: bool = False) -> Iterator[None]:
    """Draw the card: the time with a note below it, and the text. The body of the `with` draws below the text.

    A card that `waits` for a person has a coloured edge.
    """
    kind = "card-waits" if waits else "card-run"
    with st.container(border=True, key=widget_key(kind, run.key), horizontal=True):
        with st.container(key=widget_key("time", run.key), width=150, gap="xxsmall"):
            st.markdown(f"### {clock_time(run.due_at, viewer_zone())}", anchors=False)
            st.caption(note)
        with st.container(key=widget_key("content", run.key), width="stretch", gap="xsmall"):
            st.text(card_text(run.text))
            if run.labels:
                st.markdown(label_badges(run.labels))
            if line := option_line(run.payload.options):
                st.markdown(line)
            yield


def destination_result(run: Run, each: DestinationOutcome) -> None:
    """Draw the result at one destination: the state, how late it was, the full reason of a failure, and the link.

    How late it was is a word; its tooltip has the milliseconds.
    """
    late = lag_of(run, each)
    if each.url is None and late is None:
        st.markdown(_markdown(run, each))
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.markdown(_markdown(run, each), width="content")
        if late is not None:
            words = lateness_in_words(late)
            st.badge(words, color="gray" if words == "on time" else "orange", help=lateness(late))
        if each.url is not None:
            links.permalink(each.url, destination_subject(run, each))


def destination_subject(run: Run, each: DestinationOutcome) -> str:
    """Return the account, time and text of a result, for `accessible_label`."""
    return f"{_name(run, each.destination)}, {post_subject(run.due_at, run.text)}"


def _name(run: Run, destination: Destination) -> str:
    """Return the account, with the number of a part; a first comment is named as such."""
    if destination in first_comments(run.payload):
        return f"{account_names([destination.account])[0]}, first comment"
    return account_names([destination])[0]


def _markdown(run: Run, each: DestinationOutcome) -> str:
    late, variant = lag_of(run, each), run.payload.variants.get(each.destination)
    details = []
    if late is None and run.attempts > 1:
        details.append(plural(run.attempts, "attempt"))
    if variant is not None:
        details.append(f"“{excerpt(variant, EXCERPT)}”")
    name = f"{destination_face(each.destination)} **{escape(_name(run, each.destination))}**"
    line = " · ".join([name, *(f":gray[{escape(detail)}]" for detail in details)])
    reason = f"  \n{escape(each.reason)}" if each.reason else ""
    aside = " :gray-badge[:material/inventory_2: Set aside]" if each.set_aside else ""
    return f"{state_badge(each.state)}{aside} :small[{line}{reason}]"
