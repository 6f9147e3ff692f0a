"""Signatures of the Standard Webhooks specification (github.com/standard-webhooks/standard-webhooks)."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime

_PREFIX = "whsec_"


class CannotSign(ValueError):
    """A request cannot be signed. The message states the cause and the remedy."""


class InvalidSecret(CannotSign):
    """A signing secret is missing or malformed. The message omits it."""

    def __init__(self) -> None:
        super().__init__(f"A signing secret is missing, or is not {_PREFIX} followed by base64. Set a valid one.")


def signed_headers(message_id: str, at: datetime, body: bytes, secrets: Iterable[str]) -> dict[str, str]:
    """Return the three headers that sign `body` at the instant `at`, with one signature per secret.

    With two secrets, receivers can change from one to the other at any time. Raises InvalidSecret.
    """
    timestamp = str(int(at.timestamp()))
    content = f"{message_id}.{timestamp}.".encode() + body
    signatures = [f"v1,{_digest(signing_key(secret), content)}" for secret in secrets]
    if not signatures:
        raise InvalidSecret
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(signatures),
    }


def signing_key(secret: str) -> bytes:
    """Return the key that a `whsec_` secret encodes. Raises InvalidSecret."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(_PREFIX) or not key:
        raise InvalidSecret
    return key


def _digest(key: bytes, content: bytes) -> str:
    return base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode("ascii")
