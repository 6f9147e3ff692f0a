"""A signing secret that was made here: shown once, until the person has put it away."""

import streamlit as st

from ui.frame.state import MADE_SECRET
from ui.frame.wording import plain


def keep(label: str, secret: str) -> None:
    """Let a callback have it shown."""
    st.session_state[MADE_SECRET] = (label, secret)


def show(receives: str) -> None:
    """Draw it, if there is one; `receives` says what the server that is to know it gets from us."""
    if MADE_SECRET not in st.session_state:
        return
    label, secret = st.session_state[MADE_SECRET]
    with st.container(border=True, key="card-secret"):
        st.markdown(f":green[:material/key:] **{plain(label)}** is connected. Its signing secret is shown this once:")
        st.code(secret, language=None, wrap_lines=True)
        st.caption(f"Give it to the receiving server, which verifies with it that {receives} come from you.")
        st.button("I have it", key="put-away", on_click=_put_away)


def _put_away() -> None:
    st.session_state.pop(MADE_SECRET, None)
