"""The dialog that changes what a queued post says and shows, to all or to one destination, and where it goes."""

from typing import cast

import streamlit as st

from core.accounts.port import Account
from core.errors import PunctualError
from core.ledger.port import ChangedElsewhere, Plan
from core.posts.models import Post, account_and_part
from core.publishing.composing import rewritten
from core.time.phrases import excerpt
from ui.compose import media_fields
from ui.compose.counter import counter
from ui.frame.application import application
from ui.frame.callbacks import closing, refusal
from ui.frame.state import of
from ui.frame.wording import account_names

EXCERPT = 240
"""Characters that are told of what a post says now."""


class Overtaken(PunctualError):
    """The post was changed elsewhere while somebody wrote here."""

    hint = "Save once more to replace that by what stands here, or close this to leave it."

    def __init__(self, text: str) -> None:
        super().__init__(f"The post was changed elsewhere meanwhile. It says now: “{excerpt(text, EXCERPT)}”.")


def begin(plan: Plan) -> None:
    """Fill the fields with what the post says now."""
    post, state = plan.post, st.session_state
    state[_plan_key(post)] = plan
    state[_text_key(post)] = post.text
    state[_destinations_key(post)] = list(dict.fromkeys(account_and_part(each)[0] for each in post.destinations))
    for destination, text in post.variants.items():
        state[_variant_key(post, destination)] = text
    media_fields.begin(_draft(post), post.media)


@st.dialog("Edit post", icon=":material/edit:", width="medium")
def edit_dialog(plan: Plan) -> None:
    """Draw the text that goes to all, those that one destination or part of a thread has of its own, where to, and
    the pictures.
    """
    post = _read(plan).post
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
    media_fields.pictures(_draft(post))
    refusal()
    st.button("Save", key=of("save-post", post.post_id), type="primary", on_click=_save, args=(plan,))


@closing
def _save(plan: Plan) -> None:
    app, state, read = application(), st.session_state, _read(plan)
    post = read.post
    variants = {each: state[_variant_key(post, each)] or "" for each in _varied(post)}
    wanted = rewritten(
        post,
        text=(state[_text_key(post)] or "") if _shared(post) else " ".join(variants.values()),
        destinations=state[_destinations_key(post)],
        variants=variants,
        media=media_fields.attached(_draft(post)),
        accounts=app.accounts,
        networks=app.networks,
    )
    try:
        app.schedules.edit(read, wanted)
    except ChangedElsewhere as error:
        present = app.schedules.plan(post.post_id)
        if present.wish in ("cancelled", "moved"):
            raise
        state[_plan_key(post)] = present
        for destination, text in present.post.variants.items():
            state.setdefault(_variant_key(post, destination), text)
        raise Overtaken(present.post.text) from error


def _read(plan: Plan) -> Plan:
    """Return the post as it was when the dialog was opened, or when it was last found changed."""
    return cast(Plan, st.session_state[_plan_key(plan.post)])


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


def _plan_key(post: Post) -> str:
    return of("edit-plan", post.post_id)


def _text_key(post: Post) -> str:
    return of("edit-text", post.post_id)


def _destinations_key(post: Post) -> str:
    return of("edit-destinations", post.post_id)


def _variant_key(post: Post, destination: str) -> str:
    return of(f"edit-text-{destination}", post.post_id)
