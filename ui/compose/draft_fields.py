"""The fields of a draft in the session: filled from a content, and read as a content."""

from typing import cast

import streamlit as st

from core.drafts.draft import DraftContent
from core.errors import PunctualError
from core.posts.models import ALT_LIMIT, Media, Repeat
from core.publishing.composing import suggest_time
from core.scheduling.run_replacement import ReplacedRun
from ui.compose import (
    card_fields,
    label_fields,
    media_fields,
    next_free,
    option_fields,
    repeat_fields,
    threads,
    time_fields,
    variants,
)
from ui.compose.typed_text import forget_typed, latest_text
from ui.frame.application import application
from ui.frame.state import widget_key


def fill(draft: str, content: DraftContent) -> None:
    """Fill all fields. A content without a proposed time gets the suggested one."""
    state, key = st.session_state, time_key(draft)
    accounts = [account.destination for account in application().accounts.all()]
    forget_typed(text_keys(draft))
    state[text_key(draft)] = content.text
    state[destinations_key(draft)] = list(content.destinations)
    media_fields.fill(draft, content.media)
    variants.clear(draft, accounts)
    variants.fill(draft, content.variants)
    threads.clear(draft, accounts)
    threads.fill(draft, content.threads)
    time_fields.clear(key)
    if content.proposed_wall is None:
        time_fields.start(key, suggest_time(application().clock()), content.zone)
    else:
        chosen = time_fields.ChosenTime(wall=content.proposed_wall, zone=content.zone, which=content.which)
        time_fields.fill(key, chosen)
    repeat_fields.fill(key, content.repeat, content.zone)
    next_free.start(key, picked=content.proposed_wall is not None or content.repeat is not None)
    state[_suggested_key(draft)] = time_fields.chosen_time(key) if content.proposed_wall is None else None
    label_fields.fill(labels_key(draft), content.labels)
    option_fields.fill(draft, content.options)
    card_fields.fill(draft, content.card, [content.text, *content.variants.values()])
    state[_replaces_key(draft)] = content.replaces


def is_filled(draft: str) -> bool:
    """Return whether the session has the fields of a draft."""
    return destinations_key(draft) in st.session_state


def content(draft: str) -> DraftContent:
    """Return the content of the fields, with the letters that the tab has sent while they were typed.

    A suggested time that the person left as it is, is not proposed, and none is while the words for a time are not
    understood. Raises DraftTooLarge.
    """
    state, key = st.session_state, time_key(draft)
    destinations = state[destinations_key(draft)]
    chosen, repeat = time_fields.chosen_time(key), None if next_free.is_next_free(key) else _repeat(key)
    picked = next_free.is_picked(key) or proposes_time(draft)
    proposed = picked and not next_free.is_next_free(key) and not time_fields.is_unclear(key)
    return DraftContent(
        text=_text(draft),
        destinations=tuple(destinations),
        variants=variants.variants(draft, destinations),
        threads=threads.selected(draft, destinations),
        media=tuple(map(_with_shorter_alt, media_fields.attached(draft))),
        card=card_fields.card(draft),
        wall=chosen.wall.isoformat(timespec="seconds") if proposed else None,
        zone=chosen.zone,
        which=chosen.which if proposed else None,
        repeat=repeat,
        labels=label_fields.chosen_labels(labels_key(draft)),
        options=option_fields.chosen_options(draft, destinations),
        replaces=replaces(draft),
    )


def proposes_time(draft: str) -> bool:
    """Return whether the time fields have another time than the suggested one, or a rule."""
    key = time_key(draft)
    return _repeat(key) is not None or time_fields.chosen_time(key) != st.session_state[_suggested_key(draft)]


def texts(draft: str) -> dict[str, str]:
    """Return the text for each destination of the draft."""
    destinations = st.session_state[destinations_key(draft)]
    return dict.fromkeys(destinations, _text(draft)) | variants.variants(draft, destinations)


def linked(draft: str) -> tuple[list[str], list[str]]:
    """Return the texts whose first link may have a card, and the destinations that they go to."""
    found = texts(draft)
    return [_text(draft), *found.values()], list(found)


def text_keys(draft: str) -> list[str]:
    """Return the keys of the text areas of a draft."""
    destinations = st.session_state.get(destinations_key(draft), [])
    own_texts, options = variants.text_keys(draft, destinations), option_fields.text_keys(draft, destinations)
    return [text_key(draft), *own_texts, *media_fields.text_keys(draft), *options, *card_fields.text_keys(draft)]


def text_key(draft: str) -> str:
    """Return the key of the text area."""
    return widget_key("text", draft)


def destinations_key(draft: str) -> str:
    """Return the key of the destinations."""
    return widget_key("destinations", draft)


def labels_key(draft: str) -> str:
    """Return the key of the labels."""
    return widget_key("labels", draft)


def replaces(draft: str) -> ReplacedRun | None:
    """Return the run of a series in whose place the draft, or the post that it became, goes out."""
    return cast(ReplacedRun | None, st.session_state.get(_replaces_key(draft)))


def forget_replaced(draft: str) -> None:
    """Let the draft be a post beside the series."""
    st.session_state[_replaces_key(draft)] = None


def time_key(draft: str) -> str:
    """Return the common key of the time and repeat fields."""
    return widget_key("when", draft)


def _text(draft: str) -> str:
    return latest_text(text_key(draft))


def _with_shorter_alt(media: Media) -> Media:
    """Return media whose description can be stored. No network accepts a longer one."""
    return media.model_copy(update={"alt": media.alt[:ALT_LIMIT]})


def _repeat(key: str) -> Repeat | None:
    try:
        return repeat_fields.repeat(key)
    except (PunctualError, KeyError):  # the rule is incomplete, or its fields are not drawn yet
        return None


def _suggested_key(draft: str) -> str:
    return widget_key("suggested", draft)


def _replaces_key(draft: str) -> str:
    return widget_key("replaces", draft)
