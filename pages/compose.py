"""Compose: write a post, choose its destinations and time, and see its state after scheduling."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from core.drafts.draft import DraftContent
from core.errors import PunctualError
from core.posts.models import Post
from core.time.instants import wall_time
from core.time.phrases import join_names
from ui.compose import card_fields, draft_fields, drafts, next_free, repeat_fields, time_fields
from ui.compose.account_chips import account_chips
from ui.compose.account_warnings import account_warnings
from ui.compose.bar import SHORTCUT, schedule_key, sheet_buttons
from ui.compose.cautions import choose_warnings_button, second_look
from ui.compose.draft_actions import forget_notice
from ui.compose.draft_menu import draft_menu, draft_notes, template_note
from ui.compose.draft_previews import draft_previews
from ui.compose.label_fields import label_field
from ui.compose.labels_dialog import manage_labels_button
from ui.compose.media_strip import media_strip
from ui.compose.replaced_run_note import replaced_run_note
from ui.compose.text_tabs import text_tabs
from ui.compose.threads import thread_fields
from ui.compose.timing import when
from ui.compose.written_field import catch_up
from ui.frame import links
from ui.frame.application import application
from ui.frame.callbacks import callback, dialog_callback, show_error, show_toasts
from ui.frame.dialogs import defer, dialog_buttons
from ui.frame.reads import read_ahead
from ui.frame.state import LAST_POST, widget_key
from ui.frame.wording import account_names, escape
from ui.posts.outcome import outcome
from ui.preview.component import previews


@callback
def schedule(draft: str) -> None:
    """Schedule the draft and start the next one; a second click, here or in another tab, changes nothing."""
    if not drafts.is_open(draft):
        return
    key = draft_fields.time_key(draft)
    catch_up(key)
    chosen = time_fields.chosen_time(key)
    action = schedule_next_free if next_free.is_next_free(key) else application().schedules.schedule
    run_and_start_next(action, planned_post(draft), chosen.zone)


def planned_post(draft: str) -> Post:
    """Return the draft as a post at the time that the page names. Raises the errors of `to_post`."""
    key = draft_fields.time_key(draft)
    if next_free.is_next_free(key):
        named = next_free.named_time(key, st.session_state[draft_fields.destinations_key(draft)])
        return drafts.to_post(draft, named)
    return drafts.to_post(draft, time_fields.time_to_schedule(key), repeat_fields.repeat(key))


def schedule_next_free(post: Post) -> None:
    """Schedule a post at the time that the page names or, if that was taken meanwhile, at the next free one."""
    planned = application().free_times.schedule(post, earliest=post.due_at).post
    if post.due_at is not None and planned.due_at is not None:
        next_free.tell_if_taken(post.due_at, planned.due_at, planned.zone)


@dialog_callback
def post_now(draft: str) -> None:
    """Post the draft now and start the next one."""
    if drafts.is_open(draft):
        zone = time_fields.chosen_time(draft_fields.time_key(draft)).zone
        run_and_start_next(application().schedules.post_now, to_post_now(draft), zone)


@callback
def ask_post_now(draft: str) -> None:
    """Ask for confirmation, if the draft is a valid post."""
    if drafts.is_open(draft):
        post = to_post_now(draft)
        defer(lambda: post_now_dialog(draft, post))


def to_post_now(draft: str) -> Post:
    """Return the draft as a post that is due now."""
    zone = time_fields.chosen_time(draft_fields.time_key(draft)).zone
    wall = wall_time(application().clock(), zone).replace(tzinfo=None, microsecond=0)
    return drafts.to_post(draft, time_fields.ChosenTime(wall=wall, zone=zone, which=1))


def run_and_start_next(action: Callable[[Post], object], post: Post, zone: str) -> None:
    """Run the action, show its result, and start a new draft with the same destinations and zone.

    A post that is noted and will be armed later has a result too, beside the error.
    """
    try:
        action(post)
    except PunctualError as error:
        if error.noted:
            start_next(post, zone)
        raise
    start_next(post, zone)


def start_next(post: Post, zone: str) -> None:
    """Show the state of a post that is planned, and start a new draft like it."""
    st.session_state[LAST_POST] = post.post_id
    forget_notice()
    drafts.scheduled(post.post_id, DraftContent(destinations=post.accounts, zone=zone))


@st.dialog("Post now?", icon=":material/send:")
def post_now_dialog(draft: str, post: Post) -> None:
    """Show the destinations and ask for confirmation."""
    st.markdown(f"This post goes out now to **{escape(join_names(account_names(post.destinations)))}**.")
    st.text(post.text)
    show_error()
    key = widget_key("confirm", draft)
    dialog_buttons("Post now", key, post_now, draft, icon=":material/send:")


def time_and_buttons(draft: str) -> None:
    """Draw the time fields, Schedule and Post now."""
    with st.container(border=True, key="card-when"):
        with st.container(key="compose-when"):
            when(draft_fields.time_key(draft), destinations, picked=draft_fields.proposes_time(draft))
        with st.container(horizontal=True, vertical_alignment="center", key="compose-buttons"):
            with st.container(horizontal=True, vertical_alignment="center", key="compose-bar", width="stretch"):
                sheet_buttons(draft)
                st.button(
                    "Schedule",
                    key=schedule_key(draft),
                    type="primary",
                    icon=":material/schedule_send:",
                    width="stretch",
                    help=f"{SHORTCUT}. On a Mac, Command+Enter.",
                    on_click=schedule,
                    args=(draft,),
                )
            st.button(
                "Post now",
                key=widget_key("post-now", draft),
                icon=":material/send:",
                on_click=ask_post_now,
                args=(draft,),
            )
    second_look(lambda: planned_post(draft))
    choose_warnings_button()


draft = drafts.sync()
card_fields.note_link(draft, *draft_fields.linked(draft))
accounts = {account.destination: account for account in application().accounts.all()}
destinations = st.session_state[draft_fields.destinations_key(draft)]
addressed = [accounts[each] for each in destinations if each in accounts]
read_ahead(application().all_labels, application().second_look.settings, partial(next_free.offered_times, destinations))

with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="page-head"):
    st.title("Compose", anchor=False, width="content")
    draft_menu()
with st.container():  # elements that come and go in here do not move the text field below, so it keeps its letters
    outcome()
    show_error()
    draft_notes(draft)
    replaced_run_note(draft)
content, side = st.columns([7, 5], gap="medium")
with side, st.container(key="compose-side"):  # before the text, because what is saved includes the time and the rule
    if not template_note(draft):
        time_and_buttons(draft)
    preview = st.container(key="compose-preview")
with content:
    account_chips(draft, accounts.values())
    text_tabs(draft, addressed)
    with st.container():  # elements that come and go in here do not move the uploader below, so it keeps its files
        account_warnings(destinations)
        texts = draft_fields.texts(draft)
        thread_fields(draft, texts, addressed)
        card_fields.card_fields(draft, *draft_fields.linked(draft))
    media_strip(draft)
    with st.container(horizontal=True, vertical_alignment="bottom", key="labels-line"):
        label_field(draft_fields.labels_key(draft))
        manage_labels_button("manage-labels")
    if len(accounts) == 1:
        st.caption("The outbox is a built-in feed to try things out.")
        st.page_link(links.ACCOUNTS, label="Connect an account", icon=":material/add:")
with preview:
    previews(draft_previews(draft, addressed))
show_toasts()
