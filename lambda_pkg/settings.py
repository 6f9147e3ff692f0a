"""The settings of the deployed relay, read from its environment variables."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from lambda_pkg.address import RefusedAddress, parse_address


class InvalidVariable(ValueError):
    """An environment variable of the function is missing or not valid. The message omits its value."""

    def __init__(self, variable: str, fault: str) -> None:
        super().__init__(f"{variable} {fault} Deploy the stack again to set it, as its README explains.")


@dataclass(frozen=True, kw_only=True)
class RelaySettings:
    """The address of the posting server, and the AWS resources that the function uses."""

    posting_url: str
    allowed_hosts: frozenset[str]
    signing_secret_arn: str
    table_name: str
    dead_letter_url: str
    prepare_url: str | None = None

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> Self:
        """Return the validated settings. Raises InvalidVariable, which names the first faulty variable."""
        return cls(
            posting_url=_url(variables, "POSTING_URL"),
            prepare_url=_url(variables, "PREPARE_URL") if variables.get("PREPARE_URL") else None,
            allowed_hosts=frozenset(
                host.strip() for host in variables.get("ALLOWED_HOSTS", "").split(",") if host.strip()
            ),
            signing_secret_arn=_required(variables, "SIGNING_SECRET_ARN"),
            table_name=_required(variables, "TABLE_NAME"),
            dead_letter_url=_required(variables, "DEAD_LETTER_URL"),
        )


def _required(variables: Mapping[str, str], name: str) -> str:
    value = variables.get(name, "").strip()
    if not value:
        raise InvalidVariable(name, "is not set.")
    return value


def _url(variables: Mapping[str, str], name: str) -> str:
    url = _required(variables, name)
    try:
        parse_address(url)
    except RefusedAddress as error:
        raise InvalidVariable(name, f"is not valid: {error}") from error
    return url
