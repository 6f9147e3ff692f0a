"""Notifications: the channels that get a message when a post or an account has a problem."""

import streamlit as st

from core.notifications.channel_form import channel_from_form
from core.notifications.channels import Channel, Digest, DiscordChannel, EmailChannel, SlackChannel, WebhookChannel
from core.notifications.deliveries import ChannelState
from core.time.instants import offset_label
from core.time.phrases import city, plural, relative_time
from ui.connect import channel_form, new_secret
from ui.connect.channel_form import KINDS
from ui.frame.application import application
from ui.frame.callbacks import callback, dialog_callback, flash, show_error, show_toasts
from ui.frame.card_buttons import card_button, card_menu
from ui.frame.dialogs import defer, dialog_buttons
from ui.frame.state import widget_key
from ui.frame.wording import accessible_label, escape


@dialog_callback
def add(kind: str) -> None:
    """Add the channel from the form. A generated secret is shown once."""
    values = channel_form.values(kind)
    channel = channel_from_form(kind, values, channel_form.digest(kind))
    application().channels.add(channel)
    if isinstance(channel, WebhookChannel) and not values["secret"].strip():
        new_secret.keep(channel.name, channel.secret.get_secret_value())
    flash(f"{escape(channel.name)} added. Send a test message to check it.")


@dialog_callback
def change(before: Channel) -> None:
    """Save the channel from the form."""
    kind = before.kind
    channel = channel_from_form(kind, channel_form.values(kind), channel_form.digest(kind), current=before)
    application().notifier.change_channel(before.name, channel)
    flash(f"{escape(channel.name)} saved.")


@dialog_callback
def remove(channel: Channel) -> None:
    """Delete the channel and its credentials."""
    application().notifier.remove_channel(channel.name)


@callback
def test(channel: Channel) -> None:
    """Send a test message."""
    application().notifier.send_test(channel)
    flash(f"Test message sent to {escape(channel.name)}.")


@callback
def ask_add(kind: str) -> None:
    """Open an empty form of a kind of channel."""
    channel_form.clear()
    defer(lambda: add_dialog(kind))


@callback
def run_menu_item(channel: Channel) -> None:
    """Open the dialog selected in the channel's menu."""
    channel_form.clear()
    dialog = {"Edit": edit_dialog, "Remove": remove_dialog}[st.session_state[widget_key("menu", channel.name)]]
    defer(lambda: dialog(channel))


@st.dialog("Add a channel", icon=":material/add_alert:")
def add_dialog(kind: str) -> None:
    """Draw the form of a kind of channel."""
    st.markdown(f":material/{KINDS[kind].icon}: **{KINDS[kind].label}**")
    channel_form.form(kind, None)
    show_error()
    dialog_buttons("Add", "add", add, kind)


@st.dialog("Edit channel", icon=":material/edit:")
def edit_dialog(channel: Channel) -> None:
    """Draw the form with the channel's values, without its secrets."""
    st.caption(KINDS[channel.kind].label)
    channel_form.form(channel.kind, channel)
    show_error()
    dialog_buttons("Save", "save", change, channel)


@st.dialog("Remove this channel?", icon=":material/notifications_off:")
def remove_dialog(channel: Channel) -> None:
    """Show who is still notified after the removal, and ask for confirmation."""
    remaining = len(application().channels.all()) - 1
    st.markdown(f"**{escape(channel.name)}** and its credentials are deleted from this machine.")
    if remaining:
        st.caption(f"Notifications still go to {plural(remaining, 'other channel')}.")
    else:
        st.warning(
            "This is the only channel: nobody is notified when a post fails. History and Health still show it.",
            icon=":material/warning:",
        )
    show_error()
    dialog_buttons("Remove", "remove", remove, channel)


def recipient(channel: Channel) -> str:
    """Return the recipient of the messages. The address of a Slack or Discord webhook is secret and left out."""
    match channel:
        case EmailChannel():
            return f"{', '.join(channel.recipients)} via {channel.host}:{channel.port}"
        case WebhookChannel():
            return channel.address
        case SlackChannel() | DiscordChannel():
            return "webhook"


def channel_card(channel: Channel, state: ChannelState | None) -> None:
    """Draw one channel: its name, recipient, digest, last error and actions."""
    kind = KINDS[channel.kind]
    with st.container(
        border=True, key=widget_key("card-channel", channel.name), horizontal=True, vertical_alignment="center"
    ):
        with st.container(key=widget_key("content", channel.name), width="stretch", gap="xxsmall"):
            st.markdown(f":material/{kind.icon}: **{escape(channel.name)}**")
            st.caption(f"{kind.label} · {escape(recipient(channel))}")
            if channel.digest is not None:
                st.caption(f":material/today: Daily digest at {digest_time(channel.digest)}")
            if state is not None and state.error is not None:
                retry = relative_time(state.retry_at, application().clock())
                st.markdown(f":small[:red[:material/error: {escape(state.error)}] :gray[Next attempt {retry}.]]")
        channel_actions(channel)


def channel_actions(channel: Channel) -> None:
    """Draw the actions of a channel."""
    name = channel.name
    with st.container(
        key=widget_key("actions", name), width=240, horizontal=True, horizontal_alignment="right", gap="xsmall"
    ):
        card_button("Send test", name, widget_key("test", name), test, channel)
        card_menu(name, ["Edit", "Remove"], widget_key("menu", name), run_menu_item, channel)


def digest_time(digest: Digest) -> str:
    """Return the time of the digest with its city and offset."""
    offset = offset_label(application().clock(), digest.zone)
    return f"{digest.hour:02}:00, {escape(city(digest.zone))} ({offset})"


def tiles() -> None:
    """Draw a tile with a button for each kind of channel."""
    with st.container(key="channel-tiles", horizontal=True):
        for name, kind in KINDS.items():
            with st.container(border=True, key=widget_key("card-kind", name), gap="xsmall"):
                st.markdown(f"## :material/{kind.icon}:", anchors=False)
                st.markdown(f"**{kind.label}**")
                st.caption(kind.use)
                label = accessible_label("Add", kind.label)
                st.button(label, key=widget_key("ask-add", name), on_click=ask_add, args=(name,), width="stretch")


st.title("Notifications", anchor=False)
new_secret.show("messages")
channels = application().channels.all()
states = application().notifier.channel_states()
for channel in channels:
    channel_card(channel, states.get(channel.name))
st.header("Where else should we tell you?" if channels else "Where should we tell you?", anchor=False)
st.caption(
    "You get one message for each post that fails, is missed or is unconfirmed, "
    "and for each account that stops working."
)
tiles()
show_toasts()
