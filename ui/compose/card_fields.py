"""The link card of a draft: fetched once in the background, then edited or removed.

Only accounts whose network shows the card of a post (ShowsCards) have one: the others make cards of their own.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import cast
from urllib.parse import urlsplit

import streamlit as st

from core.errors import PunctualError
from core.media.pictures import fit_picture
from core.posts.models import CARD_DESCRIPTION_LENGTH, CARD_TITLE_LENGTH, LinkCard
from core.publishing.link_cards.attached_card import ShowsCards
from core.publishing.link_cards.fetching import STORED_PICTURE, shortened
from core.publishing.link_cards.wanted_card import public_links
from ui.compose.media_fields import attached
from ui.compose.typed_text import forget_typed, latest_text, whole
from ui.frame.application import application
from ui.frame.callbacks import callback
from ui.frame.gallery import picture
from ui.frame.redraw import draw_again
from ui.frame.state import widget_key
from ui.frame.wording import escape

SETTLED = timedelta(seconds=2)
"""How long a link is in the text before its page is read, because a person may still be typing it."""
LOOKING_EVERY = timedelta(seconds=1)
PICTURE_WIDTH = 160
"""Pixels."""


@dataclass(frozen=True, kw_only=True)
class _CardState:
    """The card of a draft. `asked` is the link whose card is fetched, since `since`, and `refused` those without one:
    the person removed the card, or opened a draft without it. `removed` is the card that Undo brings back.
    """

    card: LinkCard | None = None
    removed: LinkCard | None = None
    refused: frozenset[str] = frozenset()
    asked: str | None = None
    since: datetime | None = None


def fill(draft: str, card: LinkCard | None, texts: Iterable[str]) -> None:
    """Fill the fields. A draft that has links and no card gets none, until a person asks for it."""
    refused = frozenset() if card is not None else frozenset(public_links(texts))
    _set(draft, _CardState(refused=refused))
    if card is not None:
        _show(draft, card)


def card(draft: str) -> LinkCard | None:
    """Return the card with the texts of its fields."""
    found = _state(draft).card
    if found is None:
        return None
    title, description = (latest_text(key) for key in text_keys(draft))
    return LinkCard(
        url=found.url,
        title=shortened(whole(title), CARD_TITLE_LENGTH),
        description=shortened(whole(description), CARD_DESCRIPTION_LENGTH),
        picture=found.picture,
    )


def text_keys(draft: str) -> list[str]:
    """Return the keys of the text areas of the title and the description; none without a card."""
    return [_title_key(draft), _description_key(draft)] if _state(draft).card is not None else []


def note_link(draft: str, texts: Iterable[str], destinations: Iterable[str]) -> bool:
    """Begin to fetch the card of the first link, if it is new and a destination shows cards; return whether it is.

    Call it before the fields are drawn, so that the page shows the fetch.
    """
    state = _state(draft)
    wanted = _wanted(state, public_links(texts)) if _shows_cards(destinations) else None
    if wanted is None or wanted == state.asked:
        return False
    _set(draft, replace(state, asked=wanted, since=application().clock()))
    return True


def card_fields(draft: str, texts: Iterable[str], destinations: Iterable[str]) -> None:
    """Draw the card of the first link of the texts, if one of the destinations shows cards."""
    if not _shows_cards(destinations):
        return
    urls, state = public_links(texts), _state(draft)
    wanted = _wanted(state, urls)
    if wanted is not None:
        is_fetching = not isinstance(_result(draft, wanted), LinkCard | PunctualError)
        st.fragment(_fetch, run_every=LOOKING_EVERY if is_fetching else None)(draft, wanted, is_fetching)
    elif state.card is not None or state.removed is not None:
        card_editor(draft, texts)
    elif urls:
        _button(draft, "Add a link card", ":material/add_link:", _ask)


def card_editor(draft: str, texts: Iterable[str]) -> None:
    """Draw the fields of a card, or Undo if it was removed. Without a card, draw nothing."""
    found, removed = _state(draft).card, _state(draft).removed
    if found is not None:
        _editor(draft, found, is_linked=found.url in public_links(texts))
    elif removed is not None:
        with st.container(horizontal=True, vertical_alignment="center", key=widget_key("link-card-removed", draft)):
            st.caption(":material/check: Link card removed", width="content")
            _button(draft, "Undo", ":material/undo:", _undo)


def _editor(draft: str, found: LinkCard, *, is_linked: bool) -> None:
    host = escape((urlsplit(found.url).hostname or found.url).removeprefix("www."))
    with st.container(border=True, key=widget_key("card-link", draft)):
        shown, fields = st.columns([1, 2], gap="small")
        with shown:
            if found.picture is not None:
                picture(found.picture, width=PICTURE_WIDTH, alt="Picture of the link card")
            _picture_menu(draft, found)
        with fields:
            st.text_area("Card title", key=_title_key(draft), height="content", persist_state="session")
            st.text_area("Card description", key=_description_key(draft), height="content", persist_state="session")
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            note = "" if is_linked else ". Its link is no longer in the text."
            st.caption(f":material/link: {host}{note}", width="content")
            _button(draft, "Remove card", ":material/close:", _remove)
        if attached(draft):
            st.caption(":material/info: The post goes out without this card while it has pictures or a video.")


def _picture_menu(draft: str, found: LinkCard) -> None:
    with st.popover("Picture", type="tertiary", icon=":material/image:", key=widget_key("link-card-picture", draft)):
        uploader = widget_key(f"link-card-upload-{found.picture or 'none'}", draft)
        st.file_uploader(
            "Another picture",
            type=["jpg", "jpeg", "png", "gif", "webp"],
            key=uploader,
            on_change=_replace_picture,
            args=(draft, uploader),
        )
        if found.picture is not None:
            _button(draft, "Remove picture", ":material/hide_image:", _remove_picture)


def _fetch(draft: str, url: str, was_fetching: bool) -> None:
    """Draw the state of a fetch. Once the card is there, the page is drawn again with its fields."""
    if _state(draft).asked != url:
        draw_again()  # the person wants no card
        return
    found = _result(draft, url)
    if isinstance(found, LinkCard):
        _show(draft, found)
        draw_again()
        return
    host = escape(urlsplit(url).hostname or url)
    with st.container(horizontal=True, vertical_alignment="center", key=widget_key("link-card-status", draft)):
        if found is None:
            with st.container(key=widget_key("link-card-fetch", draft), width="content"):
                st.caption(f":material/progress_activity: Reading the page of {host} for a link card", width="content")
            _button(draft, "No card", ":material/close:", _refuse)
        else:
            st.caption(f":orange[:material/link_off: No link card.] {escape(str(found))}", width="content")
            _button(draft, "Try again", ":material/refresh:", _try_again)
            _button(draft, "No card", ":material/close:", _refuse)
    if (found is None) != was_fetching:
        draw_again()  # the next run of the page starts or stops the refresh


def _result(draft: str, url: str) -> LinkCard | PunctualError | None:
    """Return the card of a link, or the reason why there is none; None while it is fetched or not yet settled."""
    state, app = _state(draft), application()
    if state.since is not None and timedelta() <= app.clock() - state.since < SETTLED:
        return None
    return app.link_cards.card(url)


def _show(draft: str, found: LinkCard) -> None:
    """Put a card into the fields."""
    _set(draft, replace(_state(draft), card=found, removed=None, asked=None, since=None))
    forget_typed(text_keys(draft))
    st.session_state[_title_key(draft)] = found.title
    st.session_state[_description_key(draft)] = found.description


def _try_again(draft: str) -> None:
    if (asked := _state(draft).asked) is not None:
        application().link_cards.forget(asked)


def _refuse(draft: str) -> None:
    state = _state(draft)
    refused = state.refused | ({state.asked} if state.asked else set())
    _set(draft, replace(state, refused=refused, asked=None, since=None))


def _remove(draft: str) -> None:
    state, removed = _state(draft), card(draft)
    refused = state.refused | ({removed.url} if removed else set())
    _set(draft, replace(state, card=None, removed=removed, refused=refused))


def _undo(draft: str) -> None:
    state = _state(draft)
    if state.removed is not None:
        _set(draft, replace(state, refused=state.refused - {state.removed.url}))
        _show(draft, state.removed)


def _ask(draft: str) -> None:
    """Fetch cards of this draft's links again."""
    _set(draft, _CardState())


