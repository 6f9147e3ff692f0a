"""What a person sees when something fails: words and a remedy, never a traceback. The log has that, of bugs alone."""

import logging
import time

import streamlit as st

from core.errors import PunctualError
from ui.frame.wording import plain

SENT = 0.1
"""Seconds in which Streamlit sends what was drawn. A list whose turn has come meanwhile drops it when it begins."""


def words(error: PunctualError) -> str:
    """Return what is wrong, as it is, and what to do about it, as Markdown."""
    return f"{plain(str(error))}  \n{error.hint}"


def show(error: PunctualError) -> None:
    """Say what is wrong and what to do about it."""
    st.error(words(error), icon=":material/error:")


def on_script_error(error: Exception) -> bool:
    """Show words instead of the traceback, which Streamlit has written to the log."""
    if isinstance(error, PunctualError):
        show(error)
    else:
        st.error(
            "Something went wrong on this page. What is scheduled is not touched by it.  \n"
            "Load the page again; if it stays, the log of the server has the reason.",
            icon=":material/error:",
        )
    time.sleep(SENT)
    return True


class InWords(logging.Filter):
    """Lets the log of uncaught errors say in one line what is no bug: pages ask again, every two seconds some of them.

    The same is said once until something else is, or until it is a minute old.
    """

    AGAIN_AFTER = 60.0
    """Seconds."""

    def __init__(self) -> None:
        super().__init__()
        self._said, self._at = "", 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        """Put the words into the record; tell whether it is to be written."""
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, PunctualError):
            return True
        said = f"A page could not be shown: {error} {error.hint}"
        if said == self._said and 0 <= record.created - self._at < self.AGAIN_AFTER:
            return False
        self._said, self._at = said, record.created
        record.msg, record.args, record.exc_info = said, (), None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True


logging.getLogger("streamlit.error_util").addFilter(InWords())
