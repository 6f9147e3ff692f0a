"""What a person enters to set up a channel or to change one, made into a channel."""

from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from core.notifications.channels import Channel, Digest, Email, NotAChannel, channel_of
from core.storage.home import new_signing_secret


def entered_channel(
    kind: str, answers: Mapping[str, str], digest: Digest | None = None, before: Channel | None = None
) -> Channel:
    """Return the channel that stands in the fields of a form; nobody is asked whether it works.

    A secret that was left empty stays as it is in `before`; a password does so for the same server and user alone, and
    a signing secret that never was is made. Raises NotAChannel, which repeats no value.
    """
    entered = {name: text.strip() for name, text in answers.items() if text.strip()}
    whole: dict[str, Any] = {"kind": kind, "digest": digest, **entered}
    match kind:
        case "email":
            whole |= _recipients(entered) | _password(entered, before)
        case "slack" | "discord":
            whole["address"] = entered.get("address") or _kept(before, "address")
        case "webhook":
            whole["secret"] = entered.get("secret") or _kept(before, "secret") or new_signing_secret()
    for member in ("name", "host", "sender", "address"):
        if member in answers and not whole.get(member):
            raise NotAChannel(member, "it is needed")
    return channel_of(whole)


def _recipients(entered: Mapping[str, str]) -> dict[str, list[str]]:
    recipients = entered.get("recipients", "").replace(",", " ").replace(";", " ").split()
    if not recipients:
        raise NotAChannel("recipients", "name at least one")
    return {"recipients": recipients}


def _password(entered: Mapping[str, str], before: Channel | None) -> dict[str, str | SecretStr | None]:
    """A password that is kept goes to nobody but whom it was entered for."""
    if "user" not in entered:
        return {"password": None}
    if "password" in entered:
        return {"password": entered["password"]}
    same = isinstance(before, Email) and (before.host, before.user) == (entered.get("host"), entered["user"])
    if not same:
        raise NotAChannel("password", "enter it for this server and user")
    return {"password": _kept(before, "password")}


def _kept(before: Channel | None, member: str) -> SecretStr | None:
    return getattr(before, member, None)
