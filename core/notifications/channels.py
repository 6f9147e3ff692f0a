"""Where people are told of troubles: the channels that somebody set up, kept with their credentials in one file."""

import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, TypeAdapter, ValidationError, model_validator

from core.errors import PunctualError
from core.posts.models import Value, Zone
from core.publishing.account_form import is_allowed, is_loopback
from core.storage.database import translated
from core.storage.home import is_signing_secret, write_private
from core.storage.locks import locked


def _form(pattern: str, words: str) -> AfterValidator:
    """A text's form, and what it is in words."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(words)
        return text

    return AfterValidator(check)


Name = Annotated[str, _form(r"\S(.{0,58}\S)?", "it has 1 to 60 characters in one line")]
Host = Annotated[str, _form(r"[A-Za-z0-9.:-]{1,253}", "it is a server's name, as in mail.example.org")]
Mailbox = Annotated[str, _form(r"[^@\s<>,;]{1,64}@[^@\s<>,;]{1,255}", "an e-mail address is like ada@example.org")]


def _address(address: str) -> str:
    if not is_allowed(address):
        raise ValueError("use https, or http on this machine")
    return address


def _secret_address(address: SecretStr) -> SecretStr:
    return SecretStr(_address(address.get_secret_value()))


def _signing_secret(secret: SecretStr) -> SecretStr:
    if not is_signing_secret(secret.get_secret_value()):
        raise ValueError("it is whsec_ followed by base64")
    return secret


Address = Annotated[str, AfterValidator(_address)]
SecretAddress = Annotated[SecretStr, AfterValidator(_secret_address)]
SigningSecret = Annotated[SecretStr, AfterValidator(_signing_secret)]


class ChannelsUnreadable(PunctualError):
    """The file of the channels is not as it was written."""

    hint = "Correct the file, or rename it and set the channels up again."

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} cannot be read.")


class NotAChannel(PunctualError):
    """What was entered cannot be a channel."""

    hint = "Correct it and save again."

    def __init__(self, member: str, reason: str) -> None:
        super().__init__(f"{member.replace('_', ' ').capitalize()}: {reason}.")


class NameTaken(PunctualError):
    """Another channel has this name."""

    hint = "Choose another name, or change the one that is there."

    def __init__(self, name: str) -> None:
        super().__init__(f"There is a channel named {name} already.")


class Digest(Value):
    """A message a day, at the first look after this hour in this zone."""

    hour: int = Field(ge=0, le=23)
    zone: Zone


class Named(Value):
    """What every channel has: a name of its own, and perhaps a digest."""

    name: Name
    digest: Digest | None = None


class Email(Named):
    """Mail by SMTP: `starttls` as a rule on port 587, `tls` on 465; `none` only to this machine itself."""

    kind: Literal["email"] = "email"
    host: Host
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password: SecretStr | None = None
    sender: Mailbox
    recipients: tuple[Mailbox, ...] = Field(min_length=1, max_length=20)

    @model_validator(mode="after")
    def _nothing_goes_unprotected_over_the_line(self) -> Self:
        if self.security == "none" and not is_loopback(self.host):
            raise ValueError("without TLS, mail is given to this machine only")
        return self


class Slack(Named):
    """An incoming webhook of Slack; whoever knows its address may write there."""

    kind: Literal["slack"] = "slack"
    address: SecretAddress


class Discord(Named):
    """A webhook of Discord; whoever knows its address may write there."""

    kind: Literal["discord"] = "discord"
    address: SecretAddress


class SignedWebhook(Named):
    """A server of one's own that takes JSON, signed by Standard Webhooks."""

    kind: Literal["webhook"] = "webhook"
    address: Address
    secret: SigningSecret


Channel = Annotated[Email | Slack | Discord | SignedWebhook, Field(discriminator="kind")]

_ONE: TypeAdapter[Channel] = TypeAdapter(Channel)
_FILE: TypeAdapter[list[Channel]] = TypeAdapter(list[Channel])


def channel_of(entered: dict[str, Any]) -> Channel:
    """Return the channel that a person entered, `kind` among its members. Raises NotAChannel; never repeats a value."""
    try:
        return _ONE.validate_python(entered)
    except ValidationError as error:
        fault = error.errors(include_input=False, include_url=False, include_context=False)[0]
        place = [str(part) for part in fault["loc"] if part != entered.get("kind")]
        raise NotAChannel(place[0] if place else "The channel", fault["msg"].removeprefix("Value error, ")) from None


class Channels:
    """The channels in a file that only this user can read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def all(self) -> list[Channel]:
        """Return every channel, in the order in which they were set up. Raises ChannelsUnreadable."""
        with translated(self._path):
            if not self._path.exists():
                return []
            text = self._path.read_bytes()
        try:
            return _FILE.validate_json(text)
        except ValidationError:
            raise ChannelsUnreadable(self._path) from None  # its own words would repeat what is in the file

    def add(self, channel: Channel) -> None:
        """Keep a new channel. Raises NameTaken."""
        with locked(self._path):
            found = self.all()
            if any(each.name == channel.name for each in found):
                raise NameTaken(channel.name)
            self._write([*found, channel])

    def keep(self, channel: Channel, *, instead_of: str | None = None) -> None:
        """Keep a channel in the place of the one called `instead_of`, by default of the one of the same name.

        Raises NameTaken where another one has its new name.
        """
        replaced = instead_of or channel.name
        with locked(self._path):
            found = {each.name: each for each in self.all()}
            if channel.name != replaced and channel.name in found:
                raise NameTaken(channel.name)
            found |= {replaced: channel}
            self._write(list(found.values()))

    def remove(self, name: str) -> None:
        """Forget a channel and its credentials."""
        with locked(self._path):
            self._write([each for each in self.all() if each.name != name])

    def _write(self, channels: list[Channel]) -> None:
        plain = [{name: _plain(value) for name, value in channel.model_dump().items()} for channel in channels]
        with translated(self._path):
            write_private(self._path, json.dumps(plain, indent=1))


def _plain(value: object) -> object:
    return value.get_secret_value() if isinstance(value, SecretStr) else value
