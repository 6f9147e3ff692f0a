"""The form of a notification channel, with the fields of each kind."""

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from core.notifications.channels import Channel, Digest, EmailChannel
from core.time.instants import wall_time
from ui.frame import zone_choices
from ui.frame.application import application
from ui.frame.state import widget_key
from ui.frame.viewer import viewer_zone


@dataclass(frozen=True)
class ChannelKind:
    """The label and the icon of a kind of channel, and what it suits."""

    label: str
    icon: str
    use: str


KINDS: Mapping[str, ChannelKind] = {
    "email": ChannelKind("E-mail", "mail", "To you, or to a list of people."),
    "slack": ChannelKind("Slack", "tag", "To a channel of your team."),
    "discord": ChannelKind("Discord", "forum", "To a channel of your server."),
    "webhook": ChannelKind("Signed webhook", "webhook", "To a program of your own."),
}
"""The kinds of channels, in the order in which they are offered."""
SECURITY = {
    "starttls": "STARTTLS (usually port 587)",
    "tls": "TLS (usually port 465)",
    "none": "None (this machine only)",
}
UNCHANGED = "Leave empty to keep it"
_FIELDS = {
    "email": ("name", "host", "port", "security", "user", "password", "sender", "recipients"),
    "slack": ("name", "address"),
    "discord": ("name", "address"),
    "webhook": ("name", "address", "secret"),
}
DEFAULT_HOUR = 8
"""The hour of a new daily digest."""


def clear() -> None:
    """Empty every field, so that the next form starts with its own channel's values."""
    names = {name for fields in _FIELDS.values() for name in fields} | {"digest", "hour", "zone"}
    for kind in KINDS:
        for name in names:
            st.session_state.pop(field_key(kind, name), None)


def form(kind: str, before: Channel | None) -> None:
    """Draw the fields with the values of the channel `before`, without its secrets."""
    _text(kind, "name", "Name", before.name if before else "", hint="For example: On call")
    if kind == "email":
        _mail(before if isinstance(before, EmailChannel) else None)
    elif kind == "webhook":
        _text(kind, "address", "Address", getattr(before, "address", ""), hint="An https address; it receives JSON")
        _secret(kind, "secret", "Signing secret", UNCHANGED if before else "Leave empty to generate one")
    else:
        hint = {
            "slack": "Slack: Apps, Incoming webhooks, Add to a channel",
            "discord": "Discord: channel settings, Integrations, Webhooks",
        }[kind]
        _secret(kind, "address", "Webhook address", UNCHANGED if before else hint)
    _digest(kind, before)


def values(kind: str) -> dict[str, str]:
    """Return the values of the fields, for callbacks."""
    return {name: str(st.session_state.get(field_key(kind, name)) or "") for name in _FIELDS[kind]}


def digest(kind: str) -> Digest | None:
    """Return the daily digest, or None if it is off, for callbacks."""
    state = st.session_state
    if not state.get(field_key(kind, "digest")):
        return None
    hour = state.get(field_key(kind, "hour"), DEFAULT_HOUR)
    return Digest(hour=hour, zone=state.get(field_key(kind, "zone"), viewer_zone()))


def field_key(kind: str, name: str) -> str:
    """Return the key of a field."""
    return widget_key(f"channel-{kind}", name)


def _mail(before: EmailChannel | None) -> None:
    host, port = st.columns([3, 1])
    with host:
        _text("email", "host", "Host", before.host if before else "", hint="Mail server, for example: mail.example.org")
    st.session_state.setdefault(field_key("email", "port"), before.port if before else 587)
    port.number_input("Port", 1, 65535, key=field_key("email", "port"), step=1)
    st.session_state.setdefault(field_key("email", "security"), before.security if before else "starttls")
    st.selectbox("Encryption", SECURITY, format_func=SECURITY.__getitem__, key=field_key("email", "security"))
    user, password = st.columns(2)
    with user:
        _text("email", "user", "User (optional)", (before.user if before else None) or "")
    with password:
        _secret("email", "password", "Password", UNCHANGED if before and before.password else "")
    _text("email", "sender", "Sender", before.sender if before else "", hint="For example: punctual@example.org")
    recipients = ", ".join(before.recipients) if before else ""
    _text("email", "recipients", "Recipients", recipients, hint="One or more addresses, separated by commas")


def _digest(kind: str, before: Channel | None) -> None:
    stored = before.digest if before else None
    st.session_state.setdefault(field_key(kind, "digest"), stored is not None)
    if not st.toggle(
        "Daily digest",
        key=field_key(kind, "digest"),
        help="Once a day: the posts of the last 24 hours and the posts due in the next 24 hours.",
    ):
        return
    st.session_state.setdefault(field_key(kind, "hour"), stored.hour if stored else DEFAULT_HOUR)
    st.session_state.setdefault(field_key(kind, "zone"), stored.zone if stored else viewer_zone())
    zone = st.session_state[field_key(kind, "zone")]
    midnight = wall_time(application().clock(), zone).replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
    labels = zone_choices.labels(midnight, zone)
    left, right = st.columns([1, 2])
    left.selectbox("Hour", range(24), format_func=lambda each: f"{each:02}:00", key=field_key(kind, "hour"))
    right.selectbox(
        "Time zone",
        labels,
        format_func=lambda each: labels.get(each, each),
        filter_mode="contains",
        key=field_key(kind, "zone"),
        help=zone_choices.HELP,
    )


def _text(kind: str, name: str, label: str, value: str, *, hint: str | None = None) -> None:
    st.session_state.setdefault(field_key(kind, name), value)
    st.text_input(label, key=field_key(kind, name), placeholder=hint, autocomplete="off")


def _secret(kind: str, name: str, label: str, hint: str) -> None:
    st.text_input(label, type="password", key=field_key(kind, name), placeholder=hint, autocomplete="new-password")
