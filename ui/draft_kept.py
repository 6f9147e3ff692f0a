"""Keeps the draft in the browser's tab, where a reload, a restart of the server and a long sleep leave it alone.

The tab gives a draft back to a session that does not know it. What is typed is kept from the first letter on.
"""

from datetime import datetime
from typing import Any, Literal

import streamlit as st
from pydantic import ValidationError

from core.errors import PunctualError
from core.models import Destination, Media, PostId, Repeat, Value, Zone
from ui import drafts, pictures, repeats, variants, when
from ui.answers import answering, say
from ui.application import application
from ui.state import ASIDE, DRAFT, KNOWN

KEY = "draft-kept"

_JS = """
const KEY = "punctual-draft";

function keep(draft) {
    try {
        if (draft === null) sessionStorage.removeItem(KEY);
        else sessionStorage.setItem(KEY, JSON.stringify(draft));
    } catch { /* It is larger than a tab may keep, or the browser keeps nothing. */ }
}

export default function ({ data, setTriggerValue }) {
    const found = JSON.parse(sessionStorage.getItem(KEY));
    if (found !== null && !data.known.includes(found.draft)) {
        keep(null);
        setTriggerValue("recalled", found);
        return;
    }
    keep(data.empty ? null : data.draft);
    const typed = (event) => {
        if (event.target.closest(`.st-key-text-${data.draft.draft}`)) keep({ ...data.draft, text: event.target.value });
    };
    document.addEventListener("input", typed);
    return () => document.removeEventListener("input", typed);
}
"""
_component = st.components.v2.component("punctual_draft_kept", js=_JS)


class Kept(Value):
    """A draft as the tab keeps it. `wall` is naive; `texts` are those of single destinations."""

    draft: PostId
    text: str
    destinations: list[Destination]
    texts: dict[Destination, str]
    media: list[Media]
    wall: datetime
    zone: Zone
    which: Literal[1, 2] | None
    repeat: Repeat | None


def keep(draft: str) -> None:
    """Let the tab keep the draft in hand, and take up what it kept for a session that is gone; draw nothing."""
    known: list[str] = st.session_state.setdefault(KNOWN, [])
    if draft not in known:
        known.append(draft)
    data = {"known": known, "draft": _kept(draft).model_dump(mode="json"), "empty": not drafts.holds_anything(draft)}
    _component(key=KEY, height=1, data=data, on_recalled_change=_recall)


def _kept(draft: str) -> Kept:
    chosen, addressed = when.picked(drafts.when_key(draft)), st.session_state[drafts.destinations_key(draft)]
    return Kept(
        draft=draft,
        text=st.session_state[drafts.text_key(draft)] or "",
        destinations=addressed,
        texts=variants.variants(draft, addressed),
        media=pictures.attached(draft),
        wall=chosen.wall,
        zone=chosen.zone,
        which=chosen.which,
        repeat=_repeat(drafts.when_key(draft)),
    )


def _repeat(key: str) -> Repeat | None:
    try:
        return repeats.repeat(key)
    except PunctualError:  # half chosen
        return None


@answering
def _recall() -> None:
    given: Any = st.session_state.get(KEY)
    if given is None:  # the page was left meanwhile
        return
    try:
        kept = Kept.model_validate(given["recalled"])
    except ValidationError:  # kept by another version
        return
    if kept.draft in st.session_state[KNOWN] or application().ledger.get(kept.draft) is not None:
        return
    st.session_state[KNOWN].append(kept.draft)
    in_hand = st.session_state[DRAFT]
    _begin(kept)
    say("Your draft is back as you left it. It is not scheduled.")
    if drafts.holds_anything(in_hand):
        st.session_state.setdefault(ASIDE, []).append(st.session_state[DRAFT])
        st.session_state[DRAFT] = in_hand


def _begin(kept: Kept) -> None:
    drafts.begin(text=kept.text, destinations=kept.destinations, zone=kept.zone, media=kept.media, texts=kept.texts)
    key = drafts.when_key(drafts.current())
    when.put(key, when.Picked(wall=kept.wall, zone=kept.zone, which=kept.which))
    repeats.fill(key, kept.repeat, kept.zone)
