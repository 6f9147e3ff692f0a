"""The signing secrets, as Secrets Manager keeps them."""

from datetime import datetime, timedelta
from typing import Any

FRESH_FOR = timedelta(minutes=5)


class SigningSecret:
    """The secrets under one ARN, read at most every five minutes.

    The stored text is one secret or, while receivers change over, two with a space between. AWS generates the first
    one, and cannot put `whsec_` in front: it is added here where it is missing.
    """

    def __init__(self, arn: str, client: Any) -> None:
        self._arn = arn
        self._client = client
        self._read_at: datetime | None = None
        self._secrets: tuple[str, ...] = ()

    def at(self, now: datetime) -> tuple[str, ...]:
        """Return the secrets in `whsec_` form. Raises botocore's errors when they have to be read and cannot be."""
        if self._read_at is None or not timedelta() <= now - self._read_at < FRESH_FOR:
            found = self._client.get_secret_value(SecretId=self._arn)
            stored: str = found["SecretString"] if "SecretString" in found else found["SecretBinary"].decode("latin-1")
            self._secrets = tuple(f"whsec_{word.removeprefix('whsec_')}" for word in stored.split())
            self._read_at = now
        return self._secrets
