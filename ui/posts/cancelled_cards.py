"""The cards of cancelled posts and ended series, each with the action that restores it."""

import streamlit as st

from core.posts.series import describe_timing
from core.scheduling.cancelled import CancelledPost, cancelled
from core.time.phrases import relative_time
from ui.frame.account_badges import destination_badges
from ui.frame.application import application
from ui.frame.callbacks import callback, flash
from ui.frame.card_buttons import card_button
from ui.frame.card_places import list_limit, more_button
from ui.frame.empty_page import empty_page
from ui.frame.state import widget_key
from ui.frame.wording import card_text, escape, label_badges, post_subject, state_badge
from ui.posts import actions
from ui.posts.replaced_run_line import replaced_run
from ui.posts.search import SEARCH_LIMIT, matcher, search_field, search_limit_note, search_words


def cancelled_cards(page: int) -> None:
    """Draw the search field and the cards, latest cancellation first."""
    app = application()
    limit = list_limit(page)
    read_limit = SEARCH_LIMIT if search_words() else limit + 1
    found = cancelled(app.ledger, app.clock(), limit=read_limit)
    matches = matcher()
    matching = [each for each in found if matches(each.post.text, each.post.destinations)]
    if found:
        search_field()
        st.caption("Cancelled posts and ended series stay here for 30 days.")
    for each in matching[:limit]:
        _card(each)
    if len(matching) > limit:
        more_button(page)
    elif search_words() and len(found) == read_limit:
        search_limit_note("last")
    if not found:
        empty_page("No cancelled posts", "Cancelled posts and ended series stay here for 30 days.")
    elif not matching:
        st.info("No matching posts. Change the search.", icon=":material/search_off:")


@callback
def undo(post_id: str) -> None:
    """Restore the post, and show which list has it now."""
    actions.undo(post_id)
    if application().schedules.plan(post_id).desired != "cancelled":
        flash("Restored. The post is under Upcoming.")


def _card(each: CancelledPost) -> None:
    post = each.post
    subject = post_subject(post.due_at or each.at, post.text)
    with st.container(
        border=True, key=widget_key("card-cancelled", post.post_id), horizontal=True, vertical_alignment="center"
    ):
        with st.container(width="stretch", gap="xsmall"):
            st.text(card_text(post.text))
            since = f"{each.state} {relative_time(each.at, application().clock())}"
            details = f":small[:gray[{escape(describe_timing(post))}, {escape(since)}]]"
            badges = [state_badge(each.state), destination_badges(post.destinations), label_badges(post.labels)]
            st.markdown(" ".join([*badges, details, replaced_run(post, cancelled=True)]))
        if each.state == "cancelled":
            key = widget_key("undo-cancelled", post.post_id)
            card_button("Undo", subject, key, undo, post.post_id, icon=":material/undo:")
        else:
            key = widget_key("continue", post.post_id)
            card_button("Continue", subject, key, actions.change_time, post.post_id, icon=":material/event_repeat:")
