"""The signing secrets in Parameter Store, cached."""

from datetime import datetime, timedelta
from typing import Any

MAX_CACHE_AGE = timedelta(minutes=5)


class SigningSecretCache:
    """The secrets in one SecureString, read at most every five minutes.

    The stored text is one secret, or, while receivers change to a new one, two separated by a space. The prefix
    `whsec_` may be absent.
    """

    def __init__(self, parameter: str, client: Any) -> None:
        """`client` is a boto3 `ssm` client."""
        self._parameter = parameter
        self._client = client
        self._read_at: datetime | None = None
        self._secrets: tuple[str, ...] = ()

    def read(self, now: datetime) -> tuple[str, ...]:
        """Return the secrets in `whsec_` form. Raises botocore's errors if they must be read and cannot be."""
        if self._read_at is None or not timedelta() <= now - self._read_at < MAX_CACHE_AGE:
            found = self._client.get_parameter(Name=self._parameter, WithDecryption=True)
            stored: str = found["Parameter"]["Value"]
            self._secrets = tuple(f"whsec_{word.removeprefix('whsec_')}" for word in stored.split())
            self._read_at = now
        return self._secrets

    @property
    def latest(self) -> tuple[str, ...]:
        """The secrets that were read last, however long ago; none before the first time."""
        return self._secrets

    def expire(self) -> None:
        """Let the next `read` ask Parameter Store, because another secret may be stored."""
        self._read_at = None


def not_stored(parameter: str) -> str:
    """Return the cause that the relay reports if there is no such parameter. Health looks for it in receipts."""
    return f"The signing secret {parameter} is not stored."
