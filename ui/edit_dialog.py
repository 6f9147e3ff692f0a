"""The dialog that changes what a queued post says and shows, to all or to one destination, and where it goes."""

import streamlit as st

from core.accounts import Account
from core.composing import rewritten
from core.ledger.port import Plan
from core.models import Post, account_and_part
from ui import pictures
from ui.answers import closing, refusal
from ui.application import application
from ui.counter import counter
from ui.state import of
from ui.wording import account_names


def begin(post: Post) -> None:
    """Fill the fields with what the post says now."""
    state = st.session_state
    state[_text_key(post)] = post.text
    state[_destinations_key(post)] = list(dict.fromkeys(account_and_part(each)[0] for each in post.destinations))
    for destination, text in post.variants.items():
        state[_variant_key(post, destination)] = text
    pictures.begin(_draft(post), post.media)


@st.dialog("Edit post", icon=":material/edit:", width="medium")
def edit_dialog(plan: Plan) -> None:
    """Draw the text that goes to all, those that one destination or part of a thread has of its own, where to, and
    the pictures.
    """
    post = plan.post
    accounts = {account.destination: account for account in application().accounts.all()}
    chosen: list[str] = st.session_state[_destinations_key(post)]
    if _shared(post):
        _field("Text", _text_key(post), [accounts[each] for each in chosen if each in accounts])
    for destination in _varied(post):
        account = accounts.get(account_and_part(destination)[0])
        label = f"Text for {account_names([destination])[0]}"
        _field(label, _variant_key(post, destination), [account] if account else [])
    names = {each: account_names([each])[0] for each in dict.fromkeys([*chosen, *accounts])}
    st.pills(
        "Destinations",
        names,
        selection_mode="multi",
        wrap=True,
        format_func=lambda each: names.get(each, each),
        key=_destinations_key(post),
    )
    pictures.pictures(_draft(post))
    refusal()
    st.button("Save", key=of("save-post", post.post_id), type="primary", on_click=_save, args=(plan,))


@closing
def _save(plan: Plan) -> None:
    app, post, state = application(), plan.post, st.session_state
    variants = {each: state[_variant_key(post, each)] or "" for each in _varied(post)}
    wanted = rewritten(
        post,
        text=(state[_text_key(post)] or "") if _shared(post) else " ".join(variants.values()),
        destinations=state[_destinations_key(post)],
        variants=variants,
        media=pictures.attached(_draft(post)),
        accounts=app.accounts,
        networks=app.networks,
    )
    app.schedules.edit(plan, wanted)


def _field(label: str, key: str, accounts: list[Account]) -> None:
    text = st.text_area(label, key=key, height=180)
    counter(key, text or "", accounts)


def _shared(post: Post) -> bool:
    """Whether some destination gets the text that is not one's own."""
    return any(destination not in post.variants for destination in post.destinations)


def _varied(post: Post) -> list[str]:
    return [destination for destination in post.destinations if destination in post.variants]


def _draft(post: Post) -> str:
    """The name under which its pictures stand in the session, as a draft's in Compose do."""
    return of("edit", post.post_id)


def _text_key(post: Post) -> str:
    return of("edit-text", post.post_id)


def _destinations_key(post: Post) -> str:
    return of("edit-destinations", post.post_id)


def _variant_key(post: Post, destination: str) -> str:
    return of(f"edit-text-{destination}", post.post_id)
