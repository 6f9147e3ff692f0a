"""Server-side verification of AWS Signature Version 4."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Self
from urllib.parse import quote

from core.engine.api_errors import ApiError

TOLERANCE = timedelta(minutes=5)
"""The maximum difference between the date of a request and the clock of this machine, as on AWS."""

_ALGORITHM = "AWS4-HMAC-SHA256"
_AUTHORIZATION = re.compile(
    _ALGORITHM + r" +Credential=([^/, ]+)/(\d{8})/([^/, ]+)/([^/, ]+)/aws4_request *, *SignedHeaders=([^, ]+)"
    r" *, *Signature=([0-9a-f]{64})",
    re.ASCII,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """The key pair for requests to an engine on this machine."""

    access_key_id: str
    secret_access_key: str = field(repr=False)

    @classmethod
    def generate(cls) -> Self:
        """Return a new random pair."""
        return cls(access_key_id="LOCAL" + secrets.token_hex(8).upper(), secret_access_key=secrets.token_urlsafe(30))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the pair in a text that `to_profile` wrote. Raises ValueError or KeyError."""
        profile = dict(line.split(" = ", 1) for line in text.splitlines() if " = " in line)
        return cls(
            access_key_id=profile["aws_access_key_id"].strip(),
            secret_access_key=profile["aws_secret_access_key"].strip(),
        )

    def to_profile(self) -> str:
        """Return the pair as the text of a credentials file for the AWS CLI and SDKs (AWS_SHARED_CREDENTIALS_FILE)."""
        return (
            f"[default]\naws_access_key_id = {self.access_key_id}\naws_secret_access_key = {self.secret_access_key}\n"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedRequest:
    """A received request: header names in lower case, path and query percent-encoded."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


def verify(request: SignedRequest, credentials: Credentials, now: datetime) -> None:
    """Check that these credentials signed the request within TOLERANCE. Raises ApiError with AWS's text."""
    authorization = request.headers.get("authorization")
    if authorization is None:
        raise ApiError("Missing Authentication Token", "MissingAuthenticationTokenException", 403)
    found = _AUTHORIZATION.fullmatch(authorization.strip())
    if found is None:
        raise _incomplete("Authorization header must be AWS4-HMAC-SHA256 with all its parts.")
    access_key_id, date, region, service, signed_headers, signature = found.groups()
    if access_key_id != credentials.access_key_id:
        raise ApiError("The security token included in the request is invalid.", "UnrecognizedClientException", 403)
    stamp = request.headers.get("x-amz-date", "")
    _check_time(stamp, date, now)
    _check_signed_headers(signed_headers.split(";"), request.headers)
    scope = f"{date}/{region}/{service}/aws4_request"
    canonical = _canonical_request(request, signed_headers)
    text = f"{_ALGORITHM}\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = _signing_key(credentials.secret_access_key, date, region, service)
    expected = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, signature):
        raise _rejected(
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method."
        )


def _incomplete(message: str) -> ApiError:
    return ApiError(message, "IncompleteSignatureException", 400)


def _rejected(message: str) -> ApiError:
    return ApiError(message, "InvalidSignatureException", 403)


def _check_time(stamp: str, date: str, now: datetime) -> None:
    try:
        signed_at = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise _incomplete("The header X-Amz-Date must be like 20261124T080000Z.") from error
    if not stamp.startswith(date):
        raise _rejected("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date.")
    if signed_at < now - TOLERANCE:
        raise _rejected(f"Signature expired: {stamp} is now earlier than {_stamp(now - TOLERANCE)}")
    if signed_at > now + TOLERANCE:
        raise _rejected(f"Signature not yet current: {stamp} is still later than {_stamp(now + TOLERANCE)}")


def _check_signed_headers(signed: list[str], headers: Mapping[str, str]) -> None:
    """Refuse a request with an unsigned Host or X-Amz header, because these headers change its meaning."""
    unsigned = {"host", *(name for name in headers if name.startswith("x-amz-"))} - set(signed)
    if unsigned:
        raise _incomplete(f"These headers must be signed: {', '.join(sorted(unsigned))}.")


def _canonical_request(request: SignedRequest, signed_headers: str) -> str:
    fields = sorted(field.partition("=")[::2] for field in request.query.split("&") if field)
    query = "&".join(f"{name}={value}" for name, value in fields)
    headers = "".join(
        f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in signed_headers.split(";")
    )
    content = hashlib.sha256(request.body).hexdigest()
    path = quote(request.path or "/", safe="/~")  # encoded twice, as for every service except S3
    return f"{request.method}\n{path}\n{query}\n{headers}\n{signed_headers}\n{content}"


@lru_cache(maxsize=16)
def _signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def _stamp(instant: datetime) -> str:
    return f"{instant:%Y%m%dT%H%M%SZ}"
