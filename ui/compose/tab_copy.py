"""A copy of the drafts in the browser's tab, which survives a reload, a restart of the server and a long sleep.

The tab returns drafts that the session does not know. It also records each keystroke, and returns the text when the
page opens again, because the browser's Back button removes the field before Streamlit sends its text.
"""

import logging
from datetime import datetime
from typing import Any, Literal

import streamlit as st
from pydantic import ValidationError

from core.errors import PunctualError
from core.posts.destinations import Destination
from core.posts.models import FrozenModel, Media, PostId, Repeat, Zone
from ui.compose import drafts, media_fields, repeat_fields, threads, time_fields, variants
from ui.frame.application import application
from ui.frame.callbacks import callback, flash
from ui.frame.state import DRAFT, KNOWN_DRAFTS, LAST_POST

log = logging.getLogger(__name__)

KEY = "tab-copy"
STASH_LIMIT = 200_000
"""The most characters of stashed drafts that the tab gets; each run of the page sends them."""

_ONE_RESTORED = "Draft restored. It is not scheduled."
_SEVERAL_RESTORED = "Drafts restored. None of them is scheduled."

_JS = """
const KEY = "punctual-drafts";

function keep(drafts) {
    try {
        if (drafts.length) sessionStorage.setItem(KEY, JSON.stringify(drafts));
        else sessionStorage.removeItem(KEY);
    } catch { /* The drafts exceed the tab's quota, or the browser stores nothing. */ }
}

export default function ({ data, parentElement, setTriggerValue }) {
    const opened = !parentElement.drawn;
    parentElement.drawn = true;
    const found = JSON.parse(sessionStorage.getItem(KEY)) ?? [];
    const unknown = found.filter((each) => !data.known.includes(each.draft));
    const sent = (parentElement.sent ??= new Set());
    if (unknown.some((each) => !sent.has(each.draft))) {
        unknown.forEach((each) => sent.add(each.draft));
        setTriggerValue("restored", found);
        return;
    }
    const current = [...data.stashed, data.draft];
    const differs = (each) => current.some((its) => its.draft === each.draft && its.text !== each.text);
    if (opened && found.some(differs)) {
        setTriggerValue("restored", found.filter(differs));
        return;
    }
    const others = [...unknown, ...data.stashed];  // what the session has not taken over stays in the tab
    const write = (text) => keep(text || !data.empty ? [...others, { ...data.draft, text }] : others);
    const isText = (field) => field.closest(`.st-key-text-${data.draft.draft}`);
    const onInput = ({ target }) => isText(target) && write(target.value);
    const focused = document.activeElement;
    write(isText(focused) ? focused.value : data.draft.text);
    document.addEventListener("input", onInput);
    return () => document.removeEventListener("input", onInput);
}
"""
_component = st.components.v2.component("punctual_tab_copy", js=_JS)


class TabDraft(FrozenModel):
    """A draft as the tab stores it, in `sessionStorage`.

    `wall` is naive. `texts` are the variants by destination. `threads` has the destinations of a thread, with whether
    its parts are numbered.
    """

    draft: PostId
    text: str
    destinations: list[Destination]
    texts: dict[Destination, str]
    threads: dict[Destination, bool]
    media: list[Media]
    wall: datetime
    zone: Zone
    which: Literal[1, 2] | None
    repeat: Repeat | None


def sync_tab_copy(draft: str) -> None:
    """Copy the current and the stashed drafts to the tab, and restore the drafts of a lost session from it.

    Nothing is visible.
    """
    known: list[str] = st.session_state.setdefault(KNOWN_DRAFTS, [])
    known.extend(each for each in [draft, *drafts.stashed()] if each not in known)
    data = {
        "known": known,
        "draft": _tab_draft(draft).model_dump(mode="json"),
        "empty": not drafts.has_content(draft),
        "stashed": [each.model_dump(mode="json") for each in _stashed()],
    }
    _component(key=KEY, height=1, data=data, on_restored_change=_restore)


