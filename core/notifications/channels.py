"""Notification channels, stored with their credentials in one private file."""

import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, TypeAdapter, ValidationError, model_validator

from core.errors import PunctualError
from core.posts.models import FrozenModel, Zone
from core.publishing.account_form import is_allowed_url
from core.storage.home import is_signing_secret
from core.storage.locks import locked
from core.storage.private_files import read_private, write_private
from lambda_pkg.address import is_loopback


def _matches(pattern: str, requirement: str) -> AfterValidator:
    """Return a validator that requires a pattern; its error text is the requirement."""

    def validate(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(requirement)
        return text

    return AfterValidator(validate)


def _allowed_url(url: str) -> str:
    if not is_allowed_url(url):
        raise ValueError("use https, or http on this machine")
    return url


def _allowed_secret_url(url: SecretStr) -> SecretStr:
    return SecretStr(_allowed_url(url.get_secret_value()))


def _signing_secret(secret: SecretStr) -> SecretStr:
    if not is_signing_secret(secret.get_secret_value()):
        raise ValueError("use whsec_ followed by base64")
    return secret


ChannelName = Annotated[str, _matches(r"\S(.{0,58}\S)?", "use 1 to 60 characters in one line")]
HostName = Annotated[str, _matches(r"[A-Za-z0-9.:-]{1,253}", "use a server name like mail.example.org")]
EmailAddress = Annotated[str, _matches(r"[^@\s<>,;]{1,64}@[^@\s<>,;]{1,255}", "use an address like ada@example.org")]
Url = Annotated[str, AfterValidator(_allowed_url)]
SecretUrl = Annotated[SecretStr, AfterValidator(_allowed_secret_url)]
SigningSecret = Annotated[SecretStr, AfterValidator(_signing_secret)]


class UnreadableChannels(PunctualError):
    """The channels file is damaged."""

    hint = "Correct the file, or rename it and set up the channels again."

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} cannot be read.")


class InvalidChannel(PunctualError):
    """A field of a channel is invalid."""

    hint = "Correct it and save again."

    def __init__(self, member: str, reason: str) -> None:
        super().__init__(f"{member.replace('_', ' ').capitalize()}: {reason}.")


class ChannelNameTaken(PunctualError):
    """Another channel has this name."""

    hint = "Choose another name, or change the existing channel."

    def __init__(self, name: str) -> None:
        super().__init__(f"A channel named {name} exists.")


class Digest(FrozenModel):
    """The hour and zone of a daily digest, sent by the first scan from that hour on."""

    hour: int = Field(ge=0, le=23)
    zone: Zone


class ChannelSettings(FrozenModel):
    """The members that every channel has: a unique name and an optional digest."""

    name: ChannelName
    digest: Digest | None = None


class EmailChannel(ChannelSettings):
    """E-mail by SMTP: `starttls` usually on port 587, `tls` on 465, `none` on this machine only."""

    kind: Literal["email"] = "email"
    host: HostName
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password: SecretStr | None = None
    sender: EmailAddress
    recipients: tuple[EmailAddress, ...] = Field(min_length=1, max_length=20)

    @model_validator(mode="after")
    def _require_tls(self) -> Self:
        if self.security == "none" and not is_loopback(self.host):
            raise ValueError("mail without TLS is allowed to this machine only")
        return self


class SlackChannel(ChannelSettings):
    """A Slack incoming webhook. Its URL is a secret, because it grants access."""

    kind: Literal["slack"] = "slack"
    address: SecretUrl


class DiscordChannel(ChannelSettings):
    """A Discord webhook. Its URL is a secret, because it grants access."""

    kind: Literal["discord"] = "discord"
    address: SecretUrl


class WebhookChannel(ChannelSettings):
    """A server that accepts JSON signed by Standard Webhooks."""

    kind: Literal["webhook"] = "webhook"
    address: Url
    secret: SigningSecret


Channel = Annotated[EmailChannel | SlackChannel | DiscordChannel | WebhookChannel, Field(discriminator="kind")]

_CHANNEL: TypeAdapter[Channel] = TypeAdapter(Channel)
_FILE: TypeAdapter[list[Channel]] = TypeAdapter(list[Channel])


def parse_channel(members: dict[str, Any]) -> Channel:
    """Return the channel of these members, `kind` included. Raises InvalidChannel, which repeats no value."""
    try:
        return _CHANNEL.validate_python(members)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        location = [str(part) for part in first["loc"] if part != members.get("kind")]
        member, reason = location[0] if location else "The channel", first["msg"].removeprefix("Value error, ")
        raise InvalidChannel(member, reason) from None


class Channels:
    """The channels, in a file that only this user can read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def all(self) -> list[Channel]:
        """Return every channel, in the order of their creation. Raises UnreadableChannels."""
        try:
            return _FILE.validate_json(read_private(self._path, missing=b"[]"))
        except ValidationError:
            raise UnreadableChannels(self._path) from None  # pydantic's error text would repeat secrets

    def add(self, channel: Channel) -> None:
        """Store a new channel. Raises ChannelNameTaken."""
        with locked(self._path):
            channels = self.all()
            if any(each.name == channel.name for each in channels):
                raise ChannelNameTaken(channel.name)
            self._write([*channels, channel])

    def save(self, channel: Channel, *, replaces: str | None = None) -> None:
        """Store a channel in the place of the one named `replaces`, by default of the one with the same name.

        Raises ChannelNameTaken if a third channel has its name.
        """
        replaced = replaces or channel.name
        with locked(self._path):
            channels = {each.name: each for each in self.all()}
            if channel.name != replaced and channel.name in channels:
                raise ChannelNameTaken(channel.name)
            self._write(list((channels | {replaced: channel}).values()))

    def remove(self, name: str) -> None:
        """Delete a channel and its credentials."""
        with locked(self._path):
            self._write([each for each in self.all() if each.name != name])

    def _write(self, channels: list[Channel]) -> None:
        rows = [{name: _reveal(value) for name, value in channel.model_dump().items()} for channel in channels]
        write_private(self._path, json.dumps(rows, indent=1))


def _reveal(value: object) -> object:
    return value.get_secret_value() if isinstance(value, SecretStr) else value
