"""What a person sees when something fails: words and a remedy, never a traceback."""

import logging

import streamlit as st

from core.errors import PunctualError

log = logging.getLogger("punctual")


def show(error: PunctualError) -> None:
    """Say what is wrong and what to do about it."""
    st.error(f"{error}  \n{error.hint}", icon=":material/error:")


def on_script_error(error: Exception) -> bool:
    """Keep the traceback for the log and show words instead."""
    if isinstance(error, PunctualError):
        show(error)
        return True
    log.error("A page failed", exc_info=error)
    st.error(
        "Something went wrong on this page. What is scheduled is not touched by it.  \n"
        "Load the page again; if it stays, the log of the server has the reason.",
        icon=":material/error:",
    )
    return True
