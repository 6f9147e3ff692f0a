"""The settings of Punctual: `PUNCTUAL_*` environment variables, read and validated once at start."""

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, field_validator

from core.errors import PunctualError
from core.posts.models import DEFAULT_LATE_AFTER_MINUTES, MAX_LATE_AFTER_MINUTES, FrozenModel, Zone
from core.serving.hosts import AllowedHosts, parse_host
from core.storage.home import is_signing_secret
from lambda_pkg.address import parse_address

PREFIX = "PUNCTUAL_"
MAX_RETRY_DELAY = 24 * 3600.0
"""Seconds. The engine gives up a delivery 25 hours after its late limit, so one attempt always follows that limit."""
MAX_LATE_LIMIT = timedelta(minutes=MAX_LATE_AFTER_MINUTES)
FUNCTION_ARN_PATTERN = r"^arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:.+$"
PARAMETER_PATTERN = r"^(/[A-Za-z0-9_.-]+)+$"


class InvalidSetting(PunctualError):
    """An environment variable has an invalid value."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{PREFIX}{name.upper()} is not valid: {reason}.")
        self.hint = f"Correct or unset {PREFIX}{name.upper()}, then restart Punctual."


class Settings(FrozenModel):
    """The settings of one machine. The variable `PUNCTUAL_<MEMBER>` sets each member; the README explains them."""

    mode: Literal["local", "aws"] = "local"
    home: Path = Field(default_factory=lambda: Path.home() / ".punctual")
    timezone: Zone = "UTC"
    late_after_minutes: int = Field(default=DEFAULT_LATE_AFTER_MINUTES, ge=1, le=MAX_LATE_AFTER_MINUTES)
    retry_delays: tuple[Annotated[float, Field(ge=0, le=MAX_RETRY_DELAY, allow_inf_nan=False)], ...] = (60.0, 120.0)
    redelivery_seconds: float = Field(default=900.0, gt=0, le=MAX_RETRY_DELAY, allow_inf_nan=False)
    workers: int = Field(default=32, ge=1, le=256)
    group: str = Field(default="punctual", pattern=r"^[0-9a-zA-Z_.-]{1,64}$")
    posting_url: str | None = None
    public_hosts: tuple[str, ...] = ()
    open: bool = False
    signing_secret: str | None = Field(default=None, repr=False)
    stack: str | None = None
    function_arn: str | None = Field(default=None, pattern=FUNCTION_ARN_PATTERN)
    role_arn: str | None = Field(default=None, pattern=r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$")
    posting_function_arn: str | None = Field(default=None, pattern=FUNCTION_ARN_PATTERN)
    table: str | None = None
    media_bucket: str | None = None
    accounts_path: str | None = Field(default=None, pattern=PARAMETER_PATTERN)
    signing_secret_parameter: str | None = Field(default=None, pattern=PARAMETER_PATTERN)
    dead_letter_arn: str | None = None
    undelivered_url: str | None = None
    failures_url: str | None = None
    dead_letters_url: str | None = None
    local_account: str = Field(default="000000000000", pattern=r"^[0-9]{12}$")
    local_access_key_id: str | None = None
    local_secret_access_key: str | None = Field(default=None, repr=False)

    @field_validator("home")
    @classmethod
    def _make_absolute(cls, home: Path) -> Path:
        try:
            return home.expanduser().absolute()
        except RuntimeError as error:
            raise ValueError("it starts with ~, but that home folder does not exist") from error

    @field_validator("posting_url")
    @classmethod
    def _validate_posting_url(cls, url: str | None) -> str | None:
        if url is not None:
            parse_address(url)
        return url

    @field_validator("signing_secret")
    @classmethod
    def _validate_signing_secret(cls, configured: str | None) -> str | None:
        if configured is not None and not all(map(is_signing_secret, configured.split() or [""])):
            raise ValueError("each secret must be whsec_ followed by base64; separate several with spaces")
        return configured

    @field_validator("public_hosts", mode="before")
    @classmethod
    def _split_hosts(cls, value: object) -> object:
        return value.replace(",", " ").split() if isinstance(value, str) else value

    @field_validator("public_hosts")
    @classmethod
    def _validate_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        if not all(map(parse_host, hosts)):
            raise ValueError("each is a host name such as posts.example.org, without https:// and without a path")
        return hosts

    @field_validator("retry_delays", mode="before")
    @classmethod
    def _split_delays(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @property
    def allowed_hosts(self) -> AllowedHosts:
        """The hosts that the servers of this machine accept."""
        return AllowedHosts(public=self.public_hosts, own_addresses=self.open)

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Return the settings of an environment. Raises InvalidSetting, which names the variable, not its value."""
        known = {name: environment.get(PREFIX + name.upper(), "") for name in cls.model_fields}
        try:
            return cls.model_validate({name: value for name, value in known.items() if value})
        except ValidationError as error:
            fault = error.errors(include_input=False, include_url=False, include_context=False)[0]
            raise InvalidSetting(str(fault["loc"][0]), fault["msg"].removeprefix("Value error, ").rstrip(".")) from None
        except PunctualError as error:  # only the validation of `timezone` raises one
            raise InvalidSetting("timezone", str(error).rstrip(".")) from None
