"""The runs that need a person's decision: failed, refused, missed and unconfirmed ones, with their actions."""

from collections.abc import Sequence

import streamlit as st

from core.ledger.history import Run, runs_again
from core.ledger.states import DestinationOutcome
from core.posts.destinations import Destination
from core.scheduling.post_filter import PostFilter
from core.scheduling.setting_aside import set_aside, undo_set_aside
from core.scheduling.waiting_posts import Waiting
from core.time.instants import wall_time
from core.time.phrases import calendar_day, plural
from ui.compose import copied_posts
from ui.frame import links
from ui.frame.application import application
from ui.frame.callbacks import callback, flash
from ui.frame.card_buttons import card_button
from ui.frame.card_places import card_places
from ui.frame.dialogs import defer
from ui.frame.state import WAITING_LIMIT, widget_key
from ui.frame.viewer import viewer_zone
from ui.frame.wording import post_subject
from ui.posts import actions
from ui.posts.confirm_dialog import can_confirm, confirm_dialog, needs_link
from ui.posts.retry_all import retry_buttons
from ui.posts.run_card import destination_result, destination_subject, run_card

FIRST, MORE = 5, 50
"""How many posts the box shows at first, and how many more after a click."""


def attention(waiting: Waiting, latest: Sequence[Run], chosen: PostFilter) -> None:
    """Draw a card for each of the runs that wait and match the filter, FIRST of them until the person asks for more.

    `latest` are runs that were read just now. A run that waited when it was drawn keeps its place, without buttons,
    after the decision, and another one is drawn at the end. So no button moves under the pointer.
    """
    newest = {run.key: run for run in (*waiting.runs, *latest)}
    matching = [newest[run.key] for run in waiting.runs if chosen.matches(newest[run.key])]
    places, limit = card_places(), st.session_state.get(WAITING_LIMIT, FIRST)
    drawn = sum(run.key in places for run in matching)
    following = [run for run in matching if run.key not in places]
    places |= {run.key: run.due_at for run in following[: max(0, limit - drawn)]}
    decided = [key for key in places if key not in newest]
    newest |= {run.key: run for run in runs_again(application().ledger, decided)}
    runs = [newest[key] for key in places if key in newest and chosen.matches(newest[key])]
    if not runs:
        return
    with st.container(key="attention"):
        st.header(":material/front_hand: Waiting for you", anchor=False)
        retry_buttons(matching)
        for run in runs:
            with run_card(run, calendar_day(wall_time(run.due_at, viewer_zone()).date()), waits=bool(run.waiting)):
                _results(run)
        _more(len(matching), sum(run.key not in places for run in matching))
        if waiting.runs_searched is not None:
            st.caption(f"Only the latest {waiting.runs_searched:,} runs were searched for posts that wait.")


def _more(count: int, hidden: int) -> None:
    """Draw how many of the posts are not shown, and the button that shows them."""
    if not hidden:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        label = f"Show all {count:,}" if hidden <= MORE else f"Show {MORE} more"
        st.button(label, key="more-waiting", on_click=_show_more, args=(count - hidden + MORE,))
        st.caption(f"{plural(hidden, 'more post')} {'waits' if hidden == 1 else 'wait'} for you.", width="content")


def _show_more(limit: int) -> None:
    st.session_state[WAITING_LIMIT] = limit


def _results(run: Run) -> None:
    for each in run.outcome.destinations:
        destination_result(run, each)
        if each.state == "unconfirmed":
            _unconfirmed_actions(run, each)
    certain = tuple(each for each in run.waiting if each not in _unconfirmed(run))
    if certain:
        _certain_actions(run, certain)
    undo_button(run)


def _certain_actions(run: Run, destinations: tuple[Destination, ...]) -> None:
    """Draw the actions on the destinations that certainly did not publish the post."""
    subject, missed = post_subject(run.due_at, run.text), run.state == "missed"
    with st.container(horizontal=True):
        label, key = "Post now" if missed else "Retry", widget_key("retry", run.key)
        card_button(label, subject, key, _retry, run, destinations, icon=":material/replay:")
        if missed:
            key = widget_key("again", run.key)
            card_button("Reschedule", subject, key, _reschedule, run, icon=":material/schedule:")
        uncertain = {each.account for each in _unconfirmed(run)}
        edited = tuple(each.account for each in destinations if each.account not in uncertain)
        if edited:
            key = widget_key("edit", run.key)
            card_button("Edit as a new draft", subject, key, _edit, run, edited, icon=":material/edit_note:")
        key = widget_key("aside", run.key)
        card_button("Set aside", subject, key, _set_aside, run, icon=":material/inventory_2:", type="tertiary")


def undo_button(run: Run) -> None:
    """Draw the button that lets a run wait again, if it was set aside."""
    if any(each.set_aside for each in run.outcome.destinations):
        subject, key = post_subject(run.due_at, run.text), widget_key("undo-aside", run.key)
        card_button("Undo", subject, key, _undo_set_aside, run, icon=":material/undo:")


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
        _acted()


@callback
def _reschedule(run: Run) -> None:
    """Ask for a new time of a one-time post; copy the missed run of a repeating post to Compose."""
    plan = application().ledger.get(run.post_id)
    if plan is not None and not plan.post.repeats:
        actions.change_time(run.post_id)
        return
    copied_posts.copy(run.payload)
    defer(lambda: st.switch_page(links.COMPOSE))


@callback
def _edit(run: Run, accounts: tuple[Destination, ...]) -> None:
    """Start a draft for the accounts that did not publish the run, so that the others do not get it twice."""
    copied_posts.copy_for(run.payload, accounts)
    if any(each.state == "published" and each.destination.account in accounts for each in run.outcome.destinations):
        flash("The first parts of this thread are published. Remove them from the draft.")
    defer(lambda: st.switch_page(links.COMPOSE))


@callback
def _set_aside(run: Run) -> None:
    app = application()
    set_aside(app.ledger, run.payload, now=app.clock())
    _acted()


@callback
def _undo_set_aside(run: Run) -> None:
    app = application()
    undo_set_aside(app.ledger, run.payload, now=app.clock())
    _acted(run.key)


def _acted(*keys: str) -> None:
    """Run the whole page again, because the number in its navigation has changed. `keys` are runs that wait again."""
    application().waiting.forget(*keys)
    st.rerun()
