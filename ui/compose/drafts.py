"""The drafts of a session: the one in Compose is saved on the server whenever its fields differ from what is saved."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st
from pydantic import TypeAdapter, ValidationError

from core.drafts.draft import Draft, DraftContent, DraftGone, content_of
from core.errors import PunctualError
from core.posts.destinations import Destination
from core.posts.models import Post, PostId, Repeat, new_post_id
from core.publishing.drafted_posts import drafted_post
from ui.compose import draft_fields, late_fields
from ui.compose.time_fields import ChosenTime
from ui.compose.typed_text import give_up_text, show_typed
from ui.frame.application import application
from ui.frame.callbacks import flash
from ui.frame.navigation import NEW_DRAFT
from ui.frame.state import (
    ADDRESSES,
    DRAFT,
    KNOWN_DRAFTS,
    LAST_POST,
    NOT_SAVED,
    PAGE_OPENED,
    SAVED_DRAFTS,
    widget_key,
)
from ui.frame.viewer import viewer_zone

ADDRESS = "draft"
"""The query parameter of Compose that names a draft, or asks for a new one (ui/frame/navigation.py)."""
_ID = TypeAdapter[str](PostId)
_CHANGES_KEPT = "This draft was scheduled or removed elsewhere. Your changes are a new draft."


def sync() -> str:
    """Open the draft that the address names, save the current one or show what another tab has saved; return its id.

    Call it first in Compose, before its fields are drawn.
    """
    _open_address()
    if DRAFT not in st.session_state:
        start(DraftContent(destinations=_first_account(), zone=viewer_zone()))
    if st.session_state.get(PAGE_OPENED):
        show_typed(draft_fields.text_keys(current()))
    before = saved().get(current())
    keep(current())
    if before is not None and saved().get(before.draft_id) is before and st.session_state[NOT_SAVED] is None:
        _show_newest(before)
    return current()


def current() -> str:
    """Return the id of the current draft. `sync` starts the first one."""
    draft: str = st.session_state[DRAFT]
    return draft


def is_open(draft: str) -> bool:
    """Return whether the draft is the current one, and was neither scheduled nor removed in another tab."""
    return draft == st.session_state.get(DRAFT) and (
        draft not in saved() or application().drafts.get(draft) is not None
    )


def saved() -> dict[str, Draft]:
    """Return the drafts of this session as they were last saved or read."""
    drafts: dict[str, Draft] = st.session_state.setdefault(SAVED_DRAFTS, {})
    return drafts


def known() -> list[str]:
    """Return the ids of all drafts that this session has or had."""
    ids: list[str] = st.session_state.setdefault(KNOWN_DRAFTS, [])
    return ids


def start(content: DraftContent) -> None:
    """Make a new draft the current one."""
    _make_current(new_post_id(), content)


def start_at(at: ChosenTime, destinations: Sequence[str]) -> None:
    """Make an empty draft that proposes a time the current one, to these accounts or to the first one."""
    wall = at.wall.isoformat(timespec="seconds")
    accounts = tuple(map(Destination, destinations)) or _first_account()
    start(DraftContent(destinations=accounts, wall=wall, zone=at.zone, which=at.which))


def start_empty(like: DraftContent) -> None:
    """Make an empty draft with the same destinations and zone the current one."""
    start(DraftContent(destinations=like.destinations, zone=like.zone))


def scheduled(draft_id: str, content: DraftContent) -> None:
    """Remove a draft whose post was scheduled; if it was the current one, start the next one."""
    was_current = st.session_state.get(DRAFT) == draft_id
    forget(draft_id)
    application().drafts.remove(draft_id)
    if was_current:
        start_empty(content)


def open_draft(draft_id: str) -> None:
    """Make a stored draft the current one. Raises DraftGone."""
    draft = application().drafts.get(draft_id)
    if draft is None:
        raise DraftGone(draft_id)
    if draft_id != st.session_state.get(DRAFT):
        _make_current(draft_id, draft.content)
        saved()[draft_id] = draft


def keep(draft: str) -> None:
    """Save the fields of a draft, if they differ from what is saved. One that was emptied goes to the deleted drafts.

    The error of a failed save is shown beside the text, and the tab tries again. If the draft was scheduled or removed
    elsewhere, its fields become a new draft.
    """
    drafts, now, before = application().drafts, application().clock(), saved().get(draft)
    st.session_state[NOT_SAVED] = None
    late_fields.bring_back(draft, now)
    try:
        content = draft_fields.content(draft)
        if content.empty:
            if before is not None and before.deleted_at is None and not before.content.empty:
                saved()[draft] = drafts.delete(draft, now=now)
        elif before is None or content != before.content:
            base, template = (before.version, before.template) if before else (0, False)
            saved()[draft] = drafts.save(draft, content, base=base, template=template, now=now)
    except DraftGone:
        forget(draft)
        start(content)
        flash(_CHANGES_KEPT)
    except PunctualError as error:
        st.session_state[NOT_SAVED] = error


def note_begun_with(draft: str, version: int) -> None:
    """Note the version into which the tab has typed. What it had not shown yet becomes the earlier content."""
    if version < st.session_state.get(_shown_key(draft), 0):
        del st.session_state[_shown_key(draft)]
        saved()[draft] = replace(saved()[draft], version=version)


def swap_earlier(draft: str) -> None:
    """Show the earlier content of a draft, which keeps the present one as its earlier content. Raises DraftGone."""
    app, before = application(), saved()[draft]
    if before.earlier is not None:
        swapped = app.drafts.save(draft, before.earlier, base=0, template=before.template, now=app.clock())
        for key in draft_fields.text_keys(draft):
            give_up_text(key)
        _show_in_place(swapped)


def forget(draft: str) -> None:
    """Forget a draft that was scheduled or removed; nothing saves it again."""
    saved().pop(draft, None)
    if st.session_state.get(DRAFT) == draft:
        del st.session_state[DRAFT]


def note_address(draft: str) -> str | None:
    """Return the id for the page's address, None for a draft that is not saved, and note that it is open."""
    address = draft if draft in saved() else None
    st.session_state[ADDRESSES] = {st.query_params.get(ADDRESS), address}
    return address


