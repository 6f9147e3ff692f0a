"""The one open home of this process, shared by the server and every browser session."""

from threading import Lock

import streamlit as st

from core.application import Application
from core.putting import Waiting
from core.settings import Settings

_lock = Lock()
_opened: list[Application] = []


def application() -> Application:
    """Return the application; the first call opens the home. Raises what Settings.read and Application raise."""
    with _lock:
        if not _opened:
            _opened.append(Application(Settings.read(), waiting=Waiting(tell=_say)))
        return _opened[0]


def _say(why: str) -> None:
    """Tell whoever waits why it takes so long."""
    st.toast(why, icon=":material/hourglass_top:")


def close() -> None:
    """Stop firing and close the home, if it is open; the next call of `application` opens one anew."""
    with _lock:
        while _opened:
            _opened.pop().close()
