"""The settings of the deployed relay, read from its environment variables."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from lambda_pkg.address import RefusedAddress, parse_address

_FUNCTION_URL_HOST = re.compile(r"[a-z0-9]+\.lambda-url\.([a-z0-9-]+)\.on\.aws")


class InvalidVariable(ValueError):
    """An environment variable of the function is missing or not valid. The message omits its value."""

    def __init__(self, variable: str, fault: str) -> None:
        super().__init__(f"{variable} {fault} Deploy the stack again to set it, as its README explains.")


@dataclass(frozen=True, kw_only=True)
class RelaySettings:
    """The address of the posting server, and the AWS resources that the function uses.

    Without a table, the relay records no receipts; without a dead-letter queue, it drops unreadable events. Both are
    logged. `iam_region` is the region of a posting server behind AWS_IAM, None for any other one. Without
    `stack_name`, the relay counts no failures.
    """

    posting_url: str
    allowed_hosts: frozenset[str]
    signing_secret_parameter: str
    table_name: str | None = None
    dead_letter_url: str | None = None
    prepare_url: str | None = None
    iam_region: str | None = None
    stack_name: str | None = None

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> Self:
        """Return the validated settings. Raises InvalidVariable, which names the first faulty variable."""
        posting_url = _url(variables, "POSTING_URL")
        return cls(
            posting_url=posting_url,
            prepare_url=_url(variables, "PREPARE_URL") if _optional(variables, "PREPARE_URL") else None,
            allowed_hosts=frozenset(
                host.strip() for host in variables.get("ALLOWED_HOSTS", "").split(",") if host.strip()
            ),
            signing_secret_parameter=_required(variables, "SIGNING_SECRET_PARAMETER"),
            table_name=_optional(variables, "TABLE_NAME"),
            dead_letter_url=_optional(variables, "DEAD_LETTER_URL"),
            iam_region=_iam_region(variables, posting_url),
            stack_name=_optional(variables, "STACK_NAME"),
        )


def _optional(variables: Mapping[str, str], name: str) -> str | None:
    return variables.get(name, "").strip() or None


def _required(variables: Mapping[str, str], name: str) -> str:
    value = _optional(variables, name)
    if value is None:
        raise InvalidVariable(name, "is not set.")
    return value


def _url(variables: Mapping[str, str], name: str) -> str:
    url = _required(variables, name)
    try:
        parse_address(url)
    except RefusedAddress as error:
        raise InvalidVariable(name, f"is not valid: {error}") from error
    return url


def _iam_region(variables: Mapping[str, str], posting_url: str) -> str | None:
    """Return the region that the posting URL names, else the region of the relay; None without POSTING_AUTH."""
    auth = _optional(variables, "POSTING_AUTH")
    if auth is None:
        return None
    if auth != "aws_iam":
        raise InvalidVariable("POSTING_AUTH", "is not aws_iam.")
    function_url = _FUNCTION_URL_HOST.fullmatch(parse_address(posting_url).host)
    return function_url[1] if function_url else _required(variables, "AWS_REGION")
