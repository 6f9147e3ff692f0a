"""The script of every browser session: page settings, navigation, and the page itself."""

from pathlib import Path

import streamlit as st

from core.errors import PunctualError
from ui.frame import failures, links
from ui.frame.application import page_problem
from ui.frame.callbacks import keep_shown_error
from ui.frame.card_places import reset_list
from ui.frame.hold_notice import current_hold, hold_notice
from ui.frame.kept_focus import keep_focus
from ui.frame.kept_typing import keep_typing
from ui.frame.redraw import redraw_frame_on_change
from ui.frame.state import CURRENT_PAGE, DIALOG_OPEN, PAGE_OPENED
from ui.frame.waiting_counts import waiting_counts, with_count
from ui.frame.wording import escape

HERE = Path(__file__).resolve().parent

st.set_page_config(page_title="Punctual", page_icon=HERE / "static" / "icon.svg", layout="wide")
st.html(HERE / "style.css")
st.logo(HERE / "static" / "logo.svg", size="large", icon_image=HERE / "static" / "icon.svg")
st.session_state[DIALOG_OPEN] = False
keep_shown_error()
counts, problem, hold = waiting_counts(), page_problem(), current_hold()
page = st.navigation(
    {
        "Posts": [
            st.Page(links.COMPOSE, title="Compose", icon=":material/edit_square:", default=True),
            st.Page(links.DRAFTS, title=with_count("Drafts", counts.drafts), icon=":material/edit_note:"),
            st.Page(links.QUEUE, title=with_count("Queue", counts.queue), icon=":material/schedule:"),
            st.Page(links.CALENDAR, title="Calendar", icon=":material/calendar_month:"),
        ],
        "Results": [
            st.Page(links.HISTORY, title=with_count("History", counts.history), icon=":material/history:"),
            st.Page(links.OUTBOX, title="Outbox", icon=":material/inbox:"),
        ],
        "Setup": [
            st.Page(links.ACCOUNTS, title="Accounts", icon=":material/group:"),
            st.Page(links.POSTING_TIMES, title="Posting times", icon=":material/calendar_clock:"),
            st.Page(links.BULK, title="Import and export", icon=":material/swap_vert:"),
            st.Page(links.NOTIFICATIONS, title="Notifications", icon=":material/notifications:"),
            st.Page(links.HEALTH, title="Health", icon=":material/monitor_heart:"),
        ],
    }
)
st.session_state[PAGE_OPENED] = st.session_state.get(CURRENT_PAGE) != page.url_path
if st.session_state[PAGE_OPENED]:
    st.session_state[CURRENT_PAGE] = page.url_path
    reset_list()
if isinstance(problem, PunctualError):
    failures.show(problem)
else:
    with st.container():  # the warning does not move the elements of the page, so fields keep what is typed
        if problem is not None:
            st.warning(escape(problem), icon=":material/alarm_off:")
        hold_notice(hold)
    page.run()
redraw_frame_on_change(lambda: (waiting_counts(), str(page_problem()), current_hold()), (counts, str(problem), hold))
keep_typing()
keep_focus()
