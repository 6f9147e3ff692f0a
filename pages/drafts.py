"""Drafts: posts that are not scheduled yet, ideas without a destination, templates, and deleted drafts."""

import streamlit as st

from core.drafts.draft import Draft
from ui.compose.draft_actions import draft_notice, forget_notice
from ui.frame.application import application
from ui.frame.callbacks import show_toasts
from ui.frame.card_places import list_limit, more_button, reset_list
from ui.frame.dialogs import run_deferred
from ui.frame.empty_page import empty_page
from ui.frame.state import DRAFTS_VIEW, PAGE_OPENED
from ui.frame.viewer import zone_caption
from ui.posts.draft_cards import draft_card, matches
from ui.posts.search import SEARCH_LIMIT, search_field, search_limit_note, search_words

PAGE = 20
DRAFTS, TEMPLATES, DELETED = "Drafts", "Templates", "Deleted"
EMPTY = {
    DRAFTS: ("No drafts", "Begin to write: a draft is kept from the first letter on, and waits here."),
    TEMPLATES: ("No templates", "Open the menu of a draft and choose Save as template."),
    DELETED: ("No deleted drafts", "Deleted drafts and templates stay here for 30 days."),
}


def read(view: str, limit: int) -> list[Draft]:
    """Return the drafts of a view, latest first."""
    app = application()
    if view == DELETED:
        return app.drafts.deleted(now=app.clock(), limit=limit)
    return app.drafts.page(templates=view == TEMPLATES, limit=limit)


def cards(view: str) -> None:
    """Draw the search field and the cards, latest change first."""
    app, words, limit = application(), search_words(), list_limit(PAGE)
    read_limit = SEARCH_LIMIT if words else limit + 1
    found = read(view, read_limit)
    names = {account.destination: account.label for account in app.accounts.all()}
    matching = [each for each in found if matches(each, words, names)]
    if found:
        search_field()
    with st.container(horizontal=True, vertical_alignment="center", key="zone-line"):
        zone_caption(app.clock())
        draft_notice()
    for each in matching[:limit]:
        draft_card(each, app.clock())
    if len(matching) > limit:
        more_button(PAGE)
    elif words and len(found) == read_limit:
        search_limit_note("last")
    if not found:
        empty_page(*EMPTY[view])
    elif not matching:
        st.info("No matching drafts. Change the search.", icon=":material/search_off:")


if st.session_state.get(PAGE_OPENED):
    forget_notice()
st.title("Drafts", anchor=False)
chosen = st.segmented_control(
    "View",
    [DRAFTS, TEMPLATES, DELETED],
    default=DRAFTS,
    required=True,
    key=DRAFTS_VIEW,
    label_visibility="collapsed",
    on_change=reset_list,
)
cards(chosen or DRAFTS)
show_toasts()
run_deferred()
