"""The form of a channel that tells people of troubles: one set of fields for each kind."""

from collections.abc import Mapping

import streamlit as st

from core.notifications.channels import Channel, Digest, Email
from core.time.instants import wall_time
from ui.frame import zone_choices
from ui.frame.application import application
from ui.frame.state import of
from ui.frame.viewer import viewer_zone

KINDS: Mapping[str, tuple[str, str]] = {
    "email": ("E-mail", "mail"),
    "slack": ("Slack", "tag"),
    "discord": ("Discord", "forum"),
    "webhook": ("Signed webhook", "webhook"),
}
"""Of each kind its name and its icon."""
SECURITY = {
    "starttls": "STARTTLS, as a rule on port 587",
    "tls": "TLS from the start, as a rule on port 465",
    "none": "None, to this machine only",
}
KEPT = "Unchanged if left empty"
_FIELDS = {
    "email": ("name", "host", "port", "security", "user", "password", "sender", "recipients"),
    "slack": ("name", "address"),
    "discord": ("name", "address"),
    "webhook": ("name", "address", "secret"),
}
MORNING = 8
"""The hour that a digest begins with."""


def forget() -> None:
    """Empty every field, so that the form begins with what its channel has."""
    names = {name for fields in _FIELDS.values() for name in fields} | {"digest", "hour", "zone"}
    for kind in KINDS:
        for name in names:
            st.session_state.pop(key(kind, name), None)


def form(kind: str, before: Channel | None) -> None:
    """Draw the fields, filled with what `before` has but for its secrets."""
    _text(kind, "name", "Name", before.name if before else "", hint="How it is called here, for example: on call")
    if kind == "email":
        _mail(before if isinstance(before, Email) else None)
    elif kind == "webhook":
        _text(kind, "address", "Address", getattr(before, "address", ""), hint="https; it gets a POST with JSON")
        _secret(kind, "secret", "Signing secret", KEPT if before else "Leave it empty to have one made")
    else:
        where = {
            "slack": "Slack: Apps, Incoming webhooks, Add to a channel",
            "discord": "Discord: the channel's settings, Integrations, Webhooks",
        }[kind]
        _secret(kind, "address", "Webhook address", KEPT if before else where)
    _digest(kind, before)


def answers(kind: str) -> dict[str, str]:
    """Return what stands in the fields; for callbacks."""
    return {name: str(st.session_state.get(key(kind, name)) or "") for name in _FIELDS[kind]}


def digest(kind: str) -> Digest | None:
    """Return the daily digest that is asked for, if any; for callbacks."""
    if not st.session_state.get(key(kind, "digest")):
        return None
    state = st.session_state
    return Digest(hour=state.get(key(kind, "hour"), MORNING), zone=state.get(key(kind, "zone"), viewer_zone()))


def key(kind: str, name: str) -> str:
    """Return the key of a field."""
    return of(f"channel-{kind}", name)


def _mail(before: Email | None) -> None:
    host, port = st.columns([3, 1])
    with host:
        _text("email", "host", "Host", before.host if before else "", hint="Your mail server, as in mail.example.org")
    st.session_state.setdefault(key("email", "port"), before.port if before else 587)
    port.number_input("Port", 1, 65535, key=key("email", "port"), step=1)
    st.session_state.setdefault(key("email", "security"), before.security if before else "starttls")
    st.selectbox("Encryption", SECURITY, format_func=SECURITY.__getitem__, key=key("email", "security"))
    user, password = st.columns(2)
    with user:
        _text("email", "user", "User (optional)", (before.user if before else None) or "")
    with password:
        _secret("email", "password", "Password", KEPT if before and before.password else "")
    _text("email", "sender", "Sender", before.sender if before else "", hint="For example punctual@example.org")
    _text(
        "email",
        "recipients",
        "Recipients",
        ", ".join(before.recipients) if before else "",
        hint="One or more addresses, with commas between",
    )


def _digest(kind: str, before: Channel | None) -> None:
    chosen = before.digest if before else None
    st.session_state.setdefault(key(kind, "digest"), chosen is not None)
    if not st.toggle(
        "Also a digest once a day",
        key=key(kind, "digest"),
        help="What went out and what did not in the last 24 hours, and how much is due in the next.",
    ):
        return
    st.session_state.setdefault(key(kind, "hour"), chosen.hour if chosen else MORNING)
    st.session_state.setdefault(key(kind, "zone"), chosen.zone if chosen else viewer_zone())
    zone = st.session_state[key(kind, "zone")]
    midnight = wall_time(application().clock(), zone).replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
    labels = zone_choices.labels(midnight, zone)
    hour, where = st.columns([1, 2])
    hour.selectbox("From", range(24), format_func=lambda each: f"{each:02}:00", key=key(kind, "hour"))
    where.selectbox(
        "Time zone",
        labels,
        format_func=lambda each: labels.get(each, each),
        filter_mode="contains",
        key=key(kind, "zone"),
        help="Type a city, a country or an offset, for example Tokyo, Brazil or +05:30.",
    )


def _text(kind: str, name: str, label: str, value: str, *, hint: str | None = None) -> None:
    st.session_state.setdefault(key(kind, name), value)
    st.text_input(label, key=key(kind, name), placeholder=hint, autocomplete="off")


def _secret(kind: str, name: str, label: str, hint: str) -> None:
    st.text_input(label, type="password", key=key(kind, name), placeholder=hint, autocomplete="new-password")
