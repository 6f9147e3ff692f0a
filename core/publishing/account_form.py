"""Validation of the form that connects an account."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from core.accounts.port import Account
from core.publishing.network import CannotConnect
from lambda_pkg.address import is_loopback

_NAME = re.compile(r"[A-Za-z0-9.-]{1,60}")


def known_values(account: Account) -> dict[str, str]:
    """Return what a connected account tells about the fields of its form, by their names. No secret is among them."""
    name, address = account.destination.partition(":")[2], account.address or ""
    return {
        "name": name,
        "handle": name,
        "chat": name if name.lstrip("-").isdecimal() else f"@{name}",
        "server": address,
        "address": address,
        "deduplicates": "yes" if account.deduplicates else "",
    }


def parse_account_name(form: Mapping[str, str]) -> str:
    """Return the account's name. Raises CannotConnect."""
    name = form.get("name", "").strip()
    if not _NAME.fullmatch(name):
        raise CannotConnect(f"{name!r} is not a valid name.", "Use letters, digits, dots and dashes, at most 60.")
    return name


def parse_secret(form: Mapping[str, str], field: str, label: str) -> str:
    """Return a token or password without the spaces around it.

    Raises CannotConnect if it is missing or contains characters that no token has. The message omits the secret.
    """
    secret = form.get(field, "").strip()
    if not secret or not secret.isascii() or not secret.isprintable() or " " in secret:
        raise CannotConnect(f"The {label} is missing or incomplete.", f"Copy the {label} again, without spaces.")
    return secret


def parse_server(entry: str) -> str:
    """Return the address `https://host` of a server from its host name or any URL on it. Raises CannotConnect."""
    text = entry.strip().lower()
    url = text if "://" in text else f"https://{text}"
    if not text or not is_allowed_url(url):
        raise CannotConnect("This server cannot be used.", "Enter its name, such as example.social. It needs https.")
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def is_allowed_url(url: str) -> bool:
    """Return whether posts may be sent to a URL: https anywhere, or http on this machine."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    if parts.username or parts.password or not host or port == 0:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
