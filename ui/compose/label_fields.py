"""The choice of a post's labels. A name that is typed becomes a label at once."""

from collections.abc import Sequence

import streamlit as st

from core.errors import PunctualError
from core.labels.label import label_key
from core.posts.models import LABELS_LIMIT
from ui.frame.application import application
from ui.frame.callbacks import callback


def fill(key: str, names: Sequence[str]) -> None:
    """Fill the choice with the labels of a post."""
    st.session_state[key] = list(names)


def label_field(key: str) -> None:
    """Draw the choice under `key`, which `fill` has filled."""
    known = [label.name for label in application().all_labels()]
    chosen: list[str] = st.session_state[key]
    st.multiselect(
        "Labels",
        [*known, *(name for name in chosen if name not in known)],
        key=key,
        accept_new_options=True,
        max_selections=LABELS_LIMIT,
        placeholder="Choose or type one",
        on_change=_add,
        args=(key,),
        persist_state="session",
    )


def chosen_labels(key: str) -> tuple[str, ...]:
    """Return the names of the chosen labels."""
    return tuple(st.session_state[key])


@callback
def _add(key: str) -> None:
    """Make labels of the names that were typed. A name that no label can have leaves the choice."""
    chosen = chosen_labels(key)
    try:
        fill(key, application().labels.add(chosen))
    except PunctualError:
        known = {label.key for label in application().all_labels()}
        fill(key, [name for name in chosen if label_key(name) in known])
        raise
