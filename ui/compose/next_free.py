"""The choice between the next free posting time and a time that the person picks."""

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from core.posts.destinations import Destination
from core.scheduling.free_times import NoPostingTimes, OfferedTimes
from core.time.phrases import date_and_time
from ui.compose.time_fields import ChosenTime
from ui.frame.application import application
from ui.frame.callbacks import flash

NEXT_FREE, PICK = "Next free time", "Pick a time"


def start(key: str, *, picked: bool) -> None:
    """Fill the choice: a time that the person has `picked`, else the default one."""
    st.session_state[_mode(key)] = PICK
    st.session_state[_chosen(key)] = picked
    st.session_state.pop(_named(key), None)


def choice(key: str, offered: OfferedTimes, *, picked: bool) -> str:
    """Draw the choice and return it. Until the person chooses, it is the next free time, if there are posting times.

    `picked` is whether the person has filled the time fields.
    """
    if not st.session_state.get(_chosen(key)):
        st.session_state[_mode(key)] = PICK if picked or offered.zone is None else NEXT_FREE
    st.segmented_control(
        "When",
        [NEXT_FREE, PICK],
        key=_mode(key),
        required=True,
        label_visibility="collapsed",
        persist_state="session",
        on_change=_note_choice,
        args=(key,),
        width="stretch",
    )
    return NEXT_FREE if is_next_free(key) else PICK


def is_next_free(key: str) -> bool:
    """Return whether the post goes to the next free time."""
    return st.session_state.get(_mode(key)) == NEXT_FREE


def is_picked(key: str) -> bool:
    """Return whether the person has chosen to pick a time."""
    return bool(st.session_state.get(_chosen(key))) and not is_next_free(key)


def note_named(key: str, instant: datetime | None) -> None:
    """Note the time that the page names."""
    st.session_state[_named(key)] = instant


def named_time(key: str, destinations: Sequence[str]) -> ChosenTime:
    """Return the time that the page names, else the next free one. Raises NoPostingTimes."""
    offered = offered_times(destinations)
    instant = st.session_state.get(_named(key)) or next(iter(offered.times), None)
    if offered.zone is None or instant is None:
        raise NoPostingTimes
    return ChosenTime.at(instant, offered.zone)


def offered_times(destinations: Sequence[str]) -> OfferedTimes:
    """Return the next free times of destinations."""
    return application().free_times.offered([Destination.parse(each) for each in destinations])


def tell_if_taken(named: datetime, taken: datetime, zone: str) -> None:
    """Say which time a post got, if it is not the one that the page named."""
    if taken != named:
        flash(f"{date_and_time(named, zone)} was taken meanwhile. The post goes out on {date_and_time(taken, zone)}.")


def _note_choice(key: str) -> None:
    st.session_state[_chosen(key)] = True


def _mode(key: str) -> str:
    return f"{key}-mode"


def _chosen(key: str) -> str:
    return f"{key}-mode-chosen"


def _named(key: str) -> str:
    return f"{key}-named"