def other() -> Draft | None:
    """Return the draft that this session edited before the current one, unless it is gone."""
    for draft_id in reversed(list(saved())):
        if draft_id != current():
            draft = application().drafts.get(draft_id)
            if draft is not None and draft.deleted_at is None:
                return draft
            del saved()[draft_id]
    return None


def to_post(draft: str, chosen: ChosenTime, repeat: Repeat | None = None) -> Post:
    """Return the draft as a post for that time, or for that series. Raises the errors of `drafted_post`."""
    app = application()
    content = draft_fields.content(draft)
    wall = chosen.wall.replace(microsecond=0).isoformat()
    return drafted_post(
        draft,
        content.model_copy(update={"wall": wall, "zone": chosen.zone, "which": chosen.which, "repeat": repeat}),
        accounts=app.accounts,
        networks=app.networks,
        late_after_minutes=app.settings.late_after_minutes,
    )


def _make_current(draft: str, content: DraftContent) -> None:
    replaced = st.session_state.get(DRAFT)
    if replaced is not None:
        keep(replaced)
    draft_fields.fill(draft, content)
    st.session_state[DRAFT] = draft
    st.session_state[NOT_SAVED] = None
    st.session_state[ADDRESSES] = {st.query_params.get(ADDRESS)}
    if draft not in known():
        known().append(draft)


def _open_address() -> None:
    """Open the draft that the address names, unless this session has it open or has left it."""
    asked = st.query_params.get(ADDRESS)
    if asked == NEW_DRAFT:
        _start_new()
        return
    if asked is None or asked == st.session_state.get(DRAFT) or asked in st.session_state.get(ADDRESSES, ()):
        return
    st.session_state[ADDRESSES] = {asked}
    try:
        open_draft(_ID.validate_python(asked))
    except ValidationError:
        flash("There is no draft at this address.")
    except DraftGone as error:
        if application().ledger.get(asked) is not None:
            st.session_state[LAST_POST] = asked
        else:
            flash(f"{error} {error.hint}")


def _start_new() -> None:
    """Start an empty draft, unless the current one is empty, and let the address name it no longer."""
    del st.query_params[ADDRESS]
    if DRAFT in st.session_state:
        content = draft_fields.content(current())
        if not content.empty:
            start_empty(content)


def take_over(draft_id: str, content: DraftContent, version: int) -> None:
    """Make a draft whose latest texts only a tab has the current one. `version` is the one that the tab began with."""
    stored = application().drafts.get(draft_id)
    _make_current(draft_id, stored.content if stored else content)
    if stored is not None:
        saved()[draft_id] = replace(stored, version=version)


def _show_newest(known: Draft) -> None:
    """Show the content that another tab or device has saved since, as this tab has nothing that is not saved."""
    try:
        newest = application().drafts.get(known.draft_id)
    except PunctualError as error:
        st.session_state[NOT_SAVED] = error
        return
    if newest is None:
        _leave(known)
        return
    if newest.version != known.version:
        _show_in_place(newest)
        st.session_state[_shown_key(newest.draft_id)] = newest.version
    saved()[known.draft_id] = newest


def _show_in_place(draft: Draft) -> None:
    """Fill the fields of an open draft with a content in place of theirs."""
    draft_id, now = draft.draft_id, application().clock()
    deciding = [*draft_fields.text_keys(draft_id), draft_fields.destinations_key(draft_id)]
    with late_fields.replacing(draft_id, deciding, now):
        draft_fields.fill(draft_id, draft.content)
    saved()[draft_id] = draft


def _leave(known: Draft) -> None:
    """Start another draft after this one was scheduled or removed elsewhere. Texts that the post lacks go along."""
    plan, shown = application().ledger.get(known.draft_id), draft_fields.content(known.draft_id)
    forget(known.draft_id)
    if plan is None or _own_content(shown) == _own_content(content_of(plan.post)):
        start_empty(shown)
        flash("The draft was scheduled or removed elsewhere.")
    else:
        start(shown)
        flash(_CHANGES_KEPT)


def _own_content(content: DraftContent) -> tuple[dict[Destination, str], list[str]]:
    """Return the text for each destination, and the references of the media."""
    texts = {each: content.variants.get(each, content.text).strip() for each in content.destinations}
    return texts, [each.reference for each in content.media]


def _first_account() -> tuple[str, ...]:
    return tuple(account.destination for account in application().accounts.all())[:1]


def _shown_key(draft: str) -> str:
    """Return the key of the version that another tab or device saved, and that the fields show since."""
    return widget_key("newest-shown", draft)
