"""The drafts of a session: the current one in Compose, and the stashed ones that it replaced."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import streamlit as st

from core.posts.destinations import Destination
from core.posts.models import Media, Post, Repeat, Revision, new_post_id
from core.publishing.composing import compose, suggest_time
from ui.compose import media_fields, threads, time_fields, timing, variants
from ui.frame.application import application
from ui.frame.state import DRAFT, STASHED_DRAFTS, widget_key
from ui.frame.viewer import viewer_zone


def current() -> str:
    """Return the id of the current draft; the first call starts one."""
    if DRAFT not in st.session_state:
        destinations = [account.destination for account in application().accounts.all()]
        start(text="", destinations=destinations[:1], zone=viewer_zone())
    draft: str = st.session_state[DRAFT]
    return draft


def start(
    *,
    text: str,
    destinations: Sequence[str],
    zone: str,
    media: Sequence[Media] = (),
    texts: Mapping[Destination, str] = MappingProxyType({}),
    numbered: Mapping[Destination, bool] = MappingProxyType({}),
) -> None:
    """Replace the current draft with a new one.

    `texts` are the variants by destination. `numbered` has the destinations of a thread, with whether its parts are
    numbered.
    """
    draft = new_post_id()
    state = st.session_state
    state[DRAFT] = draft
    state[text_key(draft)] = text
    state[destinations_key(draft)] = list(destinations)
    media_fields.fill(draft, media)
    variants.fill(draft, texts)
    threads.fill(draft, numbered)
    time_fields.start(time_key(draft), suggest_time(application().clock()), zone)


def restore(post: Post) -> None:
    """Start a draft that equals a post, with its time unless that has passed."""
    copy(post)
    timing.fill(time_key(current()), post)


def duplicate(post: Post) -> None:
    """Start a draft with a post's content and its repeat rule; a one-time post gets the suggested time."""
    copy(post)
    if post.repeats:
        timing.fill(time_key(current()), post)


def copy(content: Revision) -> None:
    """Start a draft with the text, media and destinations of a post or of one run; a thread becomes one text again.

    The current draft is stashed if it has content.
    """
    _stash_current()
    accounts = list(content.accounts)
    numbered = threads.threads_of(content)
    texts = {each: text for each, text in content.variants.items() if each in accounts and each not in numbered}
    start(
        text=content.text,
        destinations=accounts,
        zone=content.zone,
        media=content.media,
        texts=texts,
        numbered=numbered,
    )


def stashed_text() -> str | None:
    """Return the text of the oldest stashed draft, or None if none is stashed."""
    drafts = stashed()
    return _text(drafts[0]) if drafts else None


def open_stashed() -> None:
    """Make the oldest stashed draft the current one; the current one is stashed if it has content."""
    draft = stashed().pop(0)
    _stash_current()
    st.session_state[DRAFT] = draft


def has_content(draft: str) -> bool:
    """Return whether the draft has a text or media."""
    return bool(_text(draft).strip() or media_fields.attached(draft))


def stashed() -> list[str]:
    """Return the ids of the stashed drafts, oldest first."""
    drafts: list[str] = st.session_state.setdefault(STASHED_DRAFTS, [])
    return drafts


def _stash_current() -> None:
    draft = st.session_state.get(DRAFT)
    if draft is not None and has_content(draft):
        stashed().append(draft)


def to_post(draft: str, chosen: time_fields.ChosenTime, repeat: Repeat | None = None) -> Post:
    """Return the draft as a post for that time, or for that series. Raises the errors of `compose`."""
    app = application()
    destinations = st.session_state[destinations_key(draft)]
    accounts = [account for account in app.accounts.all() if account.destination in destinations]
    return compose(
        post_id=draft,
        text=_text(draft),
        destinations=destinations,
        wall=chosen.wall,
        zone=chosen.zone,
        which=chosen.which,
        late_after_minutes=app.settings.late_after_minutes,
        accounts=app.accounts,
        networks=app.networks,
        variants=variants.variants(draft, destinations),
        threads=threads.split_texts(draft, texts(draft), accounts),
        media=media_fields.attached(draft),
        repeat=repeat,
    )


def texts(draft: str) -> dict[str, str]:
    """Return the text for each destination of the draft."""
    destinations = st.session_state[destinations_key(draft)]
    return dict.fromkeys(destinations, _text(draft)) | variants.variants(draft, destinations)


def _text(draft: str) -> str:
    return st.session_state.get(text_key(draft)) or ""


def text_key(draft: str) -> str:
    """Return the key of the text area."""
    return widget_key("text", draft)


def destinations_key(draft: str) -> str:
    """Return the key of the destinations."""
    return widget_key("destinations", draft)


def time_key(draft: str) -> str:
    """Return the common key of the time and repeat fields."""
    return widget_key("when", draft)
