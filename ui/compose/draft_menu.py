"""The menu of Compose for drafts and templates, and the notes about the current draft."""

from collections.abc import Callable

import streamlit as st

from core.drafts.draft import Draft
from core.time.phrases import excerpt
from ui.compose import draft_actions, draft_fields, drafts, late_fields
from ui.frame import links
from ui.frame.account_badges import destination_badges
from ui.frame.application import application
from ui.frame.callbacks import callback, dialog_callback
from ui.frame.dialogs import defer
from ui.frame.state import widget_key
from ui.frame.wording import accessible_label, escape

MENU_KEY = "draft-menu"
TEMPLATES_SHOWN = 50
"""The most templates in the dialog; Drafts shows all."""


def draft_menu() -> None:
    """Draw the menu."""
    st.menu_button("Draft", list(_MENU), key=MENU_KEY, type="tertiary", icon=":material/edit_note:", on_click=_run)


def draft_notes(draft: str) -> None:
    """Draw what happened to the current draft elsewhere, the result of the last action, and the draft before."""
    saved, other = drafts.saved().get(draft), drafts.other()
    if saved is not None and saved.deleted_at is not None and not saved.content.empty:
        _deleted(saved)
    elif saved is not None and saved.earlier is not None:
        _two_versions(saved)
    if draft_actions.has_notice():
        with st.container(horizontal=True, vertical_alignment="center"):
            draft_actions.draft_notice()
    if other is not None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"Other draft: {escape(excerpt(other.content.text, 60)) or 'no text'}", width="content")
            _button("Open draft", "open-other", ":material/edit_note:", _open, other.draft_id)


def template_note(draft: str) -> bool:
    """Draw the note about a template that is being edited, and return whether the current draft is one."""
    saved = drafts.saved().get(draft)
    if saved is None or not saved.template:
        return False
    st.info(
        "This is a template. It is saved as you change it, and never published itself.", icon=":material/content_copy:"
    )
    st.button(
        "New draft from it",
        key=widget_key("from-template", draft),
        type="primary",
        icon=":material/note_add:",
        width="stretch",
        on_click=callback(use_template),
        args=(draft,),
    )
    return True


def use_template(draft_id: str) -> None:
    """Start a draft that equals a template. Raises DraftGone."""
    drafts.start(draft_actions.without_time(draft_actions.get(draft_id).content))


def _button(label: str, key: str, icon: str, action: Callable[[str], None], draft_id: str) -> None:
    st.button(label, key=key, type="tertiary", icon=icon, on_click=action, args=(draft_id,))


def _two_versions(saved: Draft) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="card-two-versions", border=True):
        st.markdown(":orange[:material/call_split:] Another tab or device replaced this text.", width="content")
        _button("Show earlier text", "show-earlier", ":material/swap_horiz:", _swap, saved.draft_id)
        _button("Dismiss", "dismiss-earlier", ":material/close:", _dismiss, saved.draft_id)


def _deleted(saved: Draft) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="card-deleted-draft", border=True):
        st.markdown(":orange[:material/delete:] This draft is deleted. A change brings it back.", width="content")
        _button("Restore", "restore-current", ":material/undo:", _restore, saved.draft_id)


@callback
def _open(draft_id: str) -> None:
    draft_actions.forget_notice()
    drafts.open_draft(draft_id)


@callback
def _swap(draft_id: str) -> None:
    if not late_fields.bring_back(draft_id, application().clock()):  # else it is the second click of a double click
        drafts.keep(draft_id)
        drafts.swap_earlier(draft_id)


@callback
def _dismiss(draft_id: str) -> None:
    drafts.saved()[draft_id] = application().drafts.forget_earlier(draft_id)


@callback
def _restore(draft_id: str) -> None:
    drafts.saved()[draft_id] = application().drafts.restore(draft_id, now=application().clock())


@callback
def _run() -> None:
    draft = drafts.current()
    drafts.keep(draft)
    draft_actions.forget_notice()
    _MENU[st.session_state[MENU_KEY]](draft)


def _new(draft: str) -> None:
    drafts.start_empty(draft_fields.content(draft))


def _ask_template(draft: str) -> None:
    defer(_template_dialog)


def _save_as_template(draft: str) -> None:
    draft_actions.save_as_template(draft_fields.content(draft))


def _delete(draft: str) -> None:
    if draft in drafts.saved():
        draft_actions.delete(draft)
    else:
        _new(draft)


_MENU: dict[str, Callable[[str], None]] = {
    "New draft": _new,
    "New from template": _ask_template,
    "Save as template": _save_as_template,
    "Delete draft": _delete,
}


@st.dialog("New from template", icon=":material/content_copy:")
def _template_dialog() -> None:
    templates = application().drafts.page(templates=True, limit=TEMPLATES_SHOWN)
    for each in templates:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            with st.container(width="stretch", gap="xxsmall"):
                st.text(excerpt(each.content.text, 120) or "No text")
                st.markdown(destination_badges(each.content.destinations))
            label = accessible_label("Use", excerpt(each.content.text, 40))
            st.button(label, key=widget_key("use", each.draft_id), on_click=_use, args=(each.draft_id,))
    if not templates:
        st.caption("No templates yet. Write a draft, then choose Draft, Save as template.")
    st.page_link(links.DRAFTS, label="Manage templates", icon=":material/edit_note:")


@dialog_callback
def _use(draft_id: str) -> None:
    use_template(draft_id)
