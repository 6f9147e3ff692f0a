"""Accounts that publish through an incoming webhook. The path of the webhook's URL is the credential."""

import re
from collections.abc import Mapping

from pydantic import SecretStr

from core.accounts.port import Account
from core.publishing.account_form import parse_account_name, parse_secret
from core.publishing.http.client import DEADLINE_SECONDS, HttpClient
from core.publishing.http.redaction import secrets_of_url
from core.publishing.network import CannotConnect, FormField


def webhook_fields(example: str, url_help: str) -> tuple[FormField, ...]:
    """Return the fields of the connection form: the account's name in Punctual, and the URL of the webhook."""
    return (
        FormField(name="name", label="Name", help=f"Name in Punctual, for example: {example}"),
        FormField(name="address", label="Webhook URL", help=url_help, secret=True),
    )


def webhook_account(form: Mapping[str, str], key: str, label: str, url_pattern: re.Pattern[str], hint: str) -> Account:
    """Return the account of a completed form. Raises CannotConnect with `hint` if the URL does not match.

    `key` is the network's key in destinations, `label` its public name. The first group of `url_pattern` is the secret
    path.
    """
    name = parse_account_name(form)
    match = url_pattern.fullmatch(parse_secret(form, "address", "webhook URL"))
    if not match:
        raise CannotConnect(f"This is not the URL of a {label} webhook.", hint)
    return Account(destination=f"{key}:{name}", label=f"{name} ({label})", credentials={"webhook": SecretStr(match[1])})


def webhook_path(account: Account) -> str:
    """Return the secret path of an account's webhook. The segment after its last slash is the token."""
    return account.credentials["webhook"].get_secret_value()


def webhook_client(account: Account, label: str, seconds: float = DEADLINE_SECONDS) -> HttpClient:
    """Return an HTTP client that removes the path of the webhook and each part of it from every message."""
    path = webhook_path(account)
    return HttpClient(label, secrets=[path, path.rpartition("/")[2], *secrets_of_url(path)], seconds=seconds)
