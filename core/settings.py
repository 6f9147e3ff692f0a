"""What a person can set: `PUNCTUAL_*` variables, read once, checked at start."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, field_validator

from core.errors import PunctualError
from core.posts.models import DEFAULT_LATE_AFTER_MINUTES, FrozenModel, Zone
from core.storage.home import is_signing_secret
from lambda_pkg.address import parse_address

PREFIX = "PUNCTUAL_"
A_DAY = 24 * 3600.0
"""Seconds after which a hand-over is given up: no pause between two attempts may be longer."""
FUNCTION_ARN = r"^arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:.+$"


class InvalidSetting(PunctualError):
    """A variable holds something that cannot be used."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{PREFIX}{name.upper()} cannot be used: {reason}.")
        self.hint = f"Correct or unset {PREFIX}{name.upper()}, then start again."


class Settings(FrozenModel):
    """The settings of one machine. Each member is the variable `PUNCTUAL_<MEMBER>`; the README explains them."""

    mode: Literal["local", "aws"] = "local"
    home: Path = Field(default_factory=lambda: Path.home() / ".punctual")
    timezone: Zone = "UTC"
    late_after_minutes: int = Field(default=DEFAULT_LATE_AFTER_MINUTES, ge=1, le=60 * 24 * 30)
    retry_delays: tuple[Annotated[float, Field(ge=0, le=A_DAY, allow_inf_nan=False)], ...] = (60.0, 120.0)
    redelivery_seconds: float = Field(default=900.0, gt=0, le=A_DAY, allow_inf_nan=False)
    workers: int = Field(default=32, ge=1, le=256)
    group: str = Field(default="punctual", pattern=r"^[0-9a-zA-Z_.-]{1,64}$")
    posting_url: str | None = None
    signing_secret: str | None = Field(default=None, repr=False)
    stack: str | None = None
    function_arn: str | None = Field(default=None, pattern=FUNCTION_ARN)
    role_arn: str | None = Field(default=None, pattern=r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$")
    posting_function_arn: str | None = Field(default=None, pattern=FUNCTION_ARN)
    table: str | None = None
    media_bucket: str | None = None
    accounts_path: str | None = Field(default=None, pattern=r"^(/[A-Za-z0-9_.-]+)+$")
    signing_secret_arn: str | None = None
    dead_letter_arn: str | None = None
    undelivered_url: str | None = None
    failures_url: str | None = None
    dead_letters_url: str | None = None
    local_account: str = Field(default="000000000000", pattern=r"^[0-9]{12}$")
    local_access_key_id: str | None = None
    local_secret_access_key: str | None = Field(default=None, repr=False)

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        try:
            return home.expanduser().absolute()
        except RuntimeError as error:
            raise ValueError("it begins with ~, and there is no such home folder") from error

    @field_validator("posting_url")
    @classmethod
    def _may_be_posted_to(cls, url: str | None) -> str | None:
        if url is not None:
            parse_address(url)
        return url

    @field_validator("signing_secret")
    @classmethod
    def _signs(cls, configured: str | None) -> str | None:
        if configured is not None and not all(map(is_signing_secret, configured.split() or [""])):
            raise ValueError("each secret in it must be whsec_ and base64; several are separated by spaces")
        return configured

    @field_validator("retry_delays", mode="before")
    @classmethod
    def _seconds(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the settings. Raises WrongSetting, which names the variable and never repeats its value."""
        known = {name: environment.get(PREFIX + name.upper(), "") for name in cls.model_fields}
        try:
            return cls.model_validate({name: value for name, value in known.items() if value})
        except ValidationError as error:
            fault = error.errors(include_input=False, include_url=False, include_context=False)[0]
            raise InvalidSetting(str(fault["loc"][0]), fault["msg"].removeprefix("Value error, ").rstrip(".")) from None
        except PunctualError as error:
            raise InvalidSetting("timezone", str(error).rstrip(".")) from None
