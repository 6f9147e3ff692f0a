"""The cards of drafts and templates, each with its actions."""

from collections.abc import Callable
from datetime import datetime

import streamlit as st

from core.drafts.draft import Draft, DraftContent
from core.drafts.port import KEPT_DELETED
from core.errors import PunctualError
from core.posts.recurrence import describe_rule, rule_of
from core.time.instants import instant
from core.time.phrases import date_and_time, excerpt, plural, relative_time
from ui.compose import draft_actions, drafts
from ui.compose.draft_menu import use_template
from ui.frame import links
from ui.frame.account_badges import destination_badges
from ui.frame.callbacks import callback
from ui.frame.card_buttons import card_button, card_menu
from ui.frame.dialogs import defer
from ui.frame.gallery import picture
from ui.frame.option_line import option_line
from ui.frame.state import widget_key
from ui.frame.wording import SUBJECT_LENGTH, card_text, escape, label_badges

THUMBNAIL_WIDTH = 72
"""Pixels."""


def draft_card(draft: Draft, now: datetime) -> None:
    """Draw the card of a draft, a template or a deleted one."""
    content, subject = draft.content, excerpt(draft.content.text, SUBJECT_LENGTH) or "no text"
    key = widget_key("card-draft", draft.draft_id)
    with st.container(border=True, key=key, horizontal=True, vertical_alignment="center"):
        with st.container(key=widget_key("content", draft.draft_id), width="stretch", gap="xsmall"):
            st.text(card_text(content.text) or "No text yet")
            line = " ".join(filter(None, [_badges(draft), _details(draft, now)]))
            st.markdown("  \n".join(filter(None, [line, option_line(draft.content.options)])))
            _proposed_time(content, now)
        _thumbnail(draft)
        with st.container(
            key=widget_key("actions", draft.draft_id), width=160, horizontal=True, horizontal_alignment="right"
        ):
            _actions(draft, subject)


def is_idea(draft: Draft) -> bool:
    """Return whether a draft has no destination yet."""
    return not draft.content.destinations


def matches(draft: Draft, words: list[str], names: dict[str, str]) -> bool:
    """Return whether a draft contains every word: in its texts, labels or accounts. `names` has the accounts' names."""
    content = draft.content
    accounts = [part for each in content.destinations for part in (each, names.get(each, ""))]
    searched = " ".join([content.text, *content.variants.values(), *content.labels, *accounts]).casefold()
    return all(word in searched for word in words)


def _thumbnail(draft: Draft) -> None:
    pictures = [each for each in draft.content.media if each.kind == "picture"]
    if pictures:
        with st.container(key=widget_key("thumbnail", draft.draft_id), width=THUMBNAIL_WIDTH):
            picture(pictures[0].reference, width=THUMBNAIL_WIDTH, alt=pictures[0].alt)


def _badges(draft: Draft) -> str:
    content = draft.content
    destinations = _badge("lightbulb", "Idea") if is_idea(draft) else destination_badges(content.destinations)
    others = [_badge("call_split", "Two versions", "orange")] if draft.earlier is not None else []
    others += [_badge("event_repeat", "In place of one run", "blue")] if content.replaces is not None else []
    return " ".join(filter(None, [destinations, label_badges(content.labels), *others]))


def _badge(icon: str, words: str, colour: str = "gray") -> str:
    return f":{colour}-badge[:material/{icon}: {words}]"


def _details(draft: Draft, now: datetime) -> str:
    """Return the counts of media, and the age, as Markdown; of a single picture, its thumbnail tells enough."""
    icons = {"picture": "image", "video": "movie"}
    counts = {kind: sum(each.kind == kind for each in draft.content.media) for kind in icons}
    if counts == {"picture": 1, "video": 0}:
        counts = {}
    media = [f":material/{icons[kind]}: {plural(count, kind)}" for kind, count in counts.items() if count]
    if draft.deleted_at is not None:
        age = f"Deleted {relative_time(draft.deleted_at, now)}, kept for {plural(KEPT_DELETED.days, 'day')}"
    else:
        age = f"Changed {relative_time(draft.changed_at, now)}"
    return f":small[:gray[{' · '.join([*media, age])}]]"


def _proposed_time(content: DraftContent, now: datetime) -> None:
    wall = content.proposed_wall
    if content.repeat is not None:
        rule, at = rule_of(content.repeat)
        st.caption(f":material/repeat: {escape(describe_rule(rule, at, content.zone))}")
    elif wall is not None:
        try:
            due_at = instant(wall, content.zone, which=content.which)
        except PunctualError as error:
            st.caption(f":orange[:material/event_busy: {escape(str(error))}]")
            return
        words = f"{date_and_time(due_at, content.zone)}, {relative_time(due_at, now)}"
        st.caption(f":material/schedule: {words}" if due_at > now else f":orange[:material/event_busy: {words}]")


def _actions(draft: Draft, subject: str) -> None:
    draft_id = draft.draft_id
    if draft.deleted_at is not None:
        card_button("Restore", subject, widget_key("restore", draft_id), _restore, draft_id, icon=":material/undo:")
        return
    if draft.template:
        card_button("Use", subject, widget_key("use", draft_id), _use, draft_id, icon=":material/note_add:")
    else:
        card_button("Open", subject, widget_key("open", draft_id), open_draft, draft_id, icon=":material/edit:")
    card_menu(subject, _items(draft), widget_key("menu", draft_id), _run_menu_item, draft_id)


def _items(draft: Draft) -> list[str]:
    if draft.template:
        return ["Edit", "Duplicate", "Delete"]
    scheduling = ["To the next free time"] if draft.content.destinations else []
    if draft.content.destinations and draft.content.proposed_wall is not None:
        scheduling.insert(0, "Schedule")
    return [*scheduling, "Duplicate", "Save as template", "Delete"]


@callback
def open_draft(draft_id: str) -> None:
    """Open the draft in Compose."""
    drafts.open_draft(draft_id)
    defer(lambda: st.switch_page(links.COMPOSE))


@callback
def _use(draft_id: str) -> None:
    use_template(draft_id)
    defer(lambda: st.switch_page(links.COMPOSE))


@callback
def _restore(draft_id: str) -> None:
    draft_actions.restore(draft_id)


@callback
def _run_menu_item(draft_id: str) -> None:
    """Run the item selected in the draft's menu."""
    draft_actions.forget_notice()
    _MENU[st.session_state[widget_key("menu", draft_id)]](draft_id)


def _save_as_template(draft_id: str) -> None:
    draft_actions.save_as_template(draft_actions.get(draft_id).content)


_MENU: dict[str, Callable[[str], None]] = {
    "Edit": lambda draft_id: open_draft(draft_id),
    "Schedule": draft_actions.schedule,
    "To the next free time": draft_actions.schedule_next_free,
    "Duplicate": draft_actions.duplicate,
    "Save as template": _save_as_template,
    "Delete": draft_actions.delete,
}
