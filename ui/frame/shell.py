"""The script of every browser session: page settings, navigation, and the page itself."""

from pathlib import Path

import streamlit as st

from core.errors import PunctualError
from ui.frame import failures, links
from ui.frame.account_list import account_list, broken_accounts, shown_accounts
from ui.frame.application import page_problem
from ui.frame.callbacks import keep_shown_error
from ui.frame.card_places import reset_list
from ui.frame.dialogs import run_deferred
from ui.frame.health_light import health_status
from ui.frame.hold_notice import current_hold, hold_notice
from ui.frame.kept_focus import keep_focus
from ui.frame.kept_typing import keep_typing
from ui.frame.navigation import navigation
from ui.frame.reads import read_together
from ui.frame.redraw import redraw_frame_on_change
from ui.frame.state import CURRENT_PAGE, DIALOG_OPEN, PAGE_OPENED
from ui.frame.waiting_counts import waiting_counts
from ui.frame.wording import escape
from ui.frame.zone_button import zone_button

HERE = Path(__file__).resolve().parent

st.set_page_config(page_title="Punctual", page_icon=HERE / "static" / "icon.svg", layout="wide")
st.logo(HERE / "static" / "logo.svg", size="large", icon_image=HERE / "static" / "icon.svg")
st.session_state[DIALOG_OPEN] = False
keep_shown_error()
counts, problem, hold, accounts = read_together(waiting_counts, page_problem, current_hold, shown_accounts)
health, broken = health_status(), broken_accounts()
page = st.navigation([st.Page(each, default=each == links.COMPOSE) for each in links.PAGES], position="hidden")
navigation(page.url_path, counts, health)
account_list(accounts)
st.session_state[PAGE_OPENED] = st.session_state.get(CURRENT_PAGE) != page.url_path
if st.session_state[PAGE_OPENED]:
    st.session_state[CURRENT_PAGE] = page.url_path
    reset_list()
if isinstance(problem, PunctualError):
    failures.show(problem)
else:
    zone_button()
    with st.container():  # the warning does not move the elements of the page, so fields keep what is typed
        if problem is not None:
            st.warning(escape(problem), icon=":material/alarm_off:")
        hold_notice(hold)
    with st.container(key=f"page-{page.url_path or links.COMPOSE.stem}"):
        page.run()
    run_deferred()
redraw_frame_on_change(
    lambda: (waiting_counts(), str(page_problem()), current_hold(), health_status(), broken_accounts()),
    (counts, str(problem), hold, health, broken),
)
keep_typing()
keep_focus()
