"""The networks as tiles with their logos, to choose the one of a new account."""

from collections.abc import Callable

import streamlit as st

from ui.frame.application import application
from ui.frame.faces import logo
from ui.frame.state import widget_key

LOGO_SIZE = 32
"""Pixels."""


def network_tiles(choose: Callable[[str], None], *, place: str) -> None:
    """Draw a button for each network that has accounts, which calls `choose` with its name.

    `place` tells the buttons from those at another place of the page.
    """
    with st.container(key=widget_key("network-tiles", place), horizontal=True, gap="small"):
        for name, network in application().networks.items():
            if network.fields:
                label = f"{logo(name, LOGO_SIZE)} {network.label}"
                st.button(label, key=widget_key(place, name), width="stretch", on_click=choose, args=(name,))
