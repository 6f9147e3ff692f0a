"""What the deployed relay is told by its environment variables."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from lambda_pkg.address import RefusedAddress, address_of


class UnusableSetting(ValueError):
    """An environment variable of the function is missing or wrong. Its value is not repeated."""

    def __init__(self, variable: str, wrong: str) -> None:
        super().__init__(f"{variable} {wrong} Set it by deploying the stack again, as its README says.")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where posts go, and what of AWS the function uses."""

    posting_url: str
    allowed_hosts: frozenset[str]
    signing_secret_arn: str
    table_name: str
    dead_letter_url: str

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> Self:
        """Read and check every variable. Raises UnusableSetting, naming the first that will not do."""
        return cls(
            posting_url=_posting_url(variables),
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
        raise UnusableSetting(name, "is not set.")
    return value


def _posting_url(variables: Mapping[str, str]) -> str:
    url = _required(variables, "POSTING_URL")
    try:
        address_of(url)
    except RefusedAddress as error:
        raise UnusableSetting("POSTING_URL", f"will not do: {error}") from error
    return url
