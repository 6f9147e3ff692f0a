"""The runs that need a person's decision: failed, refused, missed and unconfirmed ones, with their actions."""

import streamlit as st

from core.ledger.history import Run
from core.ledger.states import DestinationOutcome
from core.posts.destinations import Destination
from core.time.instants import wall_time
from core.time.phrases import calendar_day
from ui.compose import copied_posts
from ui.frame import links
from ui.frame.application import application
from ui.frame.callbacks import callback, flash
from ui.frame.card_buttons import card_button
from ui.frame.dialogs import defer
from ui.frame.state import widget_key
from ui.frame.viewer import viewer_zone
from ui.frame.wording import post_subject
from ui.posts import actions
from ui.posts.confirm_dialog import can_confirm, confirm_dialog, needs_link
from ui.posts.run_card import destination_result, destination_subject, run_card


def attention(runs: list[Run]) -> None:
    """Draw a card for each run; a run that no longer needs a decision has no buttons."""
    if not runs:
        return
    with st.container(key="attention"):
        st.header(":material/front_hand: Waiting for you", anchor=False)
        for run in runs:
            with run_card(run, calendar_day(wall_time(run.due_at, viewer_zone()).date()), waits=bool(run.retriable)):
                _results(run)


def _results(run: Run) -> None:
    for each in run.outcome.destinations:
        destination_result(run, each)
        if each.state == "unconfirmed":
            _unconfirmed_actions(run, each)
    subject = post_subject(run.due_at, run.text)
    with st.container(horizontal=True):
        retriable = tuple(each for each in run.retriable if each not in _unconfirmed(run))
        if retriable:
            label, key = "Post now" if run.state == "missed" else "Retry", widget_key("retry", run.key)
            card_button(label, subject, key, _retry, run, retriable, icon=":material/replay:")
        if run.state == "missed":
            key = widget_key("again", run.key)
            card_button("Reschedule", subject, key, _reschedule, run, icon=":material/schedule:")


def _unconfirmed_actions(run: Run, each: DestinationOutcome) -> None:
    """Draw the two decisions about an unconfirmed result."""
    st.caption("Check the account first: if the post is there, “Publish again” creates a duplicate.")
    destination, subject = each.destination, destination_subject(run, each)
    with st.container(horizontal=True):
        if can_confirm(run, destination):
            key = widget_key(f"out-{destination}", run.key)
            card_button("Mark as published", subject, key, _confirm, run, destination, icon=":material/check:")
        key = widget_key(f"publish-{destination}", run.key)
        card_button("Publish again", subject, key, _retry, run, (destination,), icon=":material/replay:")


def _unconfirmed(run: Run) -> set[Destination]:
    return {each.destination for each in run.outcome.destinations if each.state == "unconfirmed"}


@callback
def _retry(run: Run, destinations: tuple[Destination, ...]) -> None:
    application().schedules.retry(run.payload, destinations)
    application().waiting.forget()
    flash("Retrying now. The result appears here.")


@callback
def _confirm(run: Run, destination: Destination) -> None:
    """Mark the publication as published; ask for its link first if the next part of its thread needs it."""
    if needs_link(run, destination):
        defer(lambda: confirm_dialog(run, destination))
    else:
        application().schedules.confirm(run.payload, destination)
        application().waiting.forget()


@callback
def _reschedule(run: Run) -> None:
    """Ask for a new time of a one-time post; copy the missed run of a repeating post to Compose."""
    plan = application().ledger.get(run.post_id)
    if plan is not None and not plan.post.repeats:
        actions.change_time(run.post_id)
        return
    copied_posts.copy(run.payload)
    defer(lambda: st.switch_page(links.COMPOSE))
