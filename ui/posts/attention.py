"""The runs that wait for a person: failed, refused, missed or unconfirmed ones, with what can be done about each."""

import streamlit as st

from core.ledger.history import Run
from core.ledger.states import DestinationOutcome
from core.time.instants import wall_time
from core.time.phrases import calendar_day
from ui.compose import drafts
from ui.frame import links
from ui.frame.application import application
from ui.frame.callbacks import answering, say
from ui.frame.dialogs import ask
from ui.frame.state import of
from ui.frame.viewer import viewer_zone
from ui.frame.wording import heard, which
from ui.posts import actions
from ui.posts.run_card import at_destination, outcome_line, run_card


def attention(found: list[Run]) -> None:
    """Draw a card for each run; one that has been seen to has no buttons."""
    if found:
        st.header("Waiting for you", anchor=False)
    for run in found:
        with run_card(run, calendar_day(wall_time(run.due_at, viewer_zone()).date())):
            _decisions(run)


def _decisions(run: Run) -> None:
    for each in run.outcome.destinations:
        outcome_line(run, each)
        if each.state == "unconfirmed":
            _decide(run, each)
    about = which(run.due_at, run.text)
    with st.container(horizontal=True):
        again = tuple(each for each in run.retriable if each not in _unconfirmed(run))
        if again:
            label = "Post it now" if run.state == "missed" else "Retry"
            st.button(
                heard(label, about),
                key=of("retry", run.key),
                icon=":material/replay:",
                on_click=_retry,
                args=(run, again),
            )
        if run.state == "missed":
            st.button(
                heard("Schedule again", about),
                key=of("again", run.key),
                icon=":material/schedule:",
                on_click=_again,
                args=(run,),
            )


def _decide(run: Run, each: DestinationOutcome) -> None:
    """An unclear outcome: the person has looked, and says."""
    st.caption("Look there first. If it is out already, “Publish it” puts it out a second time.")
    about = at_destination(run, each)
    with st.container(horizontal=True):
        st.button(
            heard("It is out", about),
            key=of(f"out-{each.destination}", run.key),
            icon=":material/check:",
            on_click=_confirm,
            args=(run, each.destination),
        )
        st.button(
            heard("Publish it", about),
            key=of(f"publish-{each.destination}", run.key),
            icon=":material/replay:",
            on_click=_retry,
            args=(run, (each.destination,)),
        )


def _unconfirmed(run: Run) -> set[str]:
    return {each.destination for each in run.outcome.destinations if each.state == "unconfirmed"}


@answering
def _retry(run: Run, destinations: tuple[str, ...]) -> None:
    application().schedules.retry(run.payload, destinations)
    say("It is tried again now. What comes of it appears here.")


@answering
def _confirm(run: Run, destination: str) -> None:
    application().schedules.confirm(run.payload, destination)


@answering
def _again(run: Run) -> None:
    """Give a one-time post another time; of a repeating one, begin a draft of the run that was missed."""
    plan = application().ledger.get(run.post_id)
    if plan is not None and not plan.post.repeats:
        actions.ask_time(run.post_id)
        return
    drafts.begin_with(run.payload)
    ask(lambda: st.switch_page(links.COMPOSE))
