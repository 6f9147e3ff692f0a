"""Keeps the drafts in the browser's tab, where a reload, a restart of the server and a long sleep leave them alone.

The tab gives back those that a session does not know. What is typed is kept from the first letter on, and given back
as well when the page is opened again: the browser's way back takes the field away before Streamlit sends its text.
"""

from datetime import datetime
from typing import Any, Literal

import streamlit as st
from pydantic import TypeAdapter, ValidationError

from core.errors import PunctualError
from core.posts.models import Destination, Media, PostId, Repeat, Value, Zone
from ui.compose import drafts, media_fields, repeat_fields, threads, time_fields, variants
from ui.frame.application import application
from ui.frame.callbacks import answering, say
from ui.frame.state import DRAFT, KNOWN, OUTCOME

KEY = "draft-kept"
ROOM = 200_000
"""Characters that what was put aside may take in the tab; it is sent there each time the page is drawn."""

_ONE_BACK = "Your draft is back as you left it. It is not scheduled."
_SEVERAL_BACK = "Your drafts are back as you left them. None is scheduled."

_JS = """
const KEY = "punctual-drafts";

function keep(drafts) {
    try {
        if (drafts.length) sessionStorage.setItem(KEY, JSON.stringify(drafts));
        else sessionStorage.removeItem(KEY);
    } catch { /* They are larger than a tab may keep, or the browser keeps nothing. */ }
}

export default function ({ data, parentElement, setTriggerValue }) {
    const opened = !parentElement.drawn;
    parentElement.drawn = true;
    const found = JSON.parse(sessionStorage.getItem(KEY)) ?? [];
    if (found.some((each) => !data.known.includes(each.draft))) {
        keep([]);
        setTriggerValue("recalled", found);
        return;
    }
    const held = [...data.aside, data.draft];
    const ahead = (each) => held.some((its) => its.draft === each.draft && its.text !== each.text);
    if (opened && found.some(ahead)) {
        setTriggerValue("recalled", found.filter(ahead));
        return;
    }
    const write = (text) => keep(text || !data.empty ? [...data.aside, { ...data.draft, text }] : data.aside);
    const writes = (field) => field.closest(`.st-key-text-${data.draft.draft}`);
    const typed = ({ target }) => writes(target) && write(target.value);
    const focused = document.activeElement;
    write(writes(focused) ? focused.value : data.draft.text);
    document.addEventListener("input", typed);
    return () => document.removeEventListener("input", typed);
}
"""
_component = st.components.v2.component("punctual_draft_kept", js=_JS)


class Kept(Value):
    """A draft as the tab keeps it. `wall` is naive; `texts` are those of single destinations, and `threads` says of
    those that get one whether its parts are numbered.
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


_DRAFTS = TypeAdapter(list[Kept])


def keep(draft: str) -> None:
    """Let the tab keep the draft in hand and those put aside, and take up what it kept for a session that is gone.

    Draw nothing.
    """
    known: list[str] = st.session_state.setdefault(KNOWN, [])
    known.extend(each for each in [draft, *drafts.all_aside()] if each not in known)
    data = {
        "known": known,
        "draft": _kept(draft).model_dump(mode="json"),
        "empty": not drafts.holds_anything(draft),
        "aside": [each.model_dump(mode="json") for each in _aside()],
    }
    _component(key=KEY, height=1, data=data, on_recalled_change=_recall)


def _aside() -> list[Kept]:
    """Return the drafts that were put aside last, as many as there is room for, in their order."""
    found: list[Kept] = []
    room = ROOM
    for draft in reversed(drafts.all_aside()):
        kept = _kept(draft)
        room -= len(kept.model_dump_json())
        if room < 0:
            break
        found.insert(0, kept)
    return found


def _kept(draft: str) -> Kept:
    chosen, addressed = time_fields.picked(drafts.when_key(draft)), st.session_state[drafts.destinations_key(draft)]
    return Kept(
        draft=draft,
        text=st.session_state[drafts.text_key(draft)] or "",
        destinations=addressed,
        texts=variants.variants(draft, addressed),
        threads=threads.wanted(draft, addressed),
        media=media_fields.attached(draft),
        wall=chosen.wall,
        zone=chosen.zone,
        which=chosen.which,
        repeat=_repeat(drafts.when_key(draft)),
    )


def _repeat(key: str) -> Repeat | None:
    try:
        return repeat_fields.repeat(key)
    except PunctualError:  # half chosen
        return None


@answering
def _recall() -> None:
    """Begin again what the tab kept; the latest comes in hand, unless something is in there already."""
    given: Any = st.session_state.get(KEY)
    if given is None:  # the page was left meanwhile
        return
    try:
        found = _DRAFTS.validate_python(given["recalled"])
    except ValidationError:  # kept by another version
        return
    known, ledger, in_hand = st.session_state[KNOWN], application().ledger, st.session_state[DRAFT]
    for each in found:
        if each.draft in (in_hand, *drafts.all_aside()):
            st.session_state[drafts.text_key(each.draft)] = each.text
    unknown = [each for each in found if each.draft not in known]
    lost = [each for each in unknown if ledger.get(each.draft) is None]
    for scheduled in (each for each in unknown if each not in lost):  # the page loaded anew before it could say so
        st.session_state[OUTCOME] = scheduled.draft
    known.extend(each.draft for each in lost)
    begun = [_begin(each) for each in lost]
    if drafts.holds_anything(in_hand):
        st.session_state[DRAFT] = in_hand
    elif begun:
        begun.pop()
    drafts.all_aside().extend(begun)
    if lost:
        say(_ONE_BACK if len(lost) == 1 else _SEVERAL_BACK)


def _begin(kept: Kept) -> str:
    """Begin a draft that is as one that was kept, and return its id."""
    drafts.begin(
        text=kept.text,
        destinations=kept.destinations,
        zone=kept.zone,
        media=kept.media,
        texts=kept.texts,
        as_threads=kept.threads,
    )
    draft = drafts.current()
    key = drafts.when_key(draft)
    time_fields.put(key, time_fields.Picked(wall=kept.wall, zone=kept.zone, which=kept.which))
    repeat_fields.fill(key, kept.repeat, kept.zone)
    return draft
