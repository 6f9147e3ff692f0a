"""Notifications: who is told when a post is in trouble, and by what way."""

import streamlit as st

from core.notifications.channel_form import entered_channel
from core.notifications.channels import Channel, Digest, Discord, Email, SignedWebhook, Slack
from core.notifications.deliveries import Standing
from core.time.instants import offset_label
from core.time.phrases import city, countdown, counted
from ui.connect import new_secret
from ui.connect.channel_form import KINDS, answers, digest, forget, form
from ui.frame.application import application
from ui.frame.callbacks import answering, beside, closing, refusal, say
from ui.frame.dialogs import ask, asked
from ui.frame.state import of
from ui.frame.wording import heard, plain


@closing
def add(kind: str) -> None:
    """Set up the channel that stands in the form; a secret that was made for it is shown once."""
    entered = answers(kind)
    channel = entered_channel(kind, entered, digest(kind))
    application().channels.add(channel)
    if isinstance(channel, SignedWebhook) and not entered["secret"].strip():
        new_secret.keep(channel.name, channel.secret.get_secret_value())
    say(f"{plain(channel.name)} is set up. Send a test to see that it works.")


@closing
def change(before: Channel) -> None:
    """Keep the channel as it stands in the form."""
    channel = entered_channel(before.kind, answers(before.kind), digest(before.kind), before=before)
    application().notifier.change(before.name, channel)
    say(f"{plain(channel.name)} is changed.")


@closing
def remove(channel: Channel) -> None:
    """Forget the channel and its credentials."""
    application().notifier.remove(channel.name)


@answering
def test(channel: Channel) -> None:
    """Send a message that says it is a test."""
    application().notifier.test(channel)
    say(f"The test message to {plain(channel.name)} was sent.")


@answering
def ask_add() -> None:
    """Open an empty form."""
    forget()
    ask(add_dialog)


@answering
def choose(channel: Channel) -> None:
    """Open the dialog that was chosen in the channel's menu."""
    forget()
    dialog = {"Change": change_dialog, "Remove": remove_dialog}[st.session_state[of("menu", channel.name)]]
    ask(lambda: dialog(channel))


@st.dialog("Add a channel", icon=":material/add_alert:")
def add_dialog() -> None:
    """Ask for what the chosen kind needs."""
    kind = st.selectbox("Kind", KINDS, format_func=lambda each: KINDS[each][0], key="channel-kind")
    form(kind, None)
    refusal()
    st.button("Add", key="add", type="primary", on_click=add, args=(kind,))


@st.dialog("Change this channel", icon=":material/edit:")
def change_dialog(channel: Channel) -> None:
    """Show what it is set to, but for its secrets."""
    st.caption(KINDS[channel.kind][0])
    form(channel.kind, channel)
    refusal()
    st.button("Save", key="save", type="primary", on_click=change, args=(channel,))


@st.dialog("Remove this channel?", icon=":material/notifications_off:")
def remove_dialog(channel: Channel) -> None:
    """Name the consequence, and wait for a yes."""
    left = len(application().channels.all()) - 1
    st.markdown(f"**{plain(channel.name)}** and its credentials are forgotten on this machine.")
    if left:
        st.caption(f"Troubles are still told by {counted(left, 'other channel')}.")
    else:
        st.warning(
            "It is the only channel: nobody will be told of a post in trouble. History and Health still show it.",
            icon=":material/warning:",
        )
    refusal()
    st.button("Remove", key="remove", type="primary", on_click=remove, args=(channel,))


def leads_to(channel: Channel) -> str:
    """Say where messages go, without a secret."""
    match channel:
        case Email():
            return f"{', '.join(channel.recipients)} by {channel.host}:{channel.port}"
        case SignedWebhook():
            return channel.address
        case Slack() | Discord():
            return "by its webhook"


def line(channel: Channel, standing: Standing | None) -> None:
    """Draw one channel: where it leads, whether it works, and what can be done with it."""
    name, icon = KINDS[channel.kind]
    with st.container(border=True, key=of("card-channel", channel.name), horizontal=True, vertical_alignment="center"):
        with st.container(key=of("words", channel.name), width="stretch", gap="xxsmall"):
            st.markdown(f":material/{icon}: **{plain(channel.name)}**")
            st.caption(f"{name} · {plain(leads_to(channel))}")
            if channel.digest is not None:
                st.caption(f":material/today: A digest every day from {at(channel.digest)}")
            if standing is not None and standing.error is not None:
                again = countdown(standing.try_at, application().clock())
                st.markdown(f":small[:red[:material/error: {plain(standing.error)}] :gray[Next try {again}.]]")
        with st.container(
            key=of("actions", channel.name), width=240, horizontal=True, horizontal_alignment="right", gap="xsmall"
        ):
            st.button(heard("Send a test", channel.name), key=of("test", channel.name), on_click=test, args=(channel,))
            st.menu_button(
                heard("More", channel.name),
                ["Change", "Remove"],
                key=of("menu", channel.name),
                type="tertiary",
                on_click=choose,
                args=(channel,),
            )


def at(digest: Digest) -> str:
    """Say when the digest comes."""
    offset = offset_label(application().clock(), digest.zone)
    return f"{digest.hour:02}:00 in {plain(city(digest.zone))} ({offset})"


def empty() -> None:
    """Say how to begin."""
    with st.container(border=True, key="card-empty", horizontal_alignment="center"):
        st.markdown("## Nobody is told yet", anchors=False, width="content")
        st.caption(
            "Add an e-mail address, a Slack or Discord webhook, or a server of your own. Then you hear of trouble "
            "without looking here.",
            width="content",
        )
        st.button("Add a channel", key="begin", icon=":material/add:", on_click=ask_add)


title, begin = st.columns([3, 2], vertical_alignment="bottom")
title.title("Notifications", anchor=False)
st.caption(
    "Every channel is told once of each post that failed, was refused or missed, may be out or not, or never began, "
    "and of each account that stopped working."
)
new_secret.show("messages")
channels = application().channels.all()
standings = application().notifier.standings()
for channel in channels:
    line(channel, standings.get(channel.name))
if channels:
    with begin.container(horizontal=True, horizontal_alignment="right"):
        st.button("Add a channel", key="ask-add", type="primary", icon=":material/add:", on_click=ask_add)
else:
    empty()
beside()
asked()
