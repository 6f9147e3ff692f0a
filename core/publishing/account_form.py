"""What a person enters to connect an account, checked before anybody is asked."""

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from core.publishing.network import CannotConnect

_NAME = re.compile(r"[A-Za-z0-9.-]{1,60}")


def entered_name(answers: Mapping[str, str]) -> str:
    """Return the name that a person gave an account. Raises CannotConnect."""
    name = answers.get("name", "").strip()
    if not _NAME.fullmatch(name):
        raise CannotConnect(f"{name!r} cannot be a name.", "Use letters, digits, dots and dashes, up to 60.")
    return name


def entered_secret(answers: Mapping[str, str], field: str, label: str) -> str:
    """Return a token or password as it was pasted, without the spaces around it.

    Raises CannotConnect if it cannot be one; the message never repeats it.
    """
    secret = answers.get(field, "").strip()
    if not secret or not secret.isascii() or not secret.isprintable() or " " in secret:
        raise CannotConnect(f"The {label} is missing or not whole.", f"Copy the {label} again, without spaces.")
    return secret


def entered_server(entered: str) -> str:
    """Return a server's address, `https://host`, from its bare name or any address on it. Raises CannotConnect."""
    text = entered.strip().lower()
    address = text if "://" in text else f"https://{text}"
    if not text or not is_allowed(address):
        raise CannotConnect("This server cannot be used.", "Enter its name, as in example.social; it needs https.")
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def is_allowed(url: str) -> bool:
    """Whether posts may go to this address: https anywhere, or http to this machine itself."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if parts.username or parts.password or not host:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
