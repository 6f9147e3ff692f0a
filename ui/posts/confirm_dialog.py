"""The dialog that marks a part of a thread as published: the next part replies to it and needs its link."""

import streamlit as st

from core.errors import PunctualError
from core.ledger.history import Run
from core.posts.destinations import Destination
from core.publishing.network import Network
from ui.frame.application import application
from ui.frame.callbacks import dialog_callback, show_error
from ui.frame.dialogs import dialog_buttons
from ui.frame.state import widget_key
from ui.frame.wording import escape


class InvalidPostLink(PunctualError):
    """The text is not a link to a post on the network."""

    def __init__(self, label: str) -> None:
        super().__init__(f"This is not a link to a post on {label}.")
        self.hint = f"Open the post on {label} and copy its link."


def needs_link(run: Run, destination: Destination) -> bool:
    """Return whether a later part of the thread replies to this one."""
    network = _network(destination)
    later = any(each.account == destination.account and each.part > destination.part for each in run.destinations)
    return later and network is not None and network.threads == "replies"


def can_confirm(run: Run, destination: Destination) -> bool:
    """Return whether a person may mark the part as published: it is the last one, or its network's links name posts."""
    network = _network(destination)
    return not needs_link(run, destination) or (network is not None and network.post_link is not None)


@st.dialog("Mark as published", icon=":material/check:", on_dismiss="rerun")
def confirm_dialog(run: Run, destination: Destination) -> None:
    """Ask for the link to the published part."""
    network = _network(destination)
    label = network.label if network else destination.account
    st.text_input(
        f"Link to part {destination.part} on {escape(label)}",
        key=_key(run, destination),
        help="The next part of the thread replies to this post.",
    )
    show_error()
    key = widget_key(f"confirm-link-{destination}", run.key)
    dialog_buttons("Mark as published", key, _confirm, run, destination)


@dialog_callback
def _confirm(run: Run, destination: Destination) -> None:
    network, link = _network(destination), str(st.session_state.get(_key(run, destination)) or "").strip()
    match = network.post_link.fullmatch(link) if network is not None and network.post_link is not None else None
    if match is None:
        raise InvalidPostLink(network.label if network else destination.account)
    application().schedules.confirm(run.payload, destination, url=link, reference={"id": match[1]})
    application().waiting.forget()


def _network(destination: Destination) -> Network | None:
    return application().networks.get(destination.account.partition(":")[0])


def _key(run: Run, destination: Destination) -> str:
    return widget_key(f"link-{destination}", run.key)
