"""The buttons and menus of cards, whose labels name their card for screen readers."""

from collections.abc import Callable, Sequence
from typing import Literal

import streamlit as st

from ui.frame.wording import accessible_label


def card_button(
    label: str,
    subject: str,
    key: str,
    action: Callable[..., None],
    *args: object,
    icon: str | None = None,
    disabled: bool = False,
    type: Literal["secondary", "tertiary"] = "secondary",
) -> None:
    """Draw a button that calls `action` with `args`. Screen readers read `subject` after the label."""
    name = accessible_label(label, subject)
    st.button(name, key=key, icon=icon, disabled=disabled, type=type, on_click=action, args=args)


def card_menu(subject: str, items: Sequence[str], key: str, action: Callable[..., None], *args: object) -> None:
    """Draw a menu of further actions. `action` reads the selected item from the session state under `key`."""
    name = accessible_label("More", subject)
    st.menu_button(name, items, key=key, type="tertiary", on_click=action, args=args)
