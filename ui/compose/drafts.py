"""The draft in Compose: its text, its destinations and its time, kept while a person looks at other pages."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import streamlit as st

from core.posts.models import Media, Post, Repeat, Revision, account_and_part, new_post_id
from core.publishing.composing import compose, proposed_time
from ui.compose import media_fields, threads, time_fields, timing, variants
from ui.frame.application import application
from ui.frame.state import ASIDE, DRAFT, of
from ui.frame.viewer import viewer_zone


def current() -> str:
    """Return the id of the draft in hand; the first one is begun here."""
    if DRAFT not in st.session_state:
        destinations = [account.destination for account in application().accounts.all()]
        begin(text="", destinations=destinations[:1], zone=viewer_zone())
    draft: str = st.session_state[DRAFT]
    return draft


def begin(
    *,
    text: str,
    destinations: Sequence[str],
    zone: str,
    media: Sequence[Media] = (),
    texts: Mapping[str, str] = MappingProxyType({}),
    as_threads: Mapping[str, bool] = MappingProxyType({}),
) -> None:
    """Put a new draft in the place of the one in hand."""
    draft = new_post_id()
    state = st.session_state
    state[DRAFT] = draft
    state[text_key(draft)] = text
    state[destinations_key(draft)] = list(destinations)
    media_fields.begin(draft, media)
    variants.begin(draft, texts)
    threads.begin(draft, as_threads)
    time_fields.start(when_key(draft), proposed_time(application().clock()), zone)


def begin_again(post: Post) -> None:
    """Begin a draft that is a post as it was, with its time, unless that has passed."""
    begin_with(post)
    timing.fill(when_key(current()), post)


def begin_from(post: Post) -> None:
    """Begin a draft that says and addresses what a post did, and repeats as it does; one that does not gets a time."""
    begin_with(post)
    if post.repeats:
        timing.fill(when_key(current()), post)


def begin_with(content: Revision) -> None:
    """Begin a draft that says and addresses what a post, or one run of it, did; a thread is whole again.

    The draft in hand is put aside if anything is in it.
    """
    _put_aside()
    accounts = list(dict.fromkeys(account_and_part(each)[0] for each in content.destinations))
    as_threads = threads.threads_of(content)
    texts = {each: text for each, text in content.variants.items() if each in accounts and each not in as_threads}
    begin(
        text=content.text,
        destinations=accounts,
        zone=content.zone,
        media=content.media,
        texts=texts,
        as_threads=as_threads,
    )


def aside() -> str | None:
    """Return what the draft says that was put aside first, if there is one."""
    waiting = all_aside()
    return _text(waiting[0]) if waiting else None


def take_up() -> None:
    """Take up the draft that was put aside first; the one in hand is put aside if anything is in it."""
    taken = all_aside().pop(0)
    _put_aside()
    st.session_state[DRAFT] = taken


def holds_anything(draft: str) -> bool:
    """Whether somebody wrote something into the draft, or attached something."""
    return bool(_text(draft).strip() or media_fields.attached(draft))


def all_aside() -> list[str]:
    """Return the ids of the drafts that were put aside, the first that was so first."""
    waiting: list[str] = st.session_state.setdefault(ASIDE, [])
    return waiting


def _put_aside() -> None:
    draft = st.session_state.get(DRAFT)
    if draft is not None and holds_anything(draft):
        all_aside().append(draft)


def written(draft: str, chosen: time_fields.Picked, repeat: Repeat | None = None) -> Post:
    """Return what stands in the fields as a post for that time, or for that series. Raises what `compose` raises."""
    app = application()
    addressed = st.session_state[destinations_key(draft)]
    accounts = [account for account in app.accounts.all() if account.destination in addressed]
    return compose(
        post_id=draft,
        text=st.session_state[text_key(draft)],
        destinations=addressed,
        wall=chosen.wall,
        zone=chosen.zone,
        which=chosen.which,
        late_after_minutes=app.settings.late_after_minutes,
        accounts=app.accounts,
        networks=app.networks,
        variants=variants.variants(draft, addressed),
        threads=threads.threads(draft, said(draft), accounts),
        media=media_fields.attached(draft),
        repeat=repeat,
    )


def said(draft: str) -> dict[str, str]:
    """Return what each destination of the draft is told."""
    addressed = st.session_state[destinations_key(draft)]
    return dict.fromkeys(addressed, _text(draft)) | variants.variants(draft, addressed)


def _text(draft: str) -> str:
    return st.session_state.get(text_key(draft)) or ""


def text_key(draft: str) -> str:
    """The text area's key."""
    return of("text", draft)


def destinations_key(draft: str) -> str:
    """The destinations' key."""
    return of("destinations", draft)


def when_key(draft: str) -> str:
    """The key of the time fields."""
    return of("when", draft)