def _stashed() -> list[TabDraft]:
    """Return the latest stashed drafts within STASH_LIMIT, oldest first."""
    found: list[TabDraft] = []
    room = STASH_LIMIT
    for draft in reversed(drafts.stashed()):
        tab_draft = _tab_draft(draft)
        room -= len(tab_draft.model_dump_json())
        if room < 0:
            break
        found.insert(0, tab_draft)
    return found


def _tab_draft(draft: str) -> TabDraft:
    key, destinations = drafts.time_key(draft), st.session_state[drafts.destinations_key(draft)]
    chosen = time_fields.chosen_time(key)
    return TabDraft(
        draft=draft,
        text=st.session_state[drafts.text_key(draft)] or "",
        destinations=destinations,
        texts=variants.variants(draft, destinations),
        threads=threads.selected(draft, destinations),
        media=media_fields.attached(draft),
        wall=chosen.wall,
        zone=chosen.zone,
        which=chosen.which,
        repeat=_repeat(key),
    )


def _repeat(key: str) -> Repeat | None:
    try:
        return repeat_fields.repeat(key)
    except PunctualError:  # the rule is incomplete
        return None


@callback
def _restore() -> None:
    """Restore the drafts that the tab returned; the latest becomes the current one unless that has content."""
    returned: Any = st.session_state.get(KEY)
    if returned is None:  # another page was opened
        return
    found = _readable(returned["restored"])
    known, ledger, current = st.session_state[KNOWN_DRAFTS], application().ledger, st.session_state[DRAFT]
    for each in found:
        if each.draft in (current, *drafts.stashed()):
            st.session_state[drafts.text_key(each.draft)] = each.text
    unknown = [each for each in found if each.draft not in known]
    lost = [each for each in unknown if ledger.get(each.draft) is None]
    for scheduled in (each for each in unknown if each not in lost):  # the page reloaded before it could show the post
        st.session_state[LAST_POST] = scheduled.draft
        known.append(scheduled.draft)
    started: list[str] = []
    for each in lost:
        started.append(_start(each))
        known.append(each.draft)  # only now: the tab drops a draft that is known
    if drafts.has_content(current):
        st.session_state[DRAFT] = current
    elif started:
        started.pop()
    drafts.stashed().extend(started)
    if lost:
        flash(_ONE_RESTORED if len(lost) == 1 else _SEVERAL_RESTORED)


def _readable(returned: list[Any]) -> list[TabDraft]:
    """Return the drafts that this version can read, without halves of characters. The tab keeps the others."""
    found: list[TabDraft] = []
    for each in returned:
        try:
            found.append(TabDraft.model_validate(_without_halves(each)))
        except ValidationError as error:  # stored by another version
            log.warning("A draft in a browser's tab cannot be read: %s", error.errors(include_input=False)[0]["msg"])
    return found


def _without_halves(value: Any) -> Any:
    """Return a JSON value without halves of surrogate pairs in its texts."""
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    if isinstance(value, list):
        return [_without_halves(each) for each in value]
    if isinstance(value, dict):
        return {_without_halves(name): _without_halves(each) for name, each in value.items()}
    return value


def _start(tab_draft: TabDraft) -> str:
    """Start a draft that equals the one from the tab; return its id."""
    drafts.start(
        text=tab_draft.text,
        destinations=tab_draft.destinations,
        zone=tab_draft.zone,
        media=tab_draft.media,
        texts=tab_draft.texts,
        numbered=tab_draft.threads,
    )
    draft = drafts.current()
    key = drafts.time_key(draft)
    time_fields.fill(key, time_fields.ChosenTime(wall=tab_draft.wall, zone=tab_draft.zone, which=tab_draft.which))
    repeat_fields.fill(key, tab_draft.repeat, tab_draft.zone)
    return draft
