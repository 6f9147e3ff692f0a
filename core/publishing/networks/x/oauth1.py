"""OAuth 1.0a signatures (RFC 5849, HMAC-SHA1) of requests without a URL-encoded form.

oauthlib is not used because it logs the keys that it signs with. The tests verify the signatures with oauthlib.
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
    """The key of an app and the token of a user, each with its secret."""

    key: str = field(repr=False)
    key_secret: str = field(repr=False)
    token: str = field(repr=False)
    token_secret: str = field(repr=False)


class OAuth1Signer:
    """Signs requests with one set of keys."""

    def __init__(self, keys: OAuth1Keys, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the Authorization header. The signature excludes the body, which is never a URL-encoded form."""
        parameters = {
            "oauth_consumer_key": self._keys.key,
            "oauth_token": self._keys.token,
            "oauth_signature_method": "HMAC-SHA1",
            "oauth_timestamp": str(int(self._clock().timestamp())),
            "oauth_nonce": secrets.token_hex(16),
            "oauth_version": "1.0",
        }
        parameters["oauth_signature"] = self._signature(request.method or "", request.url or "", parameters)
        header = ", ".join(f'{name}="{_percent_encode(value)}"' for name, value in parameters.items())
        request.headers["Authorization"] = f"OAuth {header}"
        return request

    def _signature(self, method: str, url: str, parameters: Mapping[str, str]) -> str:
        parts = urlsplit(url)
        signed = [*parameters.items(), *parse_qsl(parts.query, keep_blank_values=True)]
        pairs = sorted((_percent_encode(name), _percent_encode(value)) for name, value in signed)
        query = "&".join(f"{name}={value}" for name, value in pairs)
        base = "&".join(
            _percent_encode(part) for part in (method, f"{parts.scheme}://{parts.netloc}{parts.path}", query)
        )
        secret = f"{_percent_encode(self._keys.key_secret)}&{_percent_encode(self._keys.token_secret)}"
        return base64.b64encode(hmac.digest(secret.encode(), base.encode(), "sha1")).decode()


def _percent_encode(text: str) -> str:
    return quote(text, safe="-._~")
