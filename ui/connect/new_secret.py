"""A new signing secret, shown once until the person dismisses it."""

import streamlit as st

from ui.frame.state import NEW_SECRET
from ui.frame.wording import escape


def keep(label: str, secret: str) -> None:
    """Keep the secret of the account or channel named `label` for the next run."""
    st.session_state[NEW_SECRET] = (label, secret)


def show(content: str) -> None:
    """Draw the kept secret, if there is one. `content` is `posts` or `messages`."""
    if NEW_SECRET not in st.session_state:
        return
    label, secret = st.session_state[NEW_SECRET]
    with st.container(border=True, key="card-secret"):
        st.markdown(f":green[:material/key:] **{escape(label)}** is connected. Copy its signing secret now:")
        st.code(secret, language=None, wrap_lines=True)
        st.caption(f"Punctual shows it only once. Your server needs it to verify that {content} come from Punctual.")
        st.button("Done", key="dismiss-secret", on_click=_dismiss)


def _dismiss() -> None:
    st.session_state.pop(NEW_SECRET, None)
