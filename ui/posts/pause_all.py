"""Pause all: the button on the Queue page, and its dialog."""

import streamlit as st

from core.time.phrases import plural
from ui.frame.application import application
from ui.frame.callbacks import callback, dialog_callback, show_error
from ui.frame.card_places import reset_list
from ui.frame.dialogs import defer, dialog_buttons

WAITED_FOR = 2.0
"""Seconds that the page waits for the end. A longer run continues in the background; each page shows its progress."""


def pause_all_button() -> None:
    """Draw the button, unless all posts are paused already."""
    if application().hold() is None:
        st.button("Pause all", key="pause-all", icon=":material/pause_circle:", on_click=_open)


@callback
def _open() -> None:
    defer(_dialog)


@st.dialog("Pause all posts?", icon=":material/pause_circle:", on_dismiss="rerun")
def _dialog() -> None:
    count = application().views.total()
    st.markdown(
        f"The queue has **{plural(count, 'post')}**. All that are not paused yet are paused, the soonest first, and "
        "nothing of them is published until you resume. Posts that are going out now are not stopped. Posts that you "
        "schedule meanwhile go out."
    )
    st.markdown("A post whose time passes meanwhile waits in the queue: you send it, give it another time, or drop it.")
    show_error()
    dialog_buttons("Pause all", "confirm-pause-all", _pause_all, icon=":material/pause_circle:")


@dialog_callback
def _pause_all() -> None:
    held = application().held_posts
    held.begin_pause()
    held.finish_in_background(within_seconds=WAITED_FOR)
    reset_list()
