"""Drafts: posts that are not scheduled yet, ideas without a destination, templates, and deleted drafts."""

import streamlit as st

from core.drafts.draft import Draft
from core.drafts.search import SEARCHED, find_drafts
from core.time.phrases import plural
from ui.compose.draft_actions import draft_notice, forget_notice
from ui.frame.application import application
from ui.frame.callbacks import show_toasts
from ui.frame.card_places import list_limit, more_button, reset_list
from ui.frame.empty_page import empty_page
from ui.frame.state import DRAFTS_SEARCHED, DRAFTS_VIEW, PAGE_OPENED
from ui.posts.draft_cards import draft_card, is_idea, matches
from ui.posts.search import search_field, search_words

PAGE = 20
ALL, IDEAS, TEMPLATES, DELETED = "All", "Ideas", "Templates", "Deleted"
EMPTY = {
    ALL: ("No drafts", "Begin to write: a draft is kept from the first letter on, and waits here."),
    IDEAS: ("No ideas", "An idea is a draft without a destination. It waits here until you choose one."),
    TEMPLATES: ("No templates", "Open the menu of a draft and choose Save as template."),
    DELETED: ("No deleted drafts", "Deleted drafts and templates stay here for 30 days."),
}


def read(view: str, limit: int, after: Draft | None) -> list[Draft]:
    """Return the drafts of a view after another one, latest first."""
    app = application()
    if view == DELETED:
        return app.drafts.deleted(now=app.clock(), limit=limit, after=after)
    return app.drafts.page(templates=view == TEMPLATES, limit=limit, after=after)


def search_further() -> None:
    """Let the search look at earlier drafts too."""
    st.session_state[DRAFTS_SEARCHED] = searched() + SEARCHED


def searched() -> int:
    """Return how many drafts the search looks at."""
    most: int = st.session_state.get(DRAFTS_SEARCHED, SEARCHED)
    return most


def change_view() -> None:
    """Show another view from its beginning."""
    st.session_state.pop(DRAFTS_SEARCHED, None)
    reset_list()


def count_words(view: str, words: list[str], shown: int, more: bool) -> str:
    """Return how many drafts are shown, of how many where that is known without reading them all."""
    noun = plural(shown, "template" if view == TEMPLATES else "draft")
    if not more:
        return noun
    if view == ALL and not words:
        return f"{shown} of {plural(application().draft_count(), 'draft')}"
    return f"{noun} and more"


def cards(view: str) -> None:
    """Draw the search field and the cards, latest change first."""
    app = application()
    names: dict[str, str] = {account.destination: account.label for account in app.accounts.all()}
    words, limit = search_words(), list_limit(PAGE)
    found = find_drafts(
        lambda count, after: read(view, count, after),
        lambda draft: (view != IDEAS or is_idea(draft)) and matches(draft, words, names),
        limit=limit,
        most=searched(),
    )
    if words or found.looked_at:
        search_field()
    with st.container(horizontal=True, vertical_alignment="center", key="zone-line"):
        if found.drafts:
            st.caption(f"**{count_words(view, words, len(found.drafts), found.more)}**", width="content")
        draft_notice()
    for each in found.drafts:
        draft_card(each, app.clock())
    if len(found.drafts) == limit and found.more:
        more_button(PAGE)
    elif not found.complete:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"{plural(found.looked_at, 'draft')} searched, the latest first.", width="content")
            st.button("Search earlier drafts", key="search-further", icon=":material/history:", on_click=search_further)
    if not found.drafts and found.complete:
        if words:
            st.info("No matching drafts. Change the search.", icon=":material/search_off:")
        else:
            empty_page(*EMPTY[view])


if st.session_state.get(PAGE_OPENED):
    forget_notice()
    st.session_state.pop(DRAFTS_SEARCHED, None)
st.title("Drafts", anchor=False)
chosen = st.segmented_control(
    "View",
    list(EMPTY),
    default=ALL,
    required=True,
    key=DRAFTS_VIEW,
    label_visibility="collapsed",
    on_change=change_view,
)
cards(chosen or ALL)
show_toasts()
