"""The fields of a channel form, parsed into a channel."""

from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from core.notifications.channels import Channel, Digest, EmailChannel, InvalidChannel, parse_channel
from core.storage.home import new_signing_secret


def channel_from_form(
    kind: str, form: Mapping[str, str], digest: Digest | None = None, current: Channel | None = None
) -> Channel:
    """Return the channel of a form's fields, without sending a message.

    An empty secret keeps the secret of `current`; an empty password keeps it for the same server and user only. A
    webhook without a signing secret gets a new one. Raises InvalidChannel, which repeats no value.
    """
    fields = {name: text.strip() for name, text in form.items() if text.strip()}
    members: dict[str, Any] = {"kind": kind, "digest": digest, **fields}
    match kind:
        case "email":
            members |= _recipients(fields) | _password(fields, current)
        case "slack" | "discord":
            members["address"] = fields.get("address") or _current_secret(current, "address")
        case "webhook":
            members["secret"] = fields.get("secret") or _current_secret(current, "secret") or new_signing_secret()
    for member in ("name", "host", "sender", "address"):
        if member in form and not members.get(member):
            raise InvalidChannel(member, "required")
    return parse_channel(members)


def _recipients(fields: Mapping[str, str]) -> dict[str, list[str]]:
    recipients = fields.get("recipients", "").replace(",", " ").replace(";", " ").split()
    if not recipients:
        raise InvalidChannel("recipients", "enter at least one")
    return {"recipients": recipients}


def _password(fields: Mapping[str, str], current: Channel | None) -> dict[str, str | SecretStr | None]:
    """Return the password member. An empty password is kept for its server and user only: no other may receive it."""
    if "user" not in fields:
        return {"password": None}
    if "password" in fields:
        return {"password": fields["password"]}
    login = fields.get("host"), fields["user"]
    if not isinstance(current, EmailChannel) or (current.host, current.user) != login:
        raise InvalidChannel("password", "enter it for this server and user")
    return {"password": current.password}


def _current_secret(current: Channel | None, member: str) -> SecretStr | None:
    return getattr(current, member, None)
