"""The dialog that changes what a queued post says, to all or to one destination, and where it goes."""

import streamlit as st

from core.accounts import Account
from core.composing import check_destinations, check_text
from core.ledger.port import Plan
from core.models import Post, account_and_part
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


@st.dialog("Edit text", icon=":material/edit:", width="medium")
def text_dialog(plan: Plan) -> None:
    """Draw the text that goes to all, those that one destination or part of a thread has of its own, and where to."""
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
    refusal()
    st.button("Save", key=of("save-text", post.post_id), type="primary", on_click=_save, args=(plan,))


@closing
def _save(plan: Plan) -> None:
    app, post, state = application(), plan.post, st.session_state
    accounts = check_destinations(state[_destinations_key(post)], app.accounts, app.networks)
    variants = {each: state[_variant_key(post, each)] or "" for each in _varied(post)}
    text = (state[_text_key(post)] or "") if _shared(post) else " ".join(variants.values())
    destinations = []
    for account in accounts:
        parts = [each for each in post.destinations if account_and_part(each)[0] == account.destination]
        for part in parts or [account.destination]:
            check_text(variants.get(part, text), [account], app.networks)
            destinations.append(part)
    app.schedules.edit(plan, text=text, destinations=destinations, variants=variants)


def _field(label: str, key: str, accounts: list[Account]) -> None:
    text = st.text_area(label, key=key, height=180)
    counter(key, text or "", accounts)


def _shared(post: Post) -> bool:
    """Whether some destination gets the text that is not one's own."""
    return any(destination not in post.variants for destination in post.destinations)


def _varied(post: Post) -> list[str]:
    return [destination for destination in post.destinations if destination in post.variants]


def _text_key(post: Post) -> str:
    return of("edit-text", post.post_id)


def _destinations_key(post: Post) -> str:
    return of("edit-destinations", post.post_id)


def _variant_key(post: Post, destination: str) -> str:
    return of(f"edit-text-{destination}", post.post_id)
