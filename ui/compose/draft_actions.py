"""The actions on stored drafts and templates. Each notes a message, and the function that undoes it."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from core.drafts.draft import Draft, DraftContent, DraftGone
from core.ledger.port import Plan
from core.posts.models import Post, new_post_id
from core.publishing.drafted_posts import at_instant, drafted_post
from core.scheduling.returned_posts import return_to_drafts
from core.time.phrases import date_and_time, excerpt
from ui.compose import drafts
from ui.frame.application import application
from ui.frame.callbacks import callback
from ui.frame.state import DRAFT, DRAFT_NOTICE
from ui.frame.wording import SUBJECT_LENGTH, escape, promised_time


@dataclass(frozen=True, kw_only=True)
class DraftNotice:
    """The message of an action, as Markdown. `undo` may raise PunctualError."""

    message: str
    undo: Callable[[], object]


def note(message: str, draft: DraftContent, undo: Callable[[], object]) -> None:
    """Note the result of an action on a draft, which `draft_notice` draws."""
    words = escape(excerpt(draft.text, SUBJECT_LENGTH)) or "no text"
    st.session_state[DRAFT_NOTICE] = DraftNotice(message=f"{message}: {words}", undo=undo)


def has_notice() -> bool:
    """Return whether `draft_notice` draws anything."""
    return DRAFT_NOTICE in st.session_state


def draft_notice() -> None:
    """Draw the result of the last action on a draft, with Undo."""
    notice: DraftNotice | None = st.session_state.get(DRAFT_NOTICE)
    if notice is not None:
        st.caption(f":material/check: {notice.message}", width="content")
        st.button("Undo", key="undo-draft", type="tertiary", icon=":material/undo:", on_click=undo)


def forget_notice() -> None:
    """Forget the result of the last action."""
    st.session_state.pop(DRAFT_NOTICE, None)


@callback
def undo() -> None:
    """Undo the last action."""
    notice: DraftNotice | None = st.session_state.pop(DRAFT_NOTICE, None)
    if notice is not None:
        notice.undo()


def get(draft_id: str) -> Draft:
    """Return a stored draft. Raises DraftGone."""
    draft = application().drafts.get(draft_id)
    if draft is None:
        raise DraftGone(draft_id)
    return draft


def delete(draft_id: str) -> None:
    """Delete a draft; the current one makes room for an empty one."""
    draft = get(draft_id)
    application().drafts.delete(draft_id, now=application().clock())
    is_current = st.session_state.get(DRAFT) == draft_id
    drafts.forget(draft_id)
    if is_current:
        drafts.start_empty(draft.content)
    kind = "Template" if draft.template else "Draft"
    note(f"{kind} deleted", draft.content, lambda: _undelete(draft_id, is_current))


def restore(draft_id: str) -> None:
    """Bring a deleted draft back."""
    draft = application().drafts.restore(draft_id, now=application().clock())
    note("Restored", draft.content, lambda: delete(draft_id))


def duplicate(draft_id: str) -> None:
    """Add a copy of a draft or template to its list."""
    draft = get(draft_id)
    _add(draft.content, template=draft.template, message="Duplicated")


def save_as_template(content: DraftContent) -> None:
    """Add a template with a content. A template has no time."""
    _add(without_time(content), template=True, message="Saved as a template")


def schedule(draft_id: str) -> None:
    """Schedule a draft at its proposed time. Raises the errors of `drafted_post` and of Schedules."""
    draft = get(draft_id)
    _schedule(application().schedules.schedule, draft_id, draft.content, draft.content)


def schedule_next_free(draft_id: str) -> None:
    """Schedule a draft at the next free posting time. Raises the errors of `drafted_post` and of FreeTimes."""
    app, draft = application(), get(draft_id)
    _schedule(app.free_times.schedule, draft_id, draft.content, at_instant(draft.content, app.clock()))


def without_time(content: DraftContent) -> DraftContent:
    """Return a content without a proposed time, to copy."""
    return content.model_copy(update={"wall": None, "which": None, "replaces": None})


def _schedule(action: Callable[[Post], Plan], draft_id: str, content: DraftContent, timed: DraftContent) -> None:
    app = application()
    post = drafted_post(
        draft_id,
        timed,
        accounts=app.accounts,
        networks=app.networks,
        late_after_minutes=app.settings.late_after_minutes,
    )
    planned = action(post).post
    drafts.scheduled(draft_id, content)
    message = "Scheduled"
    if planned.due_at:
        message += f" for {promised_time(date_and_time(planned.due_at, planned.zone), planned.zone)}"
    note(message, content, lambda: _unschedule(draft_id, content))


def _add(content: DraftContent, *, template: bool, message: str) -> None:
    app, draft_id = application(), new_post_id()
    app.drafts.save(draft_id, content, base=0, template=template, now=app.clock())
    note(message, content, lambda: app.drafts.delete(draft_id, now=app.clock()))


def _undelete(draft_id: str, was_current: bool) -> None:
    application().drafts.restore(draft_id, now=application().clock())
    if was_current:
        drafts.open_draft(draft_id)


def _unschedule(post_id: str, content: DraftContent) -> None:
    app = application()
    return_to_drafts(app.schedules, app.drafts, post_id, content)