def _remove_picture(draft: str) -> None:
    _change(draft, None)


@callback
def _replace_picture(draft: str, uploader: str) -> None:
    """Store another picture for the card. Raises the errors of `fit_picture` and of the media store."""
    file = st.session_state.get(uploader)
    if file is not None:
        _change(draft, application().media.put(fit_picture(file.getvalue(), STORED_PICTURE).content))


def _change(draft: str, reference: str | None) -> None:
    state = _state(draft)
    if state.card is not None:
        _set(draft, replace(state, card=state.card.model_copy(update={"picture": reference})))


def _wanted(state: _CardState, urls: list[str]) -> str | None:
    """Return the link whose card is wanted: the first one, unless the draft has a card whose link is in a text."""
    if not urls or urls[0] in state.refused or (state.card is not None and state.card.url in urls):
        return None
    return urls[0]


def _shows_cards(destinations: Iterable[str]) -> bool:
    app = application()
    chosen = set(destinations)
    return any(
        isinstance(app.networks.get(account.network), ShowsCards)
        for account in app.accounts.all()
        if account.destination in chosen
    )


def _button(draft: str, label: str, icon: str, action: Callable[[str], None]) -> None:
    key = widget_key(f"link-card-{'-'.join(label.lower().split())}", draft)
    st.button(label, key=key, type="tertiary", icon=icon, on_click=action, args=(draft,))


def _state(draft: str) -> _CardState:
    return cast(_CardState, st.session_state.get(_state_key(draft), _CardState()))


def _set(draft: str, state: _CardState) -> None:
    st.session_state[_state_key(draft)] = state


def _state_key(draft: str) -> str:
    return widget_key("link-card", draft)


def _title_key(draft: str) -> str:
    return widget_key("link-card-title", draft)


def _description_key(draft: str) -> str:
    return widget_key("link-card-description", draft)
