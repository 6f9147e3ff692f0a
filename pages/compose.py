"""Compose: write a post, choose where and when, and hear what became of it."""

from collections.abc import Callable

import streamlit as st

from core.posts.models import Post
from core.time.instants import wall_time
from core.time.phrases import excerpt, listed
from ui.compose import drafts, repeat_fields, time_fields
from ui.compose.account_warnings import account_troubles
from ui.compose.counter import counter
from ui.compose.media_fields import attached, pictures
from ui.compose.preview import previews
from ui.compose.tab_copy import keep
from ui.compose.threads import is_thread, offer
from ui.compose.timing import timing
from ui.compose.variants import vary
from ui.frame import links
from ui.frame.application import application
from ui.frame.callbacks import answering, beside, closing, refusal
from ui.frame.dialogs import ask, asked
from ui.frame.state import DRAFT, OUTCOME, of
from ui.frame.wording import account_names, plain
from ui.posts.outcome import outcome


@answering
def schedule(draft: str) -> None:
    """Schedule the draft and begin the next one; a second click on the same draft changes nothing."""
    if draft == st.session_state[DRAFT]:
        key = drafts.when_key(draft)
        chosen = time_fields.picked(key)
        done(drafts.written(draft, chosen, repeat_fields.repeat(key)), chosen.zone, application().schedules.schedule)


@closing
def post_now(draft: str) -> None:
    """Hand the draft over at once and begin the next one."""
    if draft == st.session_state[DRAFT]:
        done(now(draft), time_fields.picked(drafts.when_key(draft)).zone, application().schedules.post_now)


@answering
def ask_post_now(draft: str) -> None:
    """Ask once, of a draft that could be posted."""
    post = now(draft)
    ask(lambda: confirm(draft, post))


def now(draft: str) -> Post:
    """Return the draft as a post of this moment."""
    zone = time_fields.picked(drafts.when_key(draft)).zone
    wall = wall_time(application().clock(), zone).replace(tzinfo=None, microsecond=0)
    return drafts.written(draft, time_fields.Picked(wall=wall, zone=zone, which=1))


def done(post: Post, zone: str, act: Callable[[Post], object]) -> None:
    """Do it, tell it, and begin anew with the same destinations and zone."""
    act(post)
    st.session_state[OUTCOME] = post.post_id
    drafts.begin(text="", destinations=post.destinations, zone=zone)


@st.dialog("Post now?", icon=":material/send:")
def confirm(draft: str, post: Post) -> None:
    """Name the destinations and wait for a yes."""
    st.markdown(f"This goes out at once to **{plain(listed(account_names(post.destinations)))}**.")
    st.text(post.text)
    refusal()
    st.button(
        "Post now", key=of("confirm", draft), type="primary", icon=":material/send:", on_click=post_now, args=(draft,)
    )


draft = drafts.current()
accounts = {account.destination: account for account in application().accounts.all()}
chosen = st.session_state[drafts.destinations_key(draft)]
labels = {name: account.label for name, account in accounts.items() if account.enabled or name in chosen}

st.title("Compose", anchor=False)
outcome()
refusal()
aside = drafts.aside()
if aside is not None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"Put aside: {plain(excerpt(aside, 60)) or 'a draft without text'}", width="content")
        st.button("Take it up", key="take-up", type="tertiary", icon=":material/edit_note:", on_click=drafts.take_up)
words, time = st.columns([11, 9], gap="medium")
with words:
    text = st.text_area(
        "Text",
        key=drafts.text_key(draft),
        height=230,
        placeholder="What do you want to say?",
        persist_state="session",
    )
    addressed = [accounts[each] for each in chosen if each in accounts]
    counter(drafts.text_key(draft), text or "", [each for each in addressed if not is_thread(draft, each.destination)])
    st.pills(
        "Destinations",
        labels,
        selection_mode="multi",
        wrap=True,
        format_func=lambda destination: labels.get(destination, destination),
        key=drafts.destinations_key(draft),
        persist_state="session",
    )
    with st.container():  # what comes and goes in here leaves the uploader below in its place, with what it holds
        account_troubles(chosen)
        if len(addressed) > 1:
            with st.expander("Other words for a destination", icon=":material/edit_note:"):
                vary(draft, text or "", addressed)
        said = drafts.said(draft)
        parts = offer(draft, said, addressed)
    pictures(draft)
    with st.expander("Preview", icon=":material/visibility:"):
        previews(said, parts, attached(draft), addressed)
    if len(accounts) == 1:
        st.caption("The outbox is built in: a feed on a page of this dashboard, good for a first try.")
        st.page_link(links.ACCOUNTS, label="Connect an account", icon=":material/add:")
with time:
    with st.container(border=True, key="card-when"):
        timing(drafts.when_key(draft))
    st.button(
        "Schedule",
        key=of("schedule", draft),
        type="primary",
        icon=":material/schedule_send:",
        width="stretch",
        on_click=schedule,
        args=(draft,),
    )
    st.button(
        "Post now",
        key=of("post-now", draft),
        icon=":material/send:",
        width="stretch",
        on_click=ask_post_now,
        args=(draft,),
    )
keep(draft)
beside()
asked()
