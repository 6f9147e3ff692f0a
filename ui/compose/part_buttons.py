"""Threads by hand: the button that splits the text at the cursor, and the list of its parts, which can be moved."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from core.accounts.port import Account
from core.posts.hand_split import hand_join, hand_split
from core.publishing.drafted_posts import has_threads
from core.time.phrases import excerpt, join_names
from ui.compose import draft_fields, media_fields
from ui.compose.typed_text import latest_text, replace_text
from ui.frame.application import application
from ui.frame.callbacks import callback
from ui.frame.class_name import class_name
from ui.frame.state import widget_key
from ui.frame.wording import accessible_label, escape

EXCERPT = 120
"""Characters of a part in the list."""
_MOVES = (("Move up", ":material/arrow_upward:", -1), ("Move down", ":material/arrow_downward:", 1))
_HTML = """
<button type="button" title="Puts a line of three dashes at the cursor: the next part of a thread begins there">
<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 12h3m3 0h4m3 0h3M7 4v3h10V4M7 20v-3h10v3"/></svg>Split here
</button>
"""
_CSS = """
button {
    display: inline-flex; align-items: center; gap: 0.35rem; padding: 0.25rem 0.35rem; border: 0; white-space: nowrap;
    border-radius: 0.5rem; background: none; color: var(--st-text-color); font: inherit; font-size: 0.875rem;
    cursor: pointer;
}
button:hover { color: var(--st-primary-color); }
button:focus-visible { outline: 2px solid var(--st-link-color); outline-offset: 2px; }
svg { width: 1.1rem; height: 1.1rem; fill: none; stroke: currentcolor; stroke-width: 1.8; }
"""
_split_button = st.components.v2.component(
    "punctual_split_button", html=_HTML, css=_CSS, js=Path(__file__).with_name("split_button.js").read_text()
)


def split_button(field: str, accounts: Sequence[Account]) -> None:
    """Draw the button that splits the text area with the key `field`, if an account has threads."""
    with st.container(width="content", key=f"split-{field}"):
        if _with_threads(accounts):
            _split_button(key=f"{field}-split", data={"field": class_name(field)})


def part_list(draft: str, field: str, accounts: Sequence[Account]) -> None:
    """Draw the parts of the text area with the key `field`, each with the buttons that move it."""
    parts = hand_split(latest_text(field))
    with st.container(key=f"parts-{field}", gap="xsmall"):
        if len(parts) < 2:
            return
        for place, part in enumerate(parts):
            with st.container(
                horizontal=True, vertical_alignment="center", key=f"written-part-{place}-{field}", gap="xsmall"
            ):
                st.badge(str(place + 1), color="gray", width="content")
                st.text(excerpt(part, EXCERPT) or "Empty", width="stretch")
                for label, icon, other in _MOVES:
                    _move_button(label, icon, draft, field, place, place + other, len(parts))
        joined = [account.label for account in accounts if account not in _with_threads(accounts)]
        if joined:
            st.caption(f"No threads: one post with the parts as paragraphs for {escape(join_names(joined))}.")


def _move_button(label: str, icon: str, draft: str, field: str, place: int, target: int, count: int) -> None:
    st.button(
        accessible_label(label, f"part {place + 1}"),
        key=widget_key(f"{label}-{place}-{field}", draft),
        icon=icon,
        type="tertiary",
        disabled=target not in range(count),
        on_click=_swap,
        args=(draft, field, place, target),
    )


@callback
def _swap(draft: str, field: str, first: int, second: int) -> None:
    """Exchange two parts. Media of the text of all accounts move with their part."""
    parts = hand_split(latest_text(field))
    parts[first], parts[second] = parts[second], parts[first]
    replace_text(field, hand_join(parts))
    if field == draft_fields.text_key(draft):
        number = {first + 1: second + 1, second + 1: first + 1}
        media = media_fields.attached(draft)
        media_fields.fill(draft, [each.model_copy(update={"part": number.get(each.part, each.part)}) for each in media])


def _with_threads(accounts: Sequence[Account]) -> list[Account]:
    return [account for account in accounts if has_threads(account, application().networks)]
