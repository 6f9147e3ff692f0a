"""Errors as people see them: a message and a remedy, never a traceback. Only bugs write a traceback to the log."""

import logging
import time

import streamlit as st

from core.errors import PunctualError
from ui.frame.wording import escape

SEND_SECONDS = 0.1
"""Time for Streamlit to send the drawn elements, in seconds. A fragment whose refresh begins earlier drops them."""


def markdown(error: PunctualError) -> str:
    """Return the error's message, escaped, and its remedy, as Markdown."""
    return f"{escape(str(error))}  \n{error.remedy}"


def show(error: PunctualError) -> None:
    """Draw the error's message and remedy."""
    st.error(markdown(error), icon=":material/error:")


def on_script_error(error: Exception) -> bool:
    """Draw a message instead of the traceback, which Streamlit has already written to the log."""
    if isinstance(error, PunctualError):
        show(error)
    else:
        st.error(
            "Something went wrong on this page. Scheduled posts are not affected.  \n"
            "Reload the page. If the error comes back, see the server log for the reason.",
            icon=":material/error:",
        )
    time.sleep(SEND_SECONDS)
    return True


class OneLineErrors(logging.Filter):
    """Shortens a logged PunctualError to one line without traceback, because it is not a bug.

    Some pages refresh every two seconds, so the same line is logged once a minute at most.
    """

    REPEAT_AFTER = 60.0
    """Seconds."""

    def __init__(self) -> None:
        super().__init__()
        self._line, self._logged_at = "", 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record of a PunctualError; return whether to log the record."""
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, PunctualError):
            return True
        line = f"A page could not be shown: {error} {error.hint}"
        if line == self._line and 0 <= record.created - self._logged_at < self.REPEAT_AFTER:
            return False
        self._line, self._logged_at = line, record.created
        record.msg, record.args, record.exc_info = line, (), None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True


logging.getLogger("streamlit.error_util").addFilter(OneLineErrors())
