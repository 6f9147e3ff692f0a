"""OAuth 1.0a signatures (RFC 5849, HMAC-SHA1) for requests with a JSON body.

Written here because oauthlib logs the keys it signs with; the tests let its server side check what is signed.
"""

import base64
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, urlsplit

import requests

from core.time.instants import Clock


@dataclass(frozen=True, kw_only=True)
class OAuth1Keys:
    """An app's key and a user's token, each with its secret."""

    key: str = field(repr=False)
    key_secret: str = field(repr=False)
    token: str = field(repr=False)
    token_secret: str = field(repr=False)


class OAuth1Signer:
    """Signs requests with keys."""

    def __init__(self, keys: OAuth1Keys, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the Authorization header; the body, which is no form, is not part of what is signed."""
        named = {
            "oauth_consumer_key": self._keys.key,
            "oauth_token": self._keys.token,
            "oauth_signature_method": "HMAC-SHA1",
            "oauth_timestamp": str(int(self._clock().timestamp())),
            "oauth_nonce": secrets.token_hex(16),
            "oauth_version": "1.0",
        }
        named["oauth_signature"] = self._sign(request.method or "", request.url or "", named)
        listed = ", ".join(f'{name}="{_quoted(value)}"' for name, value in named.items())
        request.headers["Authorization"] = f"OAuth {listed}"
        return request

    def _sign(self, method: str, url: str, named: Mapping[str, str]) -> str:
        parts = urlsplit(url)
        asked = [*named.items(), *parse_qsl(parts.query, keep_blank_values=True)]
        pairs = sorted((_quoted(name), _quoted(value)) for name, value in asked)
        listed = "&".join(f"{name}={value}" for name, value in pairs)
        base = "&".join(_quoted(part) for part in (method, f"{parts.scheme}://{parts.netloc}{parts.path}", listed))
        secret = f"{_quoted(self._keys.key_secret)}&{_quoted(self._keys.token_secret)}"
        return base64.b64encode(hmac.digest(secret.encode(), base.encode(), "sha1")).decode()


def _quoted(text: str) -> str:
    return quote(text, safe="-._~")
