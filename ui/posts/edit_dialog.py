"""The dialog that edits a queued post: its text, its variants and thread parts, its destinations, media and labels."""

from typing import cast

import streamlit as st

from core.accounts.port import Account
from core.errors import PunctualError
from core.ledger.port import Plan
from core.ledger.refusals import ChangedElsewhere
from core.posts.destinations import Destination
from core.posts.first_comment import first_comments
from core.posts.hand_split import hand_split
from core.posts.models import Post
from core.publishing.composing import edit_content, follows_text
from core.publishing.network import Network
from core.time.phrases import excerpt
from ui.compose import card_fields, label_fields, media_fields, option_fields
from ui.compose.media_strip import media_strip_in_dialog
from ui.frame.application import application
from ui.frame.callbacks import dialog_callback, show_error
from ui.frame.dialogs import dialog_buttons
from ui.frame.state import widget_key
from ui.frame.wording import EXCERPT, account_names
from ui.preview.component import as_written, counter


class EditConflict(PunctualError):
    """The post was changed elsewhere while this dialog was open."""

    hint = "Save again to replace that text with yours, or close this dialog to keep it."

    def __init__(self, text: str) -> None:
        super().__init__(f"The post was changed elsewhere. Its text is now: “{excerpt(text, EXCERPT)}”.")


def fill(plan: Plan) -> None:
    """Fill the fields with the content of the post, unless they have changes that were not saved."""
    post, state = plan.post, st.session_state
    state[_kept_key(post)] = _has_changes(post)
    if not state[_kept_key(post)]:
        _fill(plan)


def _fill(plan: Plan) -> None:
    post, state = plan.post, st.session_state
    state[_plan_key(post)] = plan
    state[_text_key(post)] = post.text
    state[_destinations_key(post)] = list(post.accounts)
    for destination, text in post.variants.items():
        state[_variant_key(post, destination)] = text
    media_fields.fill(_draft(post), post.media)
    label_fields.fill(_labels_key(post), post.labels)
    option_fields.fill(_draft(post), post.options)
    card_fields.fill(_draft(post), post.card, [])
    state[_filled_key(post)] = _typed(post)
    state[_kept_key(post)] = False


def _has_changes(post: Post) -> bool:
    """Return whether the fields differ from what they were filled with: the dialog was closed without Save."""
    filled = st.session_state.get(_filled_key(post))
    return filled is not None and filled != _typed(post)


def _typed(post: Post) -> tuple[object, ...]:
    """Return the values of the fields."""
    state = st.session_state
    texts = _texts(post)
    media, labels = media_fields.attached(_draft(post)), label_fields.chosen_labels(_labels_key(post))
    destinations = tuple(state.get(_destinations_key(post)) or ())
    options, card = option_fields.chosen_options(_draft(post), destinations), card_fields.card(_draft(post))
    return (*texts, destinations, tuple(media), labels, options, card)


def _texts(post: Post) -> list[str]:
    text_keys = [_text_key(post), *(_variant_key(post, each) for each in post.variants)]
    return [st.session_state.get(key) or "" for key in text_keys]


def _discard(plan: Plan) -> None:
    _fill(application().schedules.plan(plan.post.post_id))


@st.dialog("Edit post", icon=":material/edit:", width="medium", on_dismiss="rerun")
def edit_dialog(plan: Plan) -> None:
    """Draw the fields for the text, for each variant and thread part, for the destinations and for the media."""
    post = _base(plan).post
    accounts = {account.destination: account for account in application().accounts.all()}
    chosen: list[Destination] = st.session_state[_destinations_key(post)]
    if st.session_state[_kept_key(post)]:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(":material/edit_note: Your changes from before. They are not saved yet.", width="content")
            key = widget_key("discard-edit", post.post_id)
            st.button("Discard changes", key=key, type="tertiary", on_click=_discard, args=(plan,))
    if _has_shared_text(post):
        _field("Text", _text_key(post), [accounts[each] for each in chosen if each in accounts])
    for destination in _with_variant(post):
        account = accounts.get(destination.account)
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
        persist_state="session",
    )
    media_strip_in_dialog(_draft(post))
    card_fields.card_editor(_draft(post), _texts(post))
    label_fields.label_field(_labels_key(post))
    option_fields.option_fields(_draft(post), [accounts[each] for each in chosen if each in accounts])
    show_error()
    dialog_buttons("Save", widget_key("save-post", post.post_id), _save, plan)


@dialog_callback
def _save(plan: Plan) -> None:
    app, state, base = application(), st.session_state, _base(plan)
    post = base.post
    variants: dict[str, str] = {each: state[_variant_key(post, each)] or "" for each in _with_variant(post)}
    edited = edit_content(
        post.model_copy(update={"card": card_fields.card(_draft(post))}),
        text=(state[_text_key(post)] or "") if _has_shared_text(post) else " ".join(variants.values()),
        destinations=state[_destinations_key(post)],
        variants=variants,
        media=media_fields.attached(_draft(post)),
        accounts=app.accounts,
        networks=app.networks,
        labels=label_fields.chosen_labels(_labels_key(post)),
        options=option_fields.chosen_options(_draft(post), state[_destinations_key(post)]),
    )
    try:
        app.schedules.edit(base, edited)
        del state[_filled_key(post)]
    except ChangedElsewhere as error:
        newest = app.schedules.plan(post.post_id)
        if newest.desired in ("cancelled", "moved"):
            raise
        state[_plan_key(post)] = newest
        for destination, text in newest.post.variants.items():
            state.setdefault(_variant_key(post, destination), text)
        raise EditConflict(newest.post.text) from error


def _base(plan: Plan) -> Plan:
    """Return the version that the edit replaces: the one at the opening of the dialog, or at its last conflict."""
    return cast(Plan, st.session_state[_plan_key(plan.post)])


def _field(label: str, key: str, accounts: list[Account]) -> None:
    text = st.text_area(label, key=key, height=180, persist_state="session")
    counter(key, text or "", [as_written(account, key, text or "") for account in accounts])


def _has_shared_text(post: Post) -> bool:
    """Return whether at least one destination has no text of its own."""
    return len(_with_variant(post)) < len(set(post.destinations) - first_comments(post))


def _with_variant(post: Post) -> list[Destination]:
    """Return the destinations with a text of their own, without the parts that the dashes of the text make.

    The text of a first comment is an option.
    """
    networks = application().networks
    own = {each for each in post.accounts if not _follows_dashes(post, each, networks.get(each.partition(":")[0]))}
    comments = first_comments(post)
    return [each for each in post.destinations if each in post.variants.keys() - comments and each.account in own]


def _follows_dashes(post: Post, account: Destination, network: Network | None) -> bool:
    return network is not None and len(hand_split(post.text)) > 1 and follows_text(post, account, network)


def _draft(post: Post) -> str:
    """Return the id under which the media fields of this dialog are kept, like those of a draft."""
    return widget_key("edit", post.post_id)


def _plan_key(post: Post) -> str:
    return widget_key("edit-plan", post.post_id)


def _filled_key(post: Post) -> str:
    return widget_key("edit-filled", post.post_id)


def _kept_key(post: Post) -> str:
    return widget_key("edit-kept", post.post_id)


def _text_key(post: Post) -> str:
    return widget_key("edit-text", post.post_id)


def _destinations_key(post: Post) -> str:
    return widget_key("edit-destinations", post.post_id)


def _labels_key(post: Post) -> str:
    return widget_key("edit-labels", post.post_id)


def _variant_key(post: Post, destination: str) -> str:
    return widget_key(f"edit-text-{destination}", post.post_id)
