"""The signing secrets in Secrets Manager, cached."""

from datetime import datetime, timedelta
from typing import Any

MAX_CACHE_AGE = timedelta(minutes=5)


class SigningSecretCache:
    """The secrets under one ARN, read at most every five minutes.

    The stored text is one secret, or, while receivers change to a new one, two separated by a space. AWS generates the
    first secret and cannot add the `whsec_` prefix, so the cache adds it where it is missing.
    """

    def __init__(self, arn: str, client: Any) -> None:
        self._arn = arn
        self._client = client
        self._read_at: datetime | None = None
        self._secrets: tuple[str, ...] = ()

    def read(self, now: datetime) -> tuple[str, ...]:
        """Return the secrets in `whsec_` form. Raises botocore's errors if they must be read and cannot be."""
        if self._read_at is None or not timedelta() <= now - self._read_at < MAX_CACHE_AGE:
            found = self._client.get_secret_value(SecretId=self._arn)
            stored: str = found["SecretString"] if "SecretString" in found else found["SecretBinary"].decode("latin-1")
            self._secrets = tuple(f"whsec_{word.removeprefix('whsec_')}" for word in stored.split())
            self._read_at = now
        return self._secrets
